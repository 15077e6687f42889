"""Figures of binnings as TSV: one row for each binning, bin, or genome; the header names the columns.

Shares have six decimals; what is not defined, such as the purity of no bins, is NA.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TextIO

from ..files import atomic_path

Value = str | int | float


@dataclass(frozen=True, slots=True)
class BinRow:
    """One bin and the genome that it stands for; shares by bases (bp) and by contigs (seq)."""

    binning: str
    bin: str
    genome: str
    n_contigs: int
    total_bp: int
    completeness_bp: float
    purity_bp: float
    f1_bp: float
    completeness_seq: float
    purity_seq: float


@dataclass(frozen=True, slots=True)
class GenomeRow:
    """One genome, the bin that holds most of its bases, and the best bin by F1 of those that stand for it."""

    binning: str
    genome: str
    n_contigs: int
    total_bp: int
    largest_bin: str
    completeness_bp: float
    completeness_seq: float
    best_bin: str
    best_f1_bp: float


def write_score_rows(stream: TextIO, rows: Sequence[Mapping[str, Value]]) -> None:
    """Write rows that have the same columns; nothing for no rows."""
    if rows:
        stream.write(_line(tuple(rows[0])))
        stream.writelines(_line(tuple(row.values())) for row in rows)


def write_bin_rows(path: str | Path, rows: Iterable[BinRow]) -> None:
    """Write one line for each bin."""
    _write(path, [field.name for field in fields(BinRow)], rows=rows)


def write_genome_rows(path: str | Path, rows: Iterable[GenomeRow]) -> None:
    """Write one line for each genome of each binning."""
    _write(path, [field.name for field in fields(GenomeRow)], rows=rows)


def _write(path: str | Path, names: Sequence[str], *, rows: Iterable[BinRow | GenomeRow]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(_line(names))
        stream.writelines(_line(astuple(row)) for row in rows)


def _line(values: Iterable[Value]) -> str:
    return "\t".join(map(_text, values)) + "\n"


def _text(value: Value) -> str:
    if isinstance(value, float):
        return "NA" if math.isnan(value) else f"{value:.6f}"
    return str(value) or "NA"
