"""The check sums of a CRAM file: htslib does not compare those of all blocks, and one flipped bit can lose reads.

definition 26 bytes | container | container | ...
container: length of its blocks, numbers that describe its slices, CRC-32 | block | block | ...
block: method, type, id, size, size unpacked | content | CRC-32

Bytes -> each container's header and each block's whole text compared with the CRC-32 behind it. Version 2 has none.
Source: CRAM format specification 3.1, sections 6 to 8.
"""

from __future__ import annotations

import io
import zlib

from ...errors import DnabertSError

_DEFINITION_BYTES = 26
_MAGIC = b"CRAM"
_CHECKED_VERSION = b"\x03"
_PIECE_BYTES = 1 << 20
_CRC_BYTES = 4
_SINGLE_NUMBERS = 3  # reference, start and span of a container; its count of records follows


def check_cram(stream: io.BufferedIOBase, path: str) -> None:
    """Read a CRAM file to its end, and compare its check sums; of any other file, read the beginning.

    Raises:
        DnabertSError: a check sum differs, or the file ends within a container.
    """
    definition = stream.read(_DEFINITION_BYTES)
    if definition.startswith(_MAGIC) and definition[len(_MAGIC) :][:1] >= _CHECKED_VERSION:
        _check_containers(stream, path)


def _check_containers(stream: io.BufferedIOBase, path: str) -> None:
    reader = _Reader(stream, path)
    while head := stream.read(4):
        reader.begin(head)
        n_bytes = int.from_bytes(head, "little", signed=True)
        for _ in range(_SINGLE_NUMBERS + 1):
            reader.itf8()
        reader.ltf8()  # number of the first record
        reader.ltf8()  # bases
        n_blocks = reader.itf8()
        for _ in range(reader.itf8()):  # where slices begin
            reader.itf8()
        reader.check_crc()
        begin = reader.n_read
        for _ in range(n_blocks):
            reader.begin(b"")
            reader.take(2)
            reader.itf8()
            size = reader.itf8()
            reader.itf8()
            reader.pass_over(size)
            reader.check_crc()
        reader.begin(b"")
        reader.pass_over(n_bytes - (reader.n_read - begin))


class _Reader:
    """Takes numbers and bytes off a stream, and sums up what it took since `begin`."""

    def __init__(self, stream: io.BufferedIOBase, path: str) -> None:
        self._stream = stream
        self._path = path
        self._crc = 0
        self.n_read = 0

    def begin(self, head: bytes) -> None:
        """Start a check sum with these bytes."""
        self._crc = zlib.crc32(head)
        if 0 < len(head) < 4:
            raise self._damaged()

    def take(self, n_bytes: int) -> bytes:
        """The next bytes."""
        content = self._stream.read(n_bytes)
        if len(content) < n_bytes:
            raise self._damaged()
        self._crc = zlib.crc32(content, self._crc)
        self.n_read += n_bytes
        return content

    def pass_over(self, n_bytes: int) -> None:
        """Take many bytes, a piece at a time."""
        if n_bytes < 0:
            raise self._damaged()
        while n_bytes:
            n_bytes -= len(self.take(min(n_bytes, _PIECE_BYTES)))

    def itf8(self) -> int:
        """A number of 32 bits: the ones that the first byte begins with say how many bytes follow, four at most."""
        first = self.take(1)[0]
        n_more = min(8 - (~first & 0xFF).bit_length(), 4)
        rest = int.from_bytes(self.take(n_more), "big")
        if n_more == 4:  # the last byte has four bits
            return _signed((first & 0xF) << 28 | rest >> 8 << 4 | rest & 0xF)
        return (first & (0x7F >> n_more)) << 8 * n_more | rest

    def ltf8(self) -> None:
        """Pass over a number of 64 bits, whose first byte says how many follow."""
        first = self.take(1)[0]
        self.take(8 - (~first & 0xFF).bit_length())

    def check_crc(self) -> None:
        """Compare the sum since `begin` with the next four bytes."""
        wanted = self._crc
        if int.from_bytes(self.take(_CRC_BYTES), "little") != wanted:
            raise self._damaged()

    def _damaged(self) -> DnabertSError:
        problem = "CRAM data are truncated or corrupt: a check sum differs"
        return DnabertSError(problem, path=self._path, hint="copy or download it again")


def _signed(number: int) -> int:
    return number - (1 << 32) if number >> 31 else number
