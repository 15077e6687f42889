"""Labels of records: species, gold bins or another tool's bins, one `id TAB label` a line.

In: a file of any compression -> lines without comments and headers -> mapping from id to label, in file order.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import DnabertSError
from ..files import open_input

ID_NAMES = frozenset(
    ("id", "ids", "sequenceid", "seqid", "contig", "contigs", "contigid", "contigname", "recordid", "readid")
)
_BIOBOX_LABELS = ("binid", "taxid")  # in CAMI's order of preference
_SHOWN = 60


def read_labels(path: str | Path) -> dict[str, str]:
    """Label of each id, in file order, from TSV with or without header, contig2bin or CAMI biobox.

    A header is a first line one of whose first two columns is named as ids are (`id`, `contig`,
    `sequence_id`, ...); that column holds the ids then, and the first other one the labels. Further columns, empty
    lines and lines that begin with "#" are passed over.

    Raises:
        DnabertSError: a line lacks its id or label, or an id comes twice; names the line.
    """
    labels: dict[str, str] = {}
    line_of: dict[str, int] = {}
    columns: tuple[int, int] | None = None
    for line, fields in iter_fields(path):
        if fields[0].startswith("@"):
            columns = _biobox_columns(fields, path, line=line) if fields[0].startswith("@@") else columns
            continue
        if columns is None:
            columns, is_header = _header_columns(fields)
            if is_header:
                continue
        name, label = _id_and_label(fields, columns, path=path, line=line)
        if name in labels:
            problem = f"duplicate id, first in line {line_of[name]}"
            raise DnabertSError(problem, path=path, line=line, record=name, hint="keep one label for each id")
        labels[name], line_of[name] = label, line
    return labels


def iter_fields(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Number and columns of each line that is neither empty nor a comment; errors as in `read_labels`."""
    with open_input(path) as stream:
        for line, raw in enumerate(stream, start=1):
            try:
                text = raw.decode("utf-8-sig" if line == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DnabertSError("is not text in UTF-8", path=path, line=line) from error
            if text and not text.startswith("#"):
                yield line, text.split("\t")


def is_id_column(column: str) -> bool:
    """Whether a header names a column of ids so."""
    return plain_name(column) in ID_NAMES


def plain_name(column: str) -> str:
    """A column's name as names are compared: without case, blanks, dashes and underscores."""
    return column.strip().lower().replace("_", "").replace(" ", "").replace("-", "")


def _biobox_columns(fields: list[str], path: str | Path, *, line: int) -> tuple[int, int]:
    names = [plain_name(field.removeprefix("@@")) for field in fields]
    label = next((name for name in _BIOBOX_LABELS if name in names), None)
    if "sequenceid" not in names or label is None:
        hint = "a biobox header is @@SEQUENCEID TAB BINID"
        raise DnabertSError("no column SEQUENCEID, or neither BINID nor TAXID", path=path, line=line, hint=hint)
    return names.index("sequenceid"), names.index(label)


def _header_columns(first_fields: list[str]) -> tuple[tuple[int, int], bool]:
    """Columns of id and label, and whether the line is a header; without one they are the first two."""
    names = [plain_name(field) for field in first_fields[:2]]
    if names[0] in ID_NAMES:
        return (0, 1), True
    if len(names) > 1 and names[1] in ID_NAMES:
        return (1, 0), True  # VAMB: clustername, contigname
    return (0, 1), False


def _id_and_label(fields: list[str], columns: tuple[int, int], *, path: str | Path, line: int) -> tuple[str, str]:
    if len(fields) <= max(columns):
        shown = "\t".join(fields)[:_SHOWN]
        hint = "separate id and label by one TAB"
        raise DnabertSError(f"expected an id, a TAB and a label: '{shown}'", path=path, line=line, hint=hint)
    name, label = (fields[column].strip() for column in columns)
    if not name:
        raise DnabertSError("the id is empty", path=path, line=line)
    if not label:
        raise DnabertSError("the label is empty", path=path, line=line, record=name)
    return name, label
