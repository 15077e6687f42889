"""Embedding tables as text: `id length tokens windows e0 e1 ...`, and the same without numbers as ids file.

Out: chunk -> lines -> stream, or finished rows and ids file -> lines, block by block.
In: lines -> ids, lengths and rows, block by block; what a line lacks is an error with its number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError
from ...untrusted import whole_number
from ..files import open_input
from .digits import format_rows
from .values import FIRST_LINE, ID_COLUMNS, UNCERTAINTY, EmbeddedChunk, EmbeddingTable, id_lines

IDS_HEADER = "\t".join(ID_COLUMNS)
IDS_HEADER_WITH_UNCERTAINTY = "\t".join((*ID_COLUMNS, UNCERTAINTY))
ENCODING, ENCODING_ERRORS = "utf-8", "surrogateescape"  # ids come back as the bytes they were
_FORMATTED_NUMBERS = 1 << 16  # at a time: their text and its tables fit the processor's cache
_PARSED_NUMBERS = 1 << 18


class TsvStream:
    """Writes an embedding table as TSV to an open text stream, such as standard output, as the chunks come."""

    def __init__(self, stream: TextIO, *, dim: int) -> None:
        self._stream = stream
        self._dim = dim
        stream.write(table_header(dim) + "\n")

    def append(self, chunk: EmbeddedChunk) -> None:
        """Write the rows of a chunk, without their uncertainty; errors as of `id_lines`."""
        lines = id_lines(replace(chunk, uncertainty=None), dim=self._dim)
        self._stream.writelines(_joined(lines, chunk.embeddings))


def table_header(dim: int) -> str:
    """The header line of a table with D numbers a record, without line end."""
    return "\t".join((IDS_HEADER, *(f"e{column}" for column in range(dim))))


def write_tsv(path: Path, *, ids_path: Path, row_blocks: Iterable[npt.NDArray[np.float32]], dim: int) -> None:
    """Join a finished ids file and the rows that belong to it, (B, D) float32 at a time, into one table."""
    with (
        ids_path.open(encoding=ENCODING, errors=ENCODING_ERRORS, newline="\n") as ids_file,
        path.open("w", encoding=ENCODING, errors=ENCODING_ERRORS, newline="\n") as table_file,
    ):
        next(ids_file)
        table_file.write(table_header(dim) + "\n")
        for rows in row_blocks:
            lines = ["\t".join(_fields(line)[: len(ID_COLUMNS)]) for line in islice(ids_file, len(rows))]
            table_file.writelines(_joined(lines, rows))


def iter_ids(ids_path: Path, *, block: int) -> Iterator[list[str]]:
    """The ids of an ids file that we wrote, so many at a time."""
    with ids_path.open(encoding=ENCODING, errors=ENCODING_ERRORS, newline="\n") as ids_file:
        next(ids_file)
        while ids := [line.split("\t", 1)[0] for line in islice(ids_file, block)]:
            yield ids


def iter_counts(ids_path: Path, *, block: int) -> Iterator[npt.NDArray[np.int64]]:
    """Length, tokens and windows from an ids file that we wrote: (B, 3) int64 at a time."""
    with ids_path.open(encoding=ENCODING, errors=ENCODING_ERRORS, newline="\n") as ids_file:
        next(ids_file)
        while lines := list(islice(ids_file, block)):
            yield np.loadtxt(lines, np.int64, delimiter="\t", comments=None, usecols=(1, 2, 3), ndmin=2)


def iter_uncertainty(ids_path: Path, *, block: int) -> Iterator[npt.NDArray[np.float32] | None]:
    """Uncertainty from an ids file that we wrote, (B,) float32 at a time; None for each block where there is none."""
    with ids_path.open(encoding=ENCODING, errors=ENCODING_ERRORS, newline="\n") as ids_file:
        is_stated = UNCERTAINTY in _fields(next(ids_file))
        while lines := list(islice(ids_file, block)):
            yield np.array([_fields(line)[-1] for line in lines], dtype=np.float32) if is_stated else None


def read_ids(path: Path) -> tuple[list[str], npt.NDArray[np.int64]]:
    """Ids and (N,) lengths of an ids file; columns after `id` and `length` are not needed.

    Raises:
        DnabertSError: no such header, a line without length, or a length that is no number.
    """
    ids: list[str] = []
    lengths_bp: list[int] = []
    with open_input(path) as stream:
        header = _text(stream.readline())
        if header.split("\t")[:2] != list(ID_COLUMNS[:2]):
            hint = f"its first line must be: {' '.join(ID_COLUMNS)}, separated by TABs"
            raise DnabertSError(f"not the header of an ids file: '{header[:60]}'", path=path, line=1, hint=hint)
        for line, text in enumerate(stream, start=FIRST_LINE):
            name, length_bp = _id_and_length(_text(text).split("\t"), path, line=line)
            ids.append(name)
            lengths_bp.append(length_bp)
    return ids, np.array(lengths_bp, dtype=np.int64)


def read_tsv(path: Path) -> EmbeddingTable:
    """A table from TSV of any compression, not yet checked as a whole; "-" is standard input.

    Raises:
        DnabertSError: no such header, a line with too few or too many columns, or a field that is no number.
    """
    ids: list[str] = []
    lengths_bp: list[int] = []
    blocks: list[npt.NDArray[np.float32]] = []
    with open_input(path) as stream:
        dim = _dim_of_header(_text(stream.readline()), path)
        block = max(1, _PARSED_NUMBERS // dim)
        while lines := [_text(line) for line in islice(stream, block)]:
            first_line = FIRST_LINE + len(ids)
            for line, text in enumerate(lines, start=first_line):
                name, length_bp = _id_and_length(text.split("\t", 2), path, line=line)
                ids.append(name)
                lengths_bp.append(length_bp)
            blocks.append(_parse_rows(lines, path, dim=dim, first_line=first_line))
    rows = np.concatenate(blocks) if blocks else np.empty((0, dim), dtype=np.float32)
    return EmbeddingTable(ids, np.array(lengths_bp, dtype=np.int64), rows)


def _joined(lines: list[str], rows: npt.NDArray[np.float32]) -> Iterator[str]:
    """Lines of a table from its text columns and its numbers; a slice at a time, as its text is large."""
    block = max(1, _FORMATTED_NUMBERS // rows.shape[1])
    for start in range(0, len(lines), block):
        numbers = format_rows(rows[start : start + block])
        yield from (f"{line}\t{row}\n" for line, row in zip(lines[start : start + block], numbers, strict=True))


def _fields(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


def _text(line: bytes) -> str:
    return line.decode(ENCODING, ENCODING_ERRORS).rstrip("\r\n")


def _id_and_length(fields: list[str], path: Path, *, line: int) -> tuple[str, int]:
    if len(fields) < 2:
        problem = f"expected an id, a TAB and a length: '{fields[0][:60]}'"
        raise DnabertSError(problem, path=path, line=line)
    name, length = fields[:2]
    length_bp = whole_number(length)
    if length_bp is None:
        problem = f"length '{length[:60]}' is not a whole number of bases"
        raise DnabertSError(problem, path=path, line=line, record=name)
    return name, length_bp


def _dim_of_header(header: str, path: Path) -> int:
    columns = header.split("\t")
    dim = len(columns) - len(ID_COLUMNS)
    if tuple(columns[: len(ID_COLUMNS)]) != ID_COLUMNS or dim < 1:
        hint = f"its first line must be: {' '.join(ID_COLUMNS)} e0 e1 ..., separated by TABs"
        raise DnabertSError(f"not the header of an embedding table: '{header[:60]}'", path=path, line=1, hint=hint)
    return dim


def _parse_rows(lines: list[str], path: Path, *, dim: int, first_line: int) -> npt.NDArray[np.float32]:
    """(B, D) float32 from the numbers of whole lines."""
    n_columns = len(ID_COLUMNS) + dim
    for line, text in enumerate(lines, start=first_line):
        if text.count("\t") + 1 != n_columns:
            problem = f"expected {n_columns} columns, found {text.count(chr(9)) + 1}"
            raise DnabertSError(problem, path=path, line=line, record=text.split("\t", 1)[0])
    numbers = [text.split("\t", len(ID_COLUMNS))[-1] for text in lines]
    try:
        return _parse_numbers(numbers, dim)
    except ValueError as error:
        for line, text in enumerate(lines, start=first_line):
            _check_numbers(text, path, line=line)
        raise DnabertSError(f"numbers that cannot be read: {error}", path=path, line=first_line) from error


def _parse_numbers(numbers: list[str], dim: int) -> npt.NDArray[np.float32]:
    if "" in numbers:  # loadtxt passes over an empty line
        raise ValueError("a number is missing")
    rows = np.loadtxt(numbers, dtype=np.float32, delimiter="\t", comments=None, ndmin=2)
    if rows.shape != (len(numbers), dim):
        raise ValueError(f"{len(numbers)} lines gave {rows.shape} numbers")
    return rows


def _check_numbers(text: str, path: Path, *, line: int) -> None:
    name, *_, last = text.split("\t", len(ID_COLUMNS))
    for column, number in enumerate(last.split("\t")):
        try:
            _parse_numbers([number], 1)
        except ValueError as error:
            problem = f"'{number[:60]}' in column e{column} is no number"
            raise DnabertSError(problem, path=path, line=line, record=name) from error
