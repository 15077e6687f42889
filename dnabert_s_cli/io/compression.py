"""Plain bytes of compressed files: gzip with BGZF, bzip2, xz and zstd, recognised from their first bytes.

compressed stream -> one member after the other -> plain bytes, up to the end of the file, which must be the end of a
member.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import zstandard

from ..errors import DnabertSError
from .inflating import GZIP_WBITS, INFLATE_ERRORS, decompressobj

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # which editors on Windows write before text
_PIECE_BYTES = 1 << 16  # compressed bytes inflated at a time; small, as a finished member copies the rest of its piece
_MOST_BYTES = 8 << 20  # plain bytes at a time: 64 KiB of bzip2 or zstd can hold more than a GB
_ZSTD_STEP_BYTES = 1 << 9  # zstd cannot be stopped at a number of plain bytes; this many hold at most 16 MiB
_BGZF_HEAD = re.compile(rb"\x1f\x8b\x08\x04.{6}..BC\x02\x00", re.DOTALL)
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_BGZF_HEAD_BYTES = 18
_MAGIC: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("gzip", re.compile(rb"\x1f\x8b")),
    ("bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")),  # the second: a stream of nothing
    ("xz", re.compile(rb"\xfd7zXZ\x00")),
    ("zstd", re.compile(rb"(?:\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)")),  # the second: a skippable frame
)


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    @property
    def is_waiting(self) -> bool: ...  # whether more can be had without further bytes
    def decompress(self, data: bytes, /) -> bytes: ...


class _InSteps:
    """A decoder of bzip2 or xz that gives at most `_MOST_BYTES` a call, and keeps the rest for the next ones."""

    def __init__(self, decoder: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._decoder = decoder

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    @property
    def is_waiting(self) -> bool:
        return not self._decoder.eof and not self._decoder.needs_input

    def decompress(self, data: bytes, /) -> bytes:
        return self._decoder.decompress(data, _MOST_BYTES)


class _GzipInSteps:
    """The same for gzip."""

    def __init__(self) -> None:
        self._decoder = decompressobj(wbits=GZIP_WBITS)
        self._is_full = False  # whether the last call gave as much as it may: more may come of what is inside

    @property
    def eof(self) -> bool:
        return bool(self._decoder.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._decoder.unused_data)

    @property
    def is_waiting(self) -> bool:
        return not self._decoder.eof and (self._is_full or bool(self._decoder.unconsumed_tail))

    def decompress(self, data: bytes, /) -> bytes:
        plain = bytes(self._decoder.decompress(data or self._decoder.unconsumed_tail, _MOST_BYTES))
        self._is_full = len(plain) == _MOST_BYTES
        return plain


class _ZstdInSteps:
    """A decoder of zstd that is given few compressed bytes a call, and keeps the others for the next ones."""

    def __init__(self) -> None:
        self._decoder = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
        self._waiting = memoryview(b"")

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data + bytes(self._waiting)

    @property
    def is_waiting(self) -> bool:
        return not self._decoder.eof and bool(self._waiting)

    def decompress(self, data: bytes, /) -> bytes:
        waiting = memoryview(data) if data else self._waiting
        self._waiting = waiting[_ZSTD_STEP_BYTES:]
        return self._decoder.decompress(waiting[:_ZSTD_STEP_BYTES])


_DECODERS: dict[str, Callable[[], _Decoder]] = {
    "gzip": _GzipInSteps,
    "bzip2": lambda: _InSteps(bz2.BZ2Decompressor()),
    "xz": lambda: _InSteps(lzma.LZMADecompressor(format=lzma.FORMAT_XZ)),
    "zstd": _ZstdInSteps,
}
_DAMAGE: tuple[type[Exception], ...] = (*INFLATE_ERRORS, lzma.LZMAError, zstandard.ZstdError, OSError)


def compression_of(head: bytes) -> str | None:
    """The compression of a file by its first bytes; None for plain ones."""
    return next((name for name, magic in _MAGIC if magic.match(head)), None)


def needs_unpacking(path: Path) -> bool:
    """Whether a file is compressed in a way that does not let it be read at random places, as BGZF does."""
    with path.open("rb") as stream:
        head = stream.read(_BGZF_HEAD_BYTES)
    return compression_of(head) is not None and _BGZF_HEAD.match(head) is None


class Decompressed(io.RawIOBase):
    """Members of one compression, one after the other, as one stream of plain bytes.

    The standard library's own readers end in silence at bytes that follow a bzip2 or xz stream, and
    zstandard's at a cut frame; here the end of the file must be the end of a member.
    """

    def __init__(self, source: io.BufferedReader, path: str | Path, *, compression: str) -> None:
        self._source = source
        self._path = path
        self._compression = compression
        self._decoder: _Decoder = _DECODERS[compression]()
        self._begun = False  # whether the current member has any bytes
        self._is_first = True  # whether nothing has been inflated yet
        self._tail = b""  # the last compressed bytes
        self._is_bgzf = False  # whether the current member is a block of BGZF
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer` with plain bytes, and say how many came; errors as of `open_input`."""
        while not self._ready:
            left_over = self._decoder.unused_data if self._decoder.eof else b""
            is_waiting = self._decoder.is_waiting
            piece = b"" if is_waiting else left_over or self._source.read1(_PIECE_BYTES)
            if not piece and not is_waiting:
                self._check_end()
                return 0
            if not left_over and piece:
                self._tail = (self._tail + piece[-len(_BGZF_END) :])[-len(_BGZF_END) :]
            self._ready = memoryview(self._inflate(piece))
            if self._is_first and self._ready:
                self._is_first = False
                if self._ready[: len(BYTE_ORDER_MARK)] == BYTE_ORDER_MARK:
                    self._ready = self._ready[len(BYTE_ORDER_MARK) :]
        n = min(len(buffer), len(self._ready))
        buffer[:n] = self._ready[:n]
        self._ready = self._ready[n:]
        return n

    def _inflate(self, piece: bytes) -> bytes:
        if self._decoder.eof:
            self._decoder, self._begun = _DECODERS[self._compression](), False
        if not self._begun and self._compression in ("gzip", "xz"):
            piece = piece.lstrip(b"\0")  # both formats allow zero bytes between and after members
        if not piece and not self._begun:
            return b""
        if not self._begun and len(piece) >= _BGZF_HEAD_BYTES:
            self._is_bgzf = _BGZF_HEAD.match(piece) is not None
        self._begun = True
        try:
            return self._decoder.decompress(piece)
        except _DAMAGE as error:
            raise self._damaged("are corrupt, or followed by something else", error) from error

    def _check_end(self) -> None:
        if self._begun and not self._decoder.eof:
            raise self._damaged("end too early: the file is truncated")
        if self._is_bgzf and self._tail != _BGZF_END:
            problem = "the BGZF block that marks the end is missing: the file is truncated"
            hint = "copy or download the file again; if it is whole: gzip -dc FILE | bgzip > NEW"
            raise DnabertSError(problem, path=self._path, hint=hint)

    def _damaged(self, what: str, error: Exception | None = None) -> DnabertSError:
        reason = f" ({error})" if error else ""
        hint = "copy or download the file again"
        return DnabertSError(f"{self._compression} data {what}{reason}", path=self._path, hint=hint)

    def close(self) -> None:
        """Close both streams."""
        self._source.close()
        super().close()
