"""Labels given to sequences, on disk: a table of all, TaxVAMB's taxonomy file, and Kraken 2's report.

Rows come a chunk at a time and are written at once, so memory does not grow with their number. Counts of lineages make
the report that Pavian, Krona, Bracken and MultiQC read: a line for each taxon, depth first, the larger first, with
percent of all sequences, sequences in the clade, sequences that end there, rank, taxid, and the name, indented by two
blanks for each step down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from .taxonomy import Lineage, Taxon, label_text

_HEADER = "status\tid\tlabel\tlength\tscore\tmargin\n"
_TAXVAMB_HEADER = "contigs\tpredictions\tscores\n"
_UNCLASSIFIED = "unclassified"
_NO_TAXON = Taxon("U", "unclassified", 0)
_ROOT = Taxon("R", "root", 1)


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


def write_kreport(stream: TextIO, counts: Mapping[Lineage, int], *, n_unclassified: int) -> None:
    """Write the report of sequences counted by the lineage they were given; lines of no sequence are left out."""
    root = _Node(_ROOT)
    for lineage, count in counts.items():
        node = root
        node.n_clade += count
        for taxon in lineage:
            node = node.below.setdefault(taxon, _Node(taxon))
            node.n_clade += count
        node.n_direct += count
    n_all = n_unclassified + root.n_clade
    if n_unclassified:
        stream.write(_line(_Node(_NO_TAXON, n_unclassified, n_unclassified), 0, n_all=n_all))
    if root.n_clade:
        stream.writelines(_line(node, depth, n_all=n_all) for depth, node in _walk(root, 0))


@dataclass(slots=True, eq=False)  # not frozen: counts are added up
class _Node:
    taxon: Taxon
    n_direct: int = 0
    n_clade: int = 0
    below: dict[Taxon, _Node] = field(default_factory=dict)


def _walk(node: _Node, depth: int) -> Iterator[tuple[int, _Node]]:
    yield depth, node
    for below in sorted(node.below.values(), key=lambda one: (-one.n_clade, one.taxon.name)):
        yield from _walk(below, depth + 1)


def _line(node: _Node, depth: int, *, n_all: int) -> str:
    percent = f"{100 * node.n_clade / n_all:6.2f}"
    name = " " * (2 * depth) + node.taxon.name
    return f"{percent}\t{node.n_clade}\t{node.n_direct}\t{node.taxon.rank}\t{node.taxon.taxid}\t{name}\n"
