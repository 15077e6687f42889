"""The plain bytes of a BAM file in large pieces, inflated ahead of the reader by several threads.

path -> compressed bytes, hashed as they pass -> whole BGZF blocks, some dozens together -> threads -> plain bytes of
each block, in order. The check sum of every block is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from functools import partial
from pathlib import Path
from typing import Protocol

from ...errors import DnabertSError
from ...threads import several_ahead
from ..inflating import GZIP_WBITS, INFLATE_ERRORS, decompress

_READ_BYTES = 1 << 21  # compressed; inflated and decoded together, which bounds memory to some 20 MB a thread
_BLOCK_BYTES = 1 << 16  # the most that a block holds
_HEADER_BYTES = 18
_MAGIC = b"\x1f\x8b\x08\x04"


class Digest(Protocol):
    """A hash that bytes are added to."""

    def update(self, data: bytes, /) -> object:
        """Add bytes."""


def inflated_pieces(
    path: str, *, executor: Executor | None, n_ahead: int, digest: Digest, on_bytes: Callable[[int], object]
) -> Iterator[list[bytes]]:
    """The plain bytes of the blocks of the file, in order, neighbours together.

    Args:
        executor: inflates `n_ahead` pieces ahead; without one, pieces are inflated as they are asked for.
        digest: hashes all bytes of the file, once the last piece is out.
        on_bytes: called with the number of compressed bytes as they are read.

    Raises:
        DnabertSError: the file is no BGZF, or damaged.
    """
    blocks = _blocks(path, digest=digest, on_bytes=on_bytes)
    return several_ahead(partial(_inflate, path=path), blocks, executor=executor, n_ahead=n_ahead)


def damaged(path: str) -> DnabertSError:
    """The problem of a BAM file whose bytes make no sense."""
    return DnabertSError("BAM data are truncated or corrupt", path=path, hint="copy or download it again")


def _blocks(path: str, *, digest: Digest, on_bytes: Callable[[int], object]) -> Iterator[list[memoryview]]:
    """Neighbouring whole blocks, compressed."""
    rest = b""
    with Path(path).open("rb") as stream:
        while read := stream.read(_READ_BYTES):
            digest.update(read)
            content = memoryview(rest + read)
            blocks, end = [], 0
            while (size := _block_bytes(content, end, path=path)) and end + size <= len(content):
                blocks.append(content[end : end + size])
                end += size
            yield blocks
            on_bytes(len(read))
            rest = bytes(content[end:])
    if rest:
        raise damaged(path)


def _block_bytes(content: memoryview, start: int, *, path: str) -> int:
    """Size of the block that begins at `start`; 0 where too little of it is there to tell."""
    header = bytes(content[start : start + _HEADER_BYTES])
    if len(header) < _HEADER_BYTES:
        return 0
    # the field BC comes first in files of every writer that is known: 6 bytes, the last two of them size - 1
    if header[:4] != _MAGIC or header[12:16] != b"BC\x02\x00":
        raise damaged(path)
    return int.from_bytes(header[16:18], "little") + 1


def _inflate(blocks: list[memoryview], path: str) -> list[bytes]:
    try:
        return [decompress(block, wbits=GZIP_WBITS, bufsize=_BLOCK_BYTES) for block in blocks]
    except INFLATE_ERRORS as error:
        raise damaged(path) from error
