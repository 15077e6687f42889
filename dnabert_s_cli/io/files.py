"""Open inputs whatever their compression, and write outputs that are whole or absent.

In: path or "-" -> raw bytes -> compression recognised from the first bytes -> one buffered stream of plain bytes.
Out: a writer gets a temporary name next to the final one, which is renamed once all is written.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import DnabertSError
from .compression import BYTE_ORDER_MARK, Decompressed, compression_of

BLOCK_BYTES = 1 << 17  # what fits the cache with all that is made of it; a megabyte is 1.2 to 1.5 times slower
_BUFFER_BYTES = 1 << 16  # below BLOCK_BYTES, so that a whole block goes past the buffer without a copy
_HEAD_BYTES = 1 << 12


def open_input(path: str | Path) -> io.BufferedReader:
    """A binary stream of the decompressed content; "-" is standard input, which closing leaves open.

    gzip (also BGZF and concatenated members), bzip2, xz and zstd are recognised from their first bytes, never by the
    name. What is read is checked to the last byte: truncation (of BGZF also between two blocks), a wrong check sum
    and bytes after the last member raise `DnabertSError` while reading, after everything before them has been
    delivered by `read1`. A byte order mark at the beginning is passed over.

    Raises:
        DnabertSError: the path is missing, a folder, or not readable.
    """
    return decompressed(open_raw(path), path)


def open_raw(path: str | Path) -> io.BufferedIOBase | io.RawIOBase:
    """The bytes of `path`, or of standard input for "-", as they are; errors as in `open_input`."""
    if str(path) == "-":
        return sys.stdin.buffer  # type: ignore[return-value]  # typeshed calls it BinaryIO; it is a BufferedReader
    check_input(path)
    try:
        return io.FileIO(path)
    except OSError as error:
        raise DnabertSError(f"cannot be read: {error.strerror}", path=path) from error


def check_input(path: str | Path) -> None:
    """Raise `DnabertSError` if `path` is missing or a folder, without opening it; "-" always passes."""
    if str(path) == "-":
        return
    if not Path(path).exists():
        raise DnabertSError("no such file", path=path, hint="check the path")
    if Path(path).is_dir():
        raise DnabertSError("is a folder, not a file", path=path, hint="give the files in it")


def decompressed(raw: io.BufferedIOBase | io.RawIOBase, path: str | Path) -> io.BufferedReader:
    """`raw` as a stream of plain bytes, by its first bytes; `path` names it in errors."""
    head, stream = peek(raw)
    compression = compression_of(head)
    if compression is None:
        if head.startswith(BYTE_ORDER_MARK):
            stream.read(len(BYTE_ORDER_MARK))
        return stream
    return io.BufferedReader(Decompressed(stream, path, compression=compression), _BUFFER_BYTES)


def is_compressed(path: str | Path) -> bool:
    """Whether a file, which can be opened again, is compressed; errors as in `open_input`."""
    with open_raw(path) as raw:
        return compression_of(peek(raw)[0]) is not None


def peek(stream: io.BufferedIOBase | io.RawIOBase, *, n_bytes: int = _HEAD_BYTES) -> tuple[bytes, io.BufferedReader]:
    """The first `n_bytes` of a stream (fewer only at its end), and a stream that begins with them again."""
    head = b""
    while len(head) < n_bytes and (piece := _read_some(stream, n_bytes - len(head))):
        head += piece
    return head, io.BufferedReader(_Rejoined(head, stream), _BUFFER_BYTES)


def sha256_file(path: str | Path) -> str:
    """SHA-256 of the bytes on disk, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as stream:
        while block := stream.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def check_output(path: str | Path, *, force: bool) -> None:
    """Fail now rather than after hours: make the parent folders and see that `path` can be written.

    `path` may be a file or a folder; "-" is standard output. An empty folder, a pipe and a device are free.

    Raises:
        DnabertSError: it exists and `force` is false, or its folder cannot be made or written.
    """
    if str(path) == "-":
        return
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    taken = any(path.iterdir()) if path.is_dir() else path.is_file()
    if taken and not force:
        raise DnabertSError("already exists", path=path, hint="--force overwrites it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not is_special(path):
            with tempfile.TemporaryFile(dir=folder):
                pass
    except OSError as error:
        raise DnabertSError(f"its folder cannot be written: {error.strerror}", path=path) from error


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """A name next to `path`, with the same suffix, that becomes `path` on success and is removed on failure.

    What is made under that name may be a file or a folder. A link is followed; a pipe or device such as
    /dev/null cannot be replaced and is handed out itself.

    Raises:
        DnabertSError: the finished output cannot be put in place, e.g. over a folder that is not empty.
    """
    target = Path(path).resolve()
    if is_special(target):
        yield target
        return
    temporary = target.with_name(f".{secrets.token_hex(6)}.{target.name}")
    try:
        yield temporary
        try:
            temporary.replace(target)
        except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
            raise DnabertSError(f"cannot be written: {error.strerror}", path=path) from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)


def is_special(path: str | Path) -> bool:
    """Whether a path is a pipe or a device, such as /dev/null, which is written as it is and never replaced."""
    path = Path(path)
    return path.exists() and not path.is_file() and not path.is_dir()


def _read_some(stream: io.BufferedIOBase | io.RawIOBase, n_bytes: int) -> bytes:
    """At most `n_bytes`, by one system call, so that a slow pipe is not waited for; b"" at the end."""
    if isinstance(stream, io.RawIOBase):
        return stream.read(n_bytes) or b""
    return stream.read1(n_bytes)


class _Rejoined(io.RawIOBase):
    """Bytes already taken off a stream, then the rest of it."""

    def __init__(self, head: bytes, rest: io.BufferedIOBase | io.RawIOBase) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if self._head:
            n = min(len(buffer), len(self._head))
            buffer[:n] = self._head[:n]
            self._head = self._head[n:]
            return n
        if isinstance(self._rest, io.RawIOBase):
            return self._rest.readinto(buffer) or 0
        return self._rest.readinto1(buffer)

    def close(self) -> None:
        if self._rest is not getattr(sys.stdin, "buffer", None):
            self._rest.close()
        super().close()


class Hashed(io.RawIOBase):
    """A raw stream that hashes what passes through it; `digest` is complete once the end has been read."""

    def __init__(self, raw: io.BufferedIOBase | io.RawIOBase) -> None:
        self._raw = raw
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer`, hash what came, and say how much it was."""
        n = self._raw.readinto(buffer) or 0
        self.digest.update(memoryview(buffer)[:n])
        return n

    def close(self) -> None:
        """Close both streams."""
        self._raw.close()
        super().close()
