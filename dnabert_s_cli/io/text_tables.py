"""Tables of text as users make them: lines of columns between tabs, with the header that their maker chose.

File of any compression -> lines of UTF-8 that are neither empty nor comments -> columns; names of columns compared
without regard to case, blanks, dashes and underscores.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ..errors import DnabertSError
from .files import open_input, peek

ID_NAMES = frozenset(
    ("id", "ids", "sequenceid", "seqid", "contig", "contigs", "contigid", "contigname", "recordid", "readid")
)
_BLANKS = re.compile(r"[ \t\r\n\v\f]+")  # those that end names of sequences, whatever else Unicode calls blank
_ALIGNMENTS = (b"BAM\x01", b"CRAM")  # what they begin with


def iter_lines(path: str | Path) -> Iterator[tuple[int, str]]:
    """Number, from 1, and text of each line that is not empty, without its end and without a byte order mark.

    Raises:
        DnabertSError: the file cannot be read, holds alignments, or a line is not text; names the line.
    """
    with open_input(path) as opened:
        head, stream = peek(opened, n_bytes=4)
        if head in _ALIGNMENTS:
            hint = "an alignment must be a file on disk that is named where alignments are expected"
            raise DnabertSError("holds alignments, not a table of text", path=path, hint=hint)
        for line, raw in enumerate(stream, start=1):
            try:
                text = raw.decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DnabertSError("is not text in UTF-8", path=path, line=line) from error
            if text:
                yield line, text


def iter_fields(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Number and columns of each line that is neither empty nor a comment; errors as of `iter_lines`."""
    return ((line, text.split("\t")) for line, text in iter_lines(path) if not text.startswith("#"))


def is_biobox_head(fields: list[str]) -> bool:
    """Whether a line is `@Name:value` or `@@COLUMN...` of a CAMI biobox, not a row whose id begins with "@"."""
    return fields[0].startswith("@@") or (len(fields) == 1 and fields[0].startswith("@") and ":" in fields[0])


def id_of(cell: str) -> str:
    """An id as sequences bear it: up to the first blank; empty for a cell of blanks."""
    return next(iter(_BLANKS.split(cell.strip(" \t\r\n\v\f"), maxsplit=1)))


def is_id_column(column: str) -> bool:
    """Whether a column of this name holds ids."""
    return plain_name(column) in ID_NAMES


def plain_name(column: str) -> str:
    """A column's name as names are compared: without case, blanks, dashes and underscores."""
    return column.strip().lower().replace("_", "").replace(" ", "").replace("-", "")
