"""`contigs.tsv`: one row for each contig, for a person who cleans a bin by hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from ..files import atomic_path
from .writing import MISSING

_COLUMNS = (
    *("contig", "length", "bin", "confidence", "second_choice", "circular"),
    *("chimerism", "chimeric_at", "part_before", "part_after"),
)
_NONE = "-"


@dataclass(frozen=True, slots=True)
class ContigRow:
    """One contig.

    Attributes:
        bin: its name; "" for none, as for the other bins.
        confidence: 0 to 1, in its bin against the second choice; NaN where there is no such choice.
        second: the bin that it fits best but its own.
        chimerism: share of its bases that fit another bin; NaN where that was not looked at.
        chimeric_at: base after which it changes genome, 0 for none; `before` and `after` are the bins of both parts.
    """

    name: str
    length_bp: int
    bin: str
    confidence: float
    second: str
    circular: bool
    chimerism: float
    chimeric_at: int = 0
    before: str = ""
    after: str = ""


def write_contig_table(path: str | Path, rows: Iterable[ContigRow]) -> None:
    """TSV with header, lengths and places in bases."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(_COLUMNS) + "\n")
        stream.writelines("\t".join(_cells(row)) + "\n" for row in rows)


def _cells(row: ContigRow) -> tuple[str, ...]:
    place = str(row.chimeric_at) if row.chimeric_at else _NONE
    return (
        *(row.name, str(row.length_bp), row.bin or _NONE, _share(row.confidence), row.second or _NONE),
        *("yes" if row.circular else "no", _share(row.chimerism), place, row.before or _NONE, row.after or _NONE),
    )


def _share(value: float) -> str:
    return f"{value:.4f}" if isfinite(value) else MISSING
