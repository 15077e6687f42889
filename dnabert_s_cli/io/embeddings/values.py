"""Embeddings as values: a finished table, one chunk of a table in the making, and what must hold for both.

Readers build an `EmbeddingTable` and pass it through `check_table`; pipelines hand an `EmbeddedChunk` to a writer,
which asks `id_lines` for its text columns and thereby checks it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError

ID_COLUMNS = ("id", "length", "tokens", "windows")
UNCERTAINTY = "uncertainty"  # one more column of an ids file, from models that state it
FIRST_LINE = 2  # of the first record in every table with a header
BLOCK_NUMBERS = 1 << 22  # numbers held at once while a table is checked or converted
_UNWRITABLE = re.compile("[\t\n\r]")


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingTable:
    """One row for each record, in input order."""

    ids: Sequence[str]
    lengths_bp: npt.NDArray[np.int64]  # (N,)
    embeddings: npt.NDArray[np.float32]  # (N, D), memory-mapped and read-only when it comes from .npy
    provenance: Mapping[str, object] = field(default_factory=dict)  # empty where none was found


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedChunk:
    """Some consecutive records, embedded."""

    ids: Sequence[str]
    lengths_bp: npt.NDArray[np.int64]  # (B,)
    n_tokens: npt.NDArray[np.int64]  # (B,)
    n_windows: npt.NDArray[np.int64]  # (B,)
    embeddings: npt.NDArray[np.float32]  # (B, D)
    uncertainty: npt.NDArray[np.float32] | None = None  # (B,)


def id_lines(chunk: EmbeddedChunk, *, dim: int) -> list[str]:
    """The columns id, length, tokens and windows of each record, TAB-separated, without line end.

    Uncertainty follows, to four decimals, where the chunk has it.

    Raises:
        ValueError: the arrays do not fit together, or an id cannot stand in a table.
        DnabertSError: an embedding is not finite; names the record.
    """
    n_records = len(chunk.ids)
    counts = (chunk.lengths_bp, chunk.n_tokens, chunk.n_windows)
    if chunk.embeddings.shape != (n_records, dim) or any(column.shape != (n_records,) for column in counts):
        raise ValueError(f"a chunk of {n_records} ids needs {n_records} counts and ({n_records}, {dim}) rows")
    bad_id = next((name for name in chunk.ids if not name or _UNWRITABLE.search(name)), None)
    if bad_id is not None:
        raise ValueError(f"not an id: {bad_id!r}")
    bad_row = first_not_finite(chunk.embeddings)
    if bad_row is not None:
        raise DnabertSError(
            "its embedding holds NaN or infinity", record=chunk.ids[bad_row], hint="try --dtype float32"
        )
    columns = (column.tolist() for column in counts)
    lines = [
        f"{name}\t{length}\t{tokens}\t{windows}"
        for name, length, tokens, windows in zip(chunk.ids, *columns, strict=True)
    ]
    if chunk.uncertainty is None:
        return lines
    return [f"{line}\t{unsure:.4f}" for line, unsure in zip(lines, chunk.uncertainty.tolist(), strict=True)]


def check_table(table: EmbeddingTable, path: Path, *, ids_path: Path | None = None) -> EmbeddingTable:
    """The same table, if each id is there once, lengths are positive and all numbers are finite.

    Args:
        ids_path: the text file that the ids were read from, so that errors can name its lines.

    Raises:
        DnabertSError: the first thing that is wrong, with file, line and record.
    """
    place = ids_path or path
    n_records = len(table.ids)
    if len(table.embeddings) != n_records or len(table.lengths_bp) != n_records:
        raise DnabertSError(
            f"holds {len(table.embeddings)} rows, but there are {n_records} ids"
            f" and {len(table.lengths_bp)} lengths" + ("" if ids_path is None else f" in {ids_path}"),
            path=path,
            hint="the files must come from the same run",
        )
    _check_ids(table.ids, place, has_lines=ids_path is not None)
    for row in np.flatnonzero(table.lengths_bp <= 0)[:1].tolist():
        line = row + FIRST_LINE if ids_path is not None else None
        problem = f"length {table.lengths_bp[row]} is not positive"
        raise DnabertSError(problem, path=place, line=line, record=table.ids[row])
    bad_row = first_not_finite(table.embeddings)
    if bad_row is not None:
        problem = f"row {bad_row + 1} holds NaN or infinity"
        raise DnabertSError(problem, path=path, record=table.ids[bad_row], hint="embed the record again")
    return table


def first_not_finite(rows: npt.NDArray[np.float32]) -> int | None:
    """Index of the first row with NaN or infinity, looking at one block after the other. (N, D) -> row or None."""
    block = max(1, BLOCK_NUMBERS // max(1, rows.shape[1]))
    for start in range(0, len(rows), block):
        finite = np.isfinite(rows[start : start + block])
        if not finite.all():
            return start + int(np.argmin(finite.all(axis=1)))
    return None


def _check_ids(ids: Sequence[str], path: Path, *, has_lines: bool) -> None:
    if len(set(ids)) == len(ids) and "" not in ids:
        return
    seen: dict[str, int] = {}
    for row, name in enumerate(ids):
        line = row + FIRST_LINE if has_lines else None
        if not name:
            raise DnabertSError(f"row {row + 1} has an empty id", path=path, line=line)
        if name in seen:
            first = f"line {seen[name] + FIRST_LINE}" if has_lines else f"row {seen[name] + 1}"
            here = "" if has_lines else f", here in row {row + 1}"
            raise DnabertSError(
                f"duplicate id, first in {first}{here}", path=path, line=line, record=name,
                hint="give each record a name of its own",
            )  # fmt: skip
        seen[name] = row
