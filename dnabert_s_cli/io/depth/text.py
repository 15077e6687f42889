"""Tables of depths as text: read whatever their maker, write in the form of jgi_summarize_bam_contig_depths.

In: a file of any compression -> lines -> columns by the first one -> numbers, some thousand lines at a time ->
`DepthTable`. Out: `DepthTable` -> lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

import numpy as np

from ...errors import DnabertSError
from ...untrusted import MOST
from ..text_tables import iter_lines
from .columns import SUMMARY_ROWS, DepthColumns, depth_columns
from .table import DepthTable

_BATCH_LINES = 4096
_SHOWN = 40
_LARGEST = float(np.finfo(np.float32).max)

_Row = tuple[int, list[str]]  # line number, fields


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """Neighbouring rows: lengths (n,) int64, means and variances (n, S) float32."""

    lengths_bp: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def read_depth_table(path: str | Path) -> DepthTable:
    """The table at `path`, of any compression, "-" for standard input; its kind is recognised from its first line.

    Names of contigs end at the first blank, as those of sequences do.

    Raises:
        DnabertSError: no such table, or what is in it is no depth; names line and record.
    """
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise DnabertSError("file holds no contig", path=path)
    columns = depth_columns(first[1], path, line=first[0])
    line_of: dict[str, int] = {}
    parts = []
    if not columns.has_header:
        parts.append(_part([first], columns, path=path, line_of=line_of))
    while batch := list(islice(rows, _BATCH_LINES)):
        parts.append(_part(batch, columns, path=path, line_of=line_of))
    if not parts:
        raise DnabertSError("file holds no contig, only a header", path=path, line=first[0])
    return DepthTable(
        names=list(line_of),
        lengths_bp=np.concatenate([part.lengths_bp for part in parts]),
        samples=columns.samples,
        mean=np.concatenate([part.mean for part in parts]),
        variance=np.concatenate([part.variance for part in parts]) if columns.variances else None,
    )


def write_depth(stream: TextIO, table: DepthTable) -> None:
    """Write in the form that MetaBAT2 and most binners read; numbers have six digits, as there.

    The total is the sum of the samples' means. Lengths are written whole, 0 where unknown. Without variances, the
    columns of variances are left out.
    """
    variance = table.variance
    names = table.samples
    cells = table.mean.astype(np.float64)  # (N, S)
    total = cells.sum(axis=1)
    if variance is not None:
        names = tuple(name for sample in names for name in (sample, f"{sample}-var"))
        cells = np.stack([cells, variance], axis=2).reshape(len(cells), -1)  # (N, 2 * S)
    stream.write("\t".join(("contigName", "contigLen", "totalAvgDepth", *names)) + "\n")
    form = "%s\t%d" + "\t%.6g" * (1 + len(names)) + "\n"
    for name, length_bp, whole, row in zip(table.names, table.lengths_bp, total, cells, strict=True):
        stream.write(form % (name, length_bp, whole, *row))


def _rows(path: str | Path) -> Iterator[_Row]:
    """Number and fields of each line that is not empty."""
    for line, text in iter_lines(path):
        if text.strip():
            fields = text.split("\t")
            yield line, list(map(_unquoted, fields)) if '"' in text else fields


def _unquoted(field: str) -> str:
    """A cell without the quotes that R and spreadsheets put around text."""
    bare = field.strip()
    return bare[1:-1].replace('""', '"') if len(bare) > 1 and bare[0] == bare[-1] == '"' else field


def _part(rows: Sequence[_Row], columns: DepthColumns, *, path: str | Path, line_of: dict[str, int]) -> _Part:
    """Numbers of some rows, checked; their names join `line_of`."""
    for line, fields in rows:
        if len(fields) != columns.n_columns:
            problem = f"{len(fields)} columns, but {columns.n_columns} in the lines before"
            raise DnabertSError(
                problem, path=path, line=line, record=fields[0][:_SHOWN], hint="separate columns by TAB"
            )
        words = fields[0].split(None, 1)
        if not words:
            raise DnabertSError("the name of the contig is empty", path=path, line=line)
        if words[0] in SUMMARY_ROWS:
            hint = "give depths of contigs alone; coverm has its mode `contig`, and `unmapped` is no contig"
            problem = f"the row '{words[0]}' is a summary, no contig"
            raise DnabertSError(problem, path=path, line=line, hint=hint)
        earlier = line_of.setdefault(words[0], line)
        if earlier != line:
            problem = f"duplicate contig, first in line {earlier}"
            raise DnabertSError(problem, path=path, line=line, record=words[0], hint="keep one line for each contig")
    chosen = [*columns.means, *columns.variances]
    numbers = _numbers(rows, chosen, path=path)
    n_samples = len(columns.samples)
    lengths = np.zeros(len(rows))
    if columns.length is not None:
        lengths = _numbers(rows, [columns.length], path=path)[:, 0]
        if np.any(lengths > MOST):
            line, fields = rows[int(np.argmax(lengths))]
            problem = f"the length '{fields[columns.length][:_SHOWN]}' is not a number of bases"
            raise DnabertSError(problem, path=path, line=line, record=fields[0].split()[0])
    return _Part(
        lengths_bp=np.rint(lengths).astype(np.int64),
        mean=numbers[:, :n_samples].astype(np.float32),
        variance=numbers[:, n_samples:].astype(np.float32),
    )


def _numbers(rows: Sequence[_Row], chosen: Sequence[int], *, path: str | Path) -> np.ndarray:
    """Some columns of all rows as numbers that float32 holds, (n, columns) float64."""
    try:
        numbers = np.array([[float(fields[column]) for column in chosen] for _, fields in rows])
    except ValueError:
        numbers = np.full((len(rows), len(chosen)), np.nan)
    numbers = numbers.reshape(len(rows), len(chosen))
    if not np.all((numbers >= 0) & (numbers <= _LARGEST)):
        raise _first_problem(rows, chosen, path=path)
    return numbers


def _first_problem(rows: Sequence[_Row], chosen: Sequence[int], *, path: str | Path) -> DnabertSError:
    """What is wrong with the first cell that is no depth."""
    for line, fields in rows:
        for column in chosen:
            shown = fields[column][:_SHOWN]
            problem = _problem_of(fields[column])
            if problem is not None:
                hint = "depths are numbers from 0 on, in every cell"
                where = f"column {column + 1}: '{shown}' {problem}"
                return DnabertSError(where, path=path, line=line, record=fields[0].split()[0], hint=hint)
    raise AssertionError("every cell is a depth")


def _problem_of(cell: str) -> str | None:
    try:
        number = float(cell)
    except ValueError:
        return "is no number"
    if number < 0:
        return "is negative"
    return None if number <= _LARGEST else "is not finite"
