"""Labels given to sequences, on disk: a table of all, and the taxonomy file that TaxVAMB and Taxometer read.

Rows come a chunk at a time and are written at once, so memory does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TextIO

from .taxonomy import Lineage, label_text

_HEADER = "status\tid\tlabel\tlength\tscore\tmargin\n"
_TAXVAMB_HEADER = "contigs\tpredictions\tscores\n"
_UNCLASSIFIED = "unclassified"


@dataclass(frozen=True, slots=True)
class Classification:
    """A sequence, the lineage it was given (empty: unclassified) and how certain that is.

    Attributes:
        score: the probability that the label is right; of the narrowest rank where there is none.
        margin: how much more probable the label is than the second.
        scores: the probability at each taxon of the lineage.
    """

    id: str
    length_bp: int
    lineage: Lineage
    score: float
    margin: float
    scores: tuple[float, ...]


class ClassificationTable:
    """TSV with a header: status (C or U), id, label, length, score, margin."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        stream.write(_HEADER)

    def append(self, rows: Iterable[Classification]) -> None:
        """Write some rows."""
        self._stream.writelines(
            f"{'C' if row.lineage else 'U'}\t{row.id}\t{label_text(row.lineage) if row.lineage else _UNCLASSIFIED}"
            f"\t{row.length_bp}\t{row.score:.4f}\t{row.margin:.4f}\n"
            for row in rows
        )


class TaxVambTable:
    """TSV with a header: contigs, predictions, scores; the last two joined by semicolons, one for each rank.

    Unclassified sequences have no line: VAMB takes them for sequences without taxonomy, and some of its releases
    cannot read a line without names.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        stream.write(_TAXVAMB_HEADER)

    def append(self, rows: Iterable[Classification]) -> None:
        """Write the classified ones of some rows."""
        self._stream.writelines(
            f"{row.id}\t{';'.join(taxon.name for taxon in row.lineage)}"
            f"\t{';'.join(f'{score:.4f}' for score in row.scores)}\n"
            for row in rows
            if row.lineage
        )
