"""What single-copy markers say of bins: how complete, how contaminated, which contigs cannot belong together.

Hits and a label for each contig -> copies of each marker under each label -> completeness and contamination. Two
fragments of one gene on two contigs are one copy: copies are counted where hits overlap on the marker's model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..markers.profiles import ARCHAEA, BACTERIA, BOTH, DOMAINS, MarkerSet
from ..markers.search import MarkerHits

_SLACK = 0.1  # share of the model by which two fragments of one gene may overlap and still be one copy
_GENOMES_QUANTILE = 0.75  # of the copies of the markers: more are missed than found twice


@dataclass(frozen=True, slots=True, eq=False)
class BinQuality:
    """Estimates for L bins.

    Attributes:
        completeness: (L,) float64 percent, 0 to 100.
        contamination: (L,) float64 percent; above 100 where most markers are there three times and more.
        domains: the domain of life by whose markers each was judged.
    """

    completeness: NDArray[np.float64]
    contamination: NDArray[np.float64]
    domains: tuple[str, ...]


def bin_quality(hits: MarkerHits, labels: NDArray[np.int64]) -> BinQuality:
    """Completeness and contamination of the bins 0 to L - 1, where L is one more than the greatest label.

    Completeness is the share of the domain's markers that are present, contamination the number of surplus copies
    over the number of markers; both are means over groups of neighbouring markers, each group weighing one
    (Parks et al. 2015, CheckM, Genome Research 25:1043, "Estimation of genome completeness and contamination").
    We differ in the markers, in using one set for each domain, and in counting fragments of a gene once.

    Args:
        labels: (N,) bin of each contig; negative for none.
    """
    copies = copy_numbers(hits, labels)
    archaeal = _is_archaeal(copies > 0, hits.markers)
    completeness = np.zeros(len(copies))
    contamination = np.zeros(len(copies))
    for domain, chosen in ((BACTERIA, ~archaeal), (ARCHAEA, archaeal)):
        weights = _weights(hits.markers, domain)
        completeness[chosen] = 100 * np.minimum(copies[chosen], 1) @ weights
        contamination[chosen] = 100 * np.maximum(copies[chosen] - 1, 0) @ weights
    return BinQuality(completeness, contamination, tuple(DOMAINS[int(one)] for one in archaeal))


def copy_numbers(hits: MarkerHits, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Copies of each marker under each label, (L, M) int64: the greatest number of hits at one place of the model.

    Args:
        labels: (N,) one for each contig; negative for none.
    """
    labels = np.asarray(labels, dtype=np.int64)
    n_labels = int(labels.max(initial=-1)) + 1
    n_markers = len(hits.markers.names)
    chosen = np.flatnonzero(labels[hits.contig] >= 0)
    cells = labels[hits.contig[chosen]] * n_markers + hits.marker[chosen]
    start, end = _inner_stretch(hits)
    # +1 where a hit begins and -1 after it ends, swept along the model; within a cell these add up to nothing, so
    # that one running sum serves all cells
    places = np.concatenate([start[chosen], end[chosen]])
    steps = np.repeat(np.array([1, -1], dtype=np.int64), len(chosen))
    both_cells = np.concatenate([cells, cells])
    order = np.lexsort((steps, places, both_cells))  # at one place an end comes before a start
    copies = np.zeros(n_labels * n_markers, dtype=np.int64)
    np.maximum.at(copies, both_cells[order], np.cumsum(steps[order]))
    return copies.reshape(n_labels, n_markers)


def conflicting_pairs(
    hits: MarkerHits, contigs: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of contigs that carry the same stretch of the same marker, and so belong to two genomes.

    Memory grows with the square of the number of genomes; give `contigs` to ask about a few.

    Args:
        contigs: positions of those to compare; None for all.

    Returns:
        (P, 2) int64 positions, the lower one first, sorted; (P,) int64 number of markers that they share.
    """
    start, end = _inner_stretch(hits)
    is_asked = np.ones(hits.n_contigs, dtype=bool)
    if contigs is not None:
        is_asked[:] = False
        is_asked[contigs] = True
    found = [np.empty((0, 3), dtype=np.int64)]
    for marker, rows in _rows_by_marker(hits):
        asked = rows[is_asked[hits.contig[rows]]]
        first, second = (asked[side] for side in np.triu_indices(len(asked), k=1))
        overlap = np.minimum(end[first], end[second]) > np.maximum(start[first], start[second])
        clash = overlap & (hits.contig[first] != hits.contig[second])
        first, second = hits.contig[first[clash]], hits.contig[second[clash]]
        found.append(np.stack([first, second, np.full(len(first), marker)], axis=1))
    of_marker = np.unique(np.concatenate(found), axis=0)  # rows are sorted by contig, so the lower one is first
    pairs, n_shared = np.unique(of_marker[:, :2], axis=0, return_counts=True)
    return pairs, n_shared.astype(np.int64)


def estimate_genomes(hits: MarkerHits) -> int:
    """How many genomes the sample holds: bacteria by the third quartile of the copies of their markers, plus archaea.

    Markers of both domains are left out where those of one domain are known, as they would count twice.
    """
    copies = copy_numbers(hits, np.zeros(hits.n_contigs, dtype=np.int64))
    if len(copies) == 0:
        return 0
    domains = np.array(hits.markers.domains)
    sets = [domains == domain for domain in DOMAINS if np.any(domains == domain)] or [domains == BOTH]
    return sum(_quantile(copies[0, one]) for one in sets)


def seed_contigs(
    hits: MarkerHits, lengths_bp: NDArray[np.int64], *, n_genomes: int, n_sets: int
) -> list[NDArray[np.int64]]:
    """Sets of contigs that stand for one genome each: those with one marker, found as often as there are genomes.

    Of markers whose copies are as many as the genomes, or nearly, those on the longest contigs are taken (in bases
    together); only one marker for each set of contigs.

    Args:
        lengths_bp: (N,) of all contigs.
        n_sets: at most.

    Returns:
        (S,) int64 positions in each set, longest contig first; none where no marker is there twice.
    """
    start, end = _inner_stretch(hits)
    found: dict[tuple[int, ...], tuple[int, int]] = {}
    for marker, rows in _rows_by_marker(hits):
        is_whole = 2 * (end[rows] - start[rows]) > hits.markers.lengths[marker]
        contigs = np.unique(hits.contig[rows[is_whole]])
        if len(contigs) > 1:
            rank = (abs(len(contigs) - n_genomes), -int(lengths_bp[contigs].sum()))
            found.setdefault(tuple(contigs.tolist()), rank)
    best = sorted(found, key=lambda contigs: (*found[contigs], contigs))[:n_sets]
    sets = [np.array(contigs, dtype=np.int64) for contigs in best]
    return [contigs[np.argsort(-lengths_bp[contigs], kind="stable")] for contigs in sets]


def _inner_stretch(hits: MarkerHits) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where on its model each hit begins and ends, shortened at both ends by half of the slack, at least a point."""
    trim = hits.markers.lengths[hits.marker] * _SLACK / 2
    middle = (hits.model_start + hits.model_end) / 2
    start = np.minimum(hits.model_start + trim, middle - 0.5)
    end = np.maximum(hits.model_end - trim, middle + 0.5)
    return start, end


def _rows_by_marker(hits: MarkerHits) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Each marker that was found, with the places of its hits in their order."""
    order = np.argsort(hits.marker, kind="stable")
    found, firsts = np.unique(hits.marker[order], return_index=True)
    yield from zip(found.tolist(), np.split(order, firsts[1:]), strict=False)  # no hit at all is split into one part


def _is_archaeal(present: NDArray[np.bool_], markers: MarkerSet) -> NDArray[np.bool_]:
    """(L, M) -> (L,): whether a larger share of the markers of archaea alone is present than of those of bacteria."""
    domains = np.array(markers.domains)
    shares = [present[:, domains == domain].sum(axis=1) / max(1, np.sum(domains == domain)) for domain in DOMAINS]
    archaeal: NDArray[np.bool_] = shares[1] > shares[0]
    return archaeal


def _weights(markers: MarkerSet, domain: str) -> NDArray[np.float64]:
    """(M,) weight of each marker, 0 for those of the other domain: each group weighs the same; sum 1."""
    belongs = np.array([one in (domain, BOTH) for one in markers.domains])
    _, group = np.unique(np.array(markers.groups), return_inverse=True)
    sizes = np.bincount(group, weights=belongs)
    weights = np.where(belongs, 1 / np.maximum(sizes[group], 1), 0.0)
    return weights / max(1.0, float(np.count_nonzero(sizes)))


def _quantile(copies: NDArray[np.int64]) -> int:
    """The third quartile, rounded to a copy number that occurs."""
    return int(np.quantile(copies, _GENOMES_QUANTILE, method="nearest")) if len(copies) else 0
