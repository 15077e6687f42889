"""The report of Kraken 2, which Pavian, Krona, Bracken and MultiQC read.

Counts of lineages -> a tree -> one line a taxon, depth first, the larger first: percent of all sequences, sequences in
the clade, sequences that end there, rank, taxid, name indented by two blanks for each step down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TextIO

from .taxonomy import Lineage, Taxon

_UNCLASSIFIED = Taxon("U", "unclassified", 0)
_ROOT = Taxon("R", "root", 1)


@dataclass(slots=True, eq=False)  # not frozen: counts are added up
class _Node:
    taxon: Taxon
    n_direct: int = 0
    n_clade: int = 0
    below: dict[Taxon, _Node] = field(default_factory=dict)


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
        stream.write(_line(_Node(_UNCLASSIFIED, n_unclassified, n_unclassified), 0, n_all=n_all))
    if root.n_clade:
        stream.writelines(_line(node, depth, n_all=n_all) for depth, node in _walk(root, 0))


def _walk(node: _Node, depth: int) -> Iterator[tuple[int, _Node]]:
    yield depth, node
    for below in sorted(node.below.values(), key=lambda one: (-one.n_clade, one.taxon.name)):
        yield from _walk(below, depth + 1)


def _line(node: _Node, depth: int, *, n_all: int) -> str:
    percent = f"{100 * node.n_clade / n_all:6.2f}"
    name = " " * (2 * depth) + node.taxon.name
    return f"{percent}\t{node.n_clade}\t{node.n_direct}\t{node.taxon.rank}\t{node.taxon.taxid}\t{name}\n"
