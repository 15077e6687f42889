"""Sequences with their species in one table, the format of the published evaluation sets.

TSV of any compression with a header that has the columns `sequence` and `bin_id` -> sequences and labels, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError
from ..files import open_input
from ..sequences.records import bad_letter, clean

SEQUENCE, LABEL = "sequence", "bin_id"


@dataclass(frozen=True, slots=True)
class LabelledSequences:
    """N sequences in upper-case IUPAC letters (T for U), and the label of each."""

    sequences: tuple[str, ...]
    labels: tuple[str, ...]


def read_labelled(path: str | Path) -> LabelledSequences:
    """All rows of a table; it is held in memory, for what needs every row at once.

    Raises:
        DnabertSError: no such columns, no row, or a row without sequence or label; names the line.
    """
    sequences: list[str] = []
    labels: list[str] = []
    with open_input(path) as stream:
        header = stream.readline().rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf").split(b"\t")
        columns = _columns(header, path)
        for line, raw in enumerate(stream, start=2):
            if raw.strip():
                sequence, label = _row(raw.rstrip(b"\r\n").split(b"\t"), columns, path=path, line=line)
                sequences.append(sequence)
                labels.append(label)
    if not sequences:
        raise DnabertSError("holds no sequence", path=path, hint=f"a row is {SEQUENCE} TAB {LABEL}")
    return LabelledSequences(tuple(sequences), tuple(labels))


def _columns(header: list[bytes], path: str | Path) -> tuple[int, int]:
    names = [name.decode("utf-8", "replace").strip().lower() for name in header]
    missing = [name for name in (SEQUENCE, LABEL) if name not in names]
    if missing:
        hint = f"the first line names the columns: {SEQUENCE} TAB {LABEL}"
        raise DnabertSError(f"no column '{missing[0]}'", path=path, line=1, hint=hint)
    return names.index(SEQUENCE), names.index(LABEL)


def _row(cells: list[bytes], columns: tuple[int, int], *, path: str | Path, line: int) -> tuple[str, str]:
    if len(cells) <= max(columns):
        raise DnabertSError(f"has {len(cells)} columns, too few for the header", path=path, line=line)
    cell, label = cells[columns[0]], cells[columns[1]].strip()
    sequence = clean(cell)
    if sequence is None:
        raise bad_letter(cell, str(path), line=line, name="")
    if not sequence or not label:
        raise DnabertSError(f"the {LABEL if sequence else SEQUENCE} is empty", path=path, line=line)
    try:
        return sequence, label.decode()
    except UnicodeDecodeError as error:
        raise DnabertSError("the label is not text in UTF-8", path=path, line=line) from error
