"""FASTA, read in large blocks.

block -> cut at the ">" that begin a line -> first piece: rest of the record that is still open; pieces between: whole
records, cleaned all at once; last piece: the next open record, whose letters are collected block by block until it
ends. Line ends are counted, and a line is looked for only once a problem is known.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import accumulate

import numpy as np

from ...errors import DnabertSError
from ..files import BLOCK_BYTES
from .records import (
    Chunk,
    Record,
    are_plain_letters,
    bad_letter,
    checked_name,
    clean,
    clean_all,
    empty_sequence,
    first_words,
    make_records,
    says_circular,
)

_HEADER_BYTES = 1 << 20
_NEWLINE, _SPACE = b"\n "


def read_fasta(stream: io.BufferedReader, path: str, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Chunk]:
    """Records of a FASTA stream; places are line numbers of headers. Reading continues after a bad record.

    The stream begins with a header or blank lines. A line may be of any length, a record of any size; lines may
    end in CRLF; blank lines and blanks around letters are passed over; the last newline may be missing.
    """
    line = 1  # of the first byte of the block
    record: _OpenRecord | None = None
    for block, begins_line in _blocks(stream, path, block_bytes=block_bytes):
        pieces = _cut(block, begins_line)
        *lines, next_line = accumulate((piece.count(b"\n") for piece in pieces), initial=line)
        if record is not None:
            record.add(pieces[0], line)
        if len(pieces) > 1:
            if record is not None:
                yield record.finish()
            yield from _whole_records(pieces[1:-1], lines[1:-1], path=path)
            record = _OpenRecord(pieces[-1], lines[-1], path=path)
        line = next_line
    if record is not None:
        yield record.finish()


def _blocks(stream: io.BufferedReader, path: str, *, block_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """Blocks that never end within a header, and whether each begins a line."""
    begins_line = True
    while block := stream.read1(block_bytes):
        last_line = block.rfind(b"\n") + 1
        if block.startswith(b">", last_line) and (last_line or begins_line):
            block += stream.readline(_HEADER_BYTES)
            if len(block) - last_line > _HEADER_BYTES:
                raise DnabertSError("a header is longer than 1 MB", path=path, hint="is this a FASTA file?")
        yield block, begins_line
        begins_line = block.endswith(b"\n")


def _cut(block: bytes, begins_line: bool) -> list[bytes]:
    """Cut in front of each header, and take off its ">". The first piece belongs to the record before."""
    pieces = block.split(b">")  # one letter: five times as fast as b"\n>"
    first_is_cut_right = pieces[0].endswith(b"\n") or (begins_line and not pieces[0])
    if len(pieces) == 1 or (first_is_cut_right and all(piece.endswith(b"\n") for piece in pieces[1:-1])):
        return pieces
    # some ">" stands inside a line
    pieces = (b"\n" + block if begins_line else block).split(b"\n>")
    pieces = [piece + b"\n" for piece in pieces[:-1]] + pieces[-1:]
    if begins_line:
        pieces[0] = pieces[0][1:]
    return pieces


def _whole_records(pieces: list[bytes], lines: list[int], *, path: str) -> Iterator[Chunk]:
    plain = _two_line_records(pieces, lines)
    if plain is not None:
        yield plain
        return
    parts = [piece.partition(b"\n") for piece in pieces]
    sequences = clean_all([part[2] for part in parts])
    ids = first_words([part[0] for part in parts])
    if ids is not None and sequences is not None:
        records = make_records(ids, sequences)
        for place in [place for place, part in enumerate(parts) if b"ircular=" in part[0]]:
            records[place] = records[place]._replace(is_circular=says_circular(parts[place][0]))
        yield Chunk(records, lines)
        return
    for piece, line in zip(pieces, lines, strict=True):
        yield _OpenRecord(piece, line, path=path).finish()


def _two_line_records(pieces: list[bytes], lines: list[int]) -> Chunk | None:
    """Records of the plainest kind, such as reads; None if any is of another.

    Plain are a header of one ASCII word and one line of upper-case A, C, G, T and N.
    """
    if not pieces or pieces[0].count(b"\n") != 2:
        return None
    text = b"".join(pieces)
    letters = np.frombuffer(text, dtype=np.uint8)
    ends = np.flatnonzero(letters == _NEWLINE)
    if len(ends) != 2 * len(pieces) or np.count_nonzero(letters <= _SPACE) > len(ends) or not text.isascii():
        return None
    if not np.array_equal(ends[1::2], np.cumsum([len(piece) for piece in pieces]) - 1):  # some have three lines
        return None
    shown = text.decode("ascii").split("\n")
    ids, sequences = shown[:-1:2], shown[1::2]
    if not (all(ids) and all(sequences) and are_plain_letters("".join(sequences))):
        return None
    return Chunk(make_records(ids, sequences), lines)


class _OpenRecord:
    """A record whose end has not been seen yet."""

    def __init__(self, piece: bytes, line: int, *, path: str) -> None:
        self._header, _, letters = piece.partition(b"\n")
        self._line = line
        self._path = path
        self._name = ""
        self._problem: DnabertSError | None = None
        self._sequences: list[str] = []
        try:
            self._name = checked_name(self._header, path, line=line)
        except DnabertSError as error:
            self._problem = error
        self.add(letters, line + 1)

    def add(self, letters: bytes, line: int) -> None:
        """More of the sequence, the first letter of which stands in `line`."""
        sequence = clean(letters)
        if sequence is not None:
            self._sequences.append(sequence)
        elif self._problem is None:
            self._problem = bad_letter(letters, self._path, line=line, name=self._name)

    def finish(self) -> Chunk:
        sequence = "".join(self._sequences)
        if self._problem is None and not sequence:
            self._problem = empty_sequence(self._path, line=self._line, name=self._name)
            if b"\r" in self._header.strip():
                problem, hint = "lines end in a lone carriage return, as on old Macs", "convert it: tr '\\r' '\\n'"
                self._problem = DnabertSError(problem, path=self._path, line=self._line, record=self._name, hint=hint)
        if self._problem is not None:
            return Chunk([], [], self._problem)
        return Chunk([Record(self._name, sequence, says_circular(self._header))], [self._line])
