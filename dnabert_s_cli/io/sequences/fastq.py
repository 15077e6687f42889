"""FASTQ, read in large blocks.

block -> places of its line ends -> groups of four lines, checked all at once; only names and sequences become objects.
Groups with lower case, empty reads or names repeated after the "+" are cut into lines first. The first group that is
not a right four-line record (a wrapped one, a blank line, a problem) hands the rest of the stream to a reader that goes
line by line, takes any layout and says what is wrong where.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain

import numpy as np

from ...errors import DnabertSError
from ..files import BLOCK_BYTES
from .records import (
    Chunk,
    Record,
    are_plain_letters,
    checked_name,
    checked_sequence,
    clean_all,
    first_words,
    in_chunks,
    make_records,
)

_NEWLINE, _SPACE, _PLUS, _AT = b"\n +@"

_Lines = Iterator[tuple[int, bytes]]  # numbered from 1, without their ends


def read_fastq(stream: io.BufferedReader, path: str, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Chunk]:
    """Records of a FASTQ stream; places are line numbers of headers. Reading ends at the first problem.

    Sequence and quality may be wrapped, lines may end in CRLF, blank lines between records are passed over, and the
    last newline may be missing. Qualities are counted, not kept. Reads without a letter, which trimming leaves, are
    counted and left out.
    """
    line = 1
    text = b""
    unread: list[bytes] = []  # joined only when they hold a record, so that a long read costs no more than its length
    n_unread_lines = 0
    while block := stream.read1(block_bytes):
        unread.append(block)
        n_unread_lines += int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == _NEWLINE))
        if n_unread_lines < 4:
            continue
        text = b"".join(unread)
        if b"\r" in text:  # a search for one byte costs next to nothing
            text = text.replace(b"\r\n", b"\n")
        ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == _NEWLINE)
        n_lines = len(ends) // 4 * 4
        n_bytes = int(ends[n_lines - 1]) + 1
        chunk = _plain_records(text, ends[:n_lines], line=line)
        if chunk is None:
            chunk = _four_line_records(text[: n_bytes - 1].split(b"\n"), line)
        if chunk is None:
            break
        yield chunk
        line += n_lines
        unread = [text[n_bytes:]]
        n_unread_lines = len(ends) - n_lines
    else:
        text = b"".join(unread)
    yield from in_chunks(_any_records(_lines(text, stream, line=line), path))


def _plain_records(text: bytes, ends: np.ndarray, *, line: int) -> Chunk | None:
    """Records of whole groups of four lines of the plainest kind; None if any is of another.

    Plain are ASCII, a "+" alone, and upper-case A, C, G, T and N, without blanks.

    Args:
        ends: (4 * R,) where the lines end.
    """
    letters = np.frombuffer(text, dtype=np.uint8)[: ends[-1] + 1]
    n_low = np.count_nonzero(letters <= _SPACE)
    has_blanks = n_low > len(ends)
    if has_blanks and n_low != len(ends) + np.count_nonzero(letters == _SPACE):
        return None
    lines = ends.reshape(-1, 4)
    starts = np.empty_like(ends)
    starts[0], starts[1:] = 0, ends[:-1] + 1
    starts = starts.reshape(-1, 4)
    n_bases = lines[:, 1] - starts[:, 1]
    are_plain = (letters[starts[:, 0]] == _AT) & (letters[starts[:, 2]] == _PLUS) & (lines[:, 2] - starts[:, 2] == 1)
    if not (are_plain & (n_bases > 0) & (n_bases == lines[:, 3] - starts[:, 3])).all():
        return None
    name_ends = lines[:, 0]
    if has_blanks:
        blanks = np.append(np.flatnonzero(letters == _SPACE), len(letters))
        name_ends = np.minimum(name_ends, blanks[np.searchsorted(blanks, starts[:, 0])])
    if not text.isascii() or (name_ends - starts[:, 0] < 2).any():
        return None
    shown = text.decode("ascii")
    sequences = [shown[start:end] for start, end in zip(starts[:, 1].tolist(), lines[:, 1].tolist(), strict=True)]
    if not are_plain_letters("".join(sequences)):
        return None
    ids = [shown[start:end] for start, end in zip((starts[:, 0] + 1).tolist(), name_ends.tolist(), strict=True)]
    return Chunk(make_records(ids, sequences), list(range(line, line + len(ends), 4)))


def _four_line_records(lines: list[bytes], line: int) -> Chunk | None:
    """Records of whole groups of four lines; None if any is not a right one."""
    headers, raw, pluses, qualities = (lines[i::4] for i in range(4))
    if (b"\n" + b"\n".join(headers)).count(b"\n@") < len(headers):
        return None
    if b"" in raw:
        return _without_empty(lines, line)
    repeat_names = pluses.count(b"+") < len(pluses)
    if repeat_names and any(
        plus != b"+" and plus != b"+" + header[1:] for plus, header in zip(pluses, headers, strict=True)
    ):
        return None
    sequences = clean_all(raw)
    ids = first_words([header[1:] for header in headers])
    if ids is None or sequences is None or list(map(len, sequences)) != list(map(len, qualities)):
        return None
    return Chunk(make_records(ids, sequences), list(range(line, line + len(lines), 4)))


def _without_empty(lines: list[bytes], line: int) -> Chunk | None:
    """As `_four_line_records`, where some reads have neither letters nor quality."""
    starts = [start for start in range(0, len(lines), 4) if lines[start + 1] or lines[start + 3]]
    kept = [part for start in starts for part in lines[start : start + 4]]
    empty = [lines[start : start + 4] for start in range(0, len(lines), 4) if not lines[start + 1] + lines[start + 3]]
    if b"" in kept[1::4] or first_words([group[0][1:] for group in empty]) is None:
        return None
    if any(group[2] not in (b"+", b"+" + group[0][1:]) for group in empty):
        return None
    found = _four_line_records(kept, line) if kept else Chunk([], [])
    return None if found is None else Chunk(found.records, [line + start for start in starts], None, len(empty))


def _lines(text: bytes, stream: io.BufferedReader, *, line: int) -> _Lines:
    """The lines of `text` and of the stream after it; `text` may end within a line."""
    *whole, part = text.split(b"\n")
    part += stream.readline()
    for number, content in enumerate(chain(whole, [part] if part else [], stream), line):
        yield number, content.rstrip()


def _any_records(lines: _Lines, path: str) -> Iterator[tuple[Record, int]]:
    """Records of any layout, each with the line number of its header."""
    for line, header in lines:
        if not header:
            continue
        if not header.startswith(b"@"):
            shown = header[:20].decode("ascii", "backslashreplace")
            raise DnabertSError(f"a header must begin with '@', not '{shown}'", path=path, line=line)
        name = checked_name(header[1:], path, line=line)
        raw, plus_line, plus = _sequence_lines(lines, path, line=line, name=name)
        if plus not in (b"+", b"+" + header[1:]):
            problem = "the '+' line repeats another header"
            raise DnabertSError(problem, path=path, line=plus_line, record=name)
        sequence = checked_sequence(b"\n".join(raw), path, line=line + 1, name=name)
        _check_quality(lines, path, line=plus_line, name=name, n_bases=len(sequence), is_wrapped=len(raw) > 1)
        yield Record(name, sequence), line


def _sequence_lines(lines: _Lines, path: str, *, line: int, name: str) -> tuple[list[bytes], int, bytes]:
    """The lines down to the "+" line, and that one with its number."""
    raw: list[bytes] = []
    number = line
    for number, content in lines:
        if content.startswith(b"+"):
            return raw, number, content
        if content.startswith(b"@"):
            raise DnabertSError("no '+' line before the next header", path=path, line=number, record=name)
        raw.append(content)
    raise _truncated(path, line=number, name=name)


def _check_quality(lines: _Lines, path: str, *, line: int, name: str, n_bases: int, is_wrapped: bool) -> None:
    """Pass over as many quality letters as there are bases; on one line unless the sequence is wrapped."""
    n_letters = 0
    for number, content in lines:
        n_letters += len(content)
        if n_letters == n_bases:
            return
        if n_letters > n_bases or not is_wrapped:
            problem = f"{n_bases} bases but {n_letters} quality letters"
            hint = "the file may be truncated or damaged"
            raise DnabertSError(problem, path=path, line=number, record=name, hint=hint)
        line = number
    if n_bases:  # an empty read may be the last, without a line for its quality
        raise _truncated(path, line=line, name=name)


def _truncated(path: str, *, line: int, name: str) -> DnabertSError:
    problem = "the file ends within this record"
    hint = "it is truncated: copy or download it again"
    return DnabertSError(problem, path=path, line=line, record=name, hint=hint)
