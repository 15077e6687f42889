"""Labels of records: species, gold bins or another tool's bins, one `id TAB label` a line.

In: a file of any compression -> lines without comments and headers -> mapping from id to label, in file order.
"""

from __future__ import annotations

from pathlib import Path

from ...errors import DnabertSError
from ..text_tables import ID_NAMES, id_of, is_biobox_head, iter_fields, plain_name

_BIOBOX_LABELS = ("binid", "taxid")  # in CAMI's order of preference
_SHOWN = 60


def read_labels(path: str | Path, *, columns: tuple[int, int] = (0, 1)) -> dict[str, str]:
    """Label of each id, in file order, from TSV with or without header, contig2bin or CAMI biobox.

    An id ends at its first blank, as the names of sequences do.

    A header is a first line one of whose first two columns is named as ids are (`id`, `contig`,
    `sequence_id`, ...); that column holds the ids then, and the first other one the labels. Further columns, empty
    lines and lines that begin with "#" are passed over.

    Args:
        columns: of id and label, where there is no header.

    Raises:
        DnabertSError: a line lacks its id or label, or an id comes twice; names the line.
    """
    labels: dict[str, str] = {}
    line_of: dict[str, int] = {}
    samples: list[str] = []
    found: tuple[int, int] | None = None
    for line, fields in iter_fields(path):
        if is_biobox_head(fields):
            samples += [] if fields[0].startswith("@@") else _sample_id(fields[0])
            found = _biobox_columns(fields, path, line=line) if fields[0].startswith("@@") else found
            continue
        if found is None:
            found, is_header = _header_columns(fields, columns)
            if is_header:
                continue
        name, label = _id_and_label(fields, found, path=path, line=line)
        if name in labels:
            problem = f"duplicate id, first in line {line_of[name]}"
            hint = "keep one label for each id; it ends at the first blank"
            if len(set(samples)) > 1:
                problem += f"; the file holds {len(set(samples))} samples, such as {samples[0]} and {samples[-1]}"
                hint = "give the part of one sample: the lines from its @SampleID to the next"
            raise DnabertSError(problem, path=path, line=line, record=name, hint=hint)
        labels[name], line_of[name] = label, line
    return labels


def _sample_id(field: str) -> list[str]:
    """The sample of a biobox's line `@SampleID:NAME`; nothing for other lines of its head."""
    name, colon, sample = field[1:].partition(":")
    return [sample.strip()] if colon and plain_name(name) == "sampleid" else []


def _biobox_columns(fields: list[str], path: str | Path, *, line: int) -> tuple[int, int]:
    names = [plain_name(field.removeprefix("@@")) for field in fields]
    label = next((name for name in _BIOBOX_LABELS if name in names), None)
    if "sequenceid" not in names or label is None:
        hint = "a biobox header is @@SEQUENCEID TAB BINID"
        raise DnabertSError("no column SEQUENCEID, or neither BINID nor TAXID", path=path, line=line, hint=hint)
    return names.index("sequenceid"), names.index(label)


def _header_columns(first_fields: list[str], plain: tuple[int, int]) -> tuple[tuple[int, int], bool]:
    """Columns of id and label, and whether the line is a header; without one they are the plain ones."""
    names = [plain_name(field) for field in first_fields[:2]]
    if names[0] in ID_NAMES:
        return (0, 1), True
    if len(names) > 1 and names[1] in ID_NAMES:
        return (1, 0), True  # VAMB: clustername, contigname
    return plain, False


def _id_and_label(fields: list[str], columns: tuple[int, int], *, path: str | Path, line: int) -> tuple[str, str]:
    if len(fields) <= max(columns):
        shown = "\t".join(fields)[:_SHOWN]
        hint = "separate id and label by one TAB"
        raise DnabertSError(f"expected an id, a TAB and a label: '{shown}'", path=path, line=line, hint=hint)
    name, label = id_of(fields[columns[0]]), fields[columns[1]].strip()
    if not name:
        raise DnabertSError("the id is empty", path=path, line=line)
    if not label:
        raise DnabertSError("the label is empty", path=path, line=line, record=name)
    return name, label
