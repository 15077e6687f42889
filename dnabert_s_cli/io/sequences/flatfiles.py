"""GenBank and EMBL flat files, through Biopython.

lines, counted -> Bio.SeqIO -> accession.version and sequence -> `Record`; annotation is dropped.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator

from Bio import SeqIO
from Bio.Seq import UndefinedSequenceError
from Bio.SeqRecord import SeqRecord

from ...errors import DnabertSError
from .records import Chunk, Record, checked_name, checked_sequence, empty_sequence, in_chunks

_log = logging.getLogger(__name__)

_SHORTENED = ("Premature end of file", "Expected sequence length")  # a warning to Biopython, lost letters to us


def read_genbank(stream: io.BufferedReader, path: str) -> Iterator[Chunk]:
    """Records of a GenBank stream; places are the lines of LOCUS. Reading ends at the first problem."""
    return in_chunks(_records(_Lines(stream, path, start="LOCUS       "), "genbank"))


def read_embl(stream: io.BufferedReader, path: str) -> Iterator[Chunk]:
    """Records of an EMBL stream; places are the lines of ID. Reading ends at the first problem."""
    return in_chunks(_records(_Lines(stream, path, start="ID   "), "embl"))


class _Lines:
    """Text that knows its line, and that each record begins as it must: Biopython skips what does not."""

    def __init__(self, stream: io.BufferedReader, path: str, *, start: str) -> None:
        self.path = path
        self.record_line = 0
        self._text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace")
        self._start = start
        self._line = 0
        self._is_between = True

    def read(self, size: int = -1) -> str:
        """Biopython reads no letters, to see that this is text, before it goes by lines."""
        return self._text.read(size)

    def readline(self) -> str:
        content = self._text.readline()
        self._line += 1
        if self._is_between and content.strip():
            self.record_line = self._line
            self._is_between = False
            if not content.startswith(self._start):
                problem = f"a record must begin with '{self._start.strip()}', not '{content[:20].rstrip()}'"
                raise DnabertSError(problem, path=self.path, line=self._line)
        elif content.startswith("//"):
            self._is_between = True
        return content


def _records(lines: _Lines, dialect: str) -> Iterator[tuple[Record, int]]:
    parsed: Iterator[SeqRecord] = iter(SeqIO.parse(lines, dialect))  # type: ignore[no-untyped-call]  # as Biopython is
    while (entry := _next_entry(parsed, lines)) is not None:
        line = lines.record_line
        name = checked_name((entry.id or "").encode(), lines.path, line=line)
        try:
            raw = bytes(entry.seq or b"")
        except UndefinedSequenceError as error:
            hint = "fetch the record with its sequence (ORIGIN or SQ)"
            raise DnabertSError(
                "record holds no sequence", path=lines.path, line=line, record=name, hint=hint
            ) from error
        sequence = _checked(raw, lines.path, line=line, name=name)
        yield Record(name, sequence), line


def _checked(raw: bytes, path: str, *, line: int, name: str) -> str:
    """As `checked_sequence`; all of the record counts as one line, that of its beginning."""
    sequence = checked_sequence(raw, path, line=line, name=name)
    if not sequence:
        raise empty_sequence(path, line=line, name=name)
    return sequence


def _next_entry(parsed: Iterator[SeqRecord], lines: _Lines) -> SeqRecord | None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            entry = next(parsed, None)
        except (ValueError, AssertionError, IndexError, KeyError) as error:
            reason = " ".join(str(error).split())
            problem = f"cannot be parsed ({reason})" if reason else "cannot be parsed"
            hint = "the file is truncated or not in this format"
            raise DnabertSError(problem, path=lines.path, line=lines.record_line, hint=hint) from error
    for warning in caught:
        message = " ".join(str(warning.message).split())
        if message.startswith(_SHORTENED):
            name = None if entry is None else entry.id
            raise DnabertSError(message.rstrip("."), path=lines.path, line=lines.record_line, record=name)
        _log.warning("%s:%d: %s", lines.path, lines.record_line, message)
    return entry
