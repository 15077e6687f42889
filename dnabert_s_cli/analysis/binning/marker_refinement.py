"""Communities that hold several genomes, by their single-copy genes, divided.

Labels, graph and marker hits -> communities with markers twice are divided by the graph or around seeds, and stay
divided where more genomes are expected to be good in the parts than in the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import ndtr

from ..labels import rows_by_label
from ..markers.search import MarkerHits
from .communities import divide, graph_within
from .contig_space import ContigSpace
from .mixture import common_mixture, seeded_means
from .quality import BinQuality, bin_quality, conflicting_pairs, estimate_genomes, seed_contigs

CONTAMINATED = 15.0  # percent, from which a community is tried for parts; those of one genome have up to 10
_KEPT = 0.7  # of the completeness, that the best part of a division must keep
_LEAST_GAIN = 0.2  # genomes that a division must be expected to win
_RESOLUTIONS = (1.0, 2.0, 4.0, 8.0)
_CUTS = (0.15, 0.3)  # cuts that are no evidence by themselves may be made where markers ask for them
_LEAST_APART = 0.35  # in the depths of the space: half of what one contig's depth scatters by
_SEED_SETS = 3  # markers whose copies are tried as seeds
_COMPONENTS = (10, 20)  # principal components in which parts are fitted
_MOST_CLEANED = 30.0  # percent of contamination; above, foreign contigs are no small minority
_STRANGE = 0.3  # share of a community's contigs, those least like its mean, that may be removed one by one
_TINY = np.finfo(float).tiny
_GOOD = ((90.0, 5.0), (50.0, 10.0))  # completeness from, contamination up to
_COMPLETENESS_ERROR, _CONTAMINATION_ERROR = 7.0, 3.0  # standard deviation, percent, of what markers say
_MISSED = 5.0  # percent of completeness that markers of a whole genome miss


@dataclass(frozen=True, slots=True, eq=False)
class Community:
    """One community while it is tried for parts: positions of its contigs, their edges, hits and lengths."""

    members: NDArray[np.int64]
    graph: csr_matrix
    hits: MarkerHits
    lengths_bp: NDArray[np.int64]


def expected_genomes(quality: BinQuality) -> NDArray[np.float64]:
    """How many genomes each bin is expected to count for, (L,): from 0 to 2.

    One for 90 % completeness and at most 5 % contamination and one for 50 % and 10 %, each times the probability that
    what markers say is true, if their errors are normal.
    """
    expected = np.zeros(len(quality.completeness))
    for complete, contaminated in _GOOD:
        is_complete = ndtr((quality.completeness + _MISSED - complete) / _COMPLETENESS_ERROR)
        expected += is_complete * ndtr((contaminated - quality.contamination) / _CONTAMINATION_ERROR)
    return expected


def divide_contaminated(
    graph: csr_matrix,
    labels: NDArray[np.int64],
    *,
    hits: MarkerHits,
    lengths_bp: NDArray[np.int64],
    min_bin_bp: int,
    space: ContigSpace,
) -> NDArray[np.int64]:
    """Labels, contaminated communities divided where that pays; (N,) int64, -1 stays -1.

    The worth of a division is the number of genomes that are expected to be good among its parts of at least
    `min_bin_bp`; it must be more than that of the whole, and one part must keep most of the markers. What a division
    leaves over stays apart: it is where contamination often is.

    Args:
        space: of the contigs; parts are sought in its points too.
    """
    labels = labels.copy()
    n_labels = int(labels.max(initial=-1)) + 1
    if n_labels == 0:
        return labels
    sizes_bp = np.bincount(labels[labels >= 0], weights=lengths_bp[labels >= 0], minlength=n_labels)
    quality = bin_quality(hits, labels)
    found = np.flatnonzero((quality.contamination > CONTAMINATED) & (sizes_bp >= min_bin_bp))
    rows_of = rows_by_label(labels)
    for label in found.tolist():
        members = rows_of[label]
        community = Community(members, graph_within(graph, members), hits.of_rows(members), lengths_bp[members])
        parts = _best_division(community, space, min_bin_bp=min_bin_bp)
        moved = parts > 0
        labels[members[moved]] = n_labels + parts[moved] - 1
        n_labels += int(parts.max(initial=0))
    return labels


def _best_division(community: Community, space: ContigSpace, *, min_bin_bp: int) -> NDArray[np.int64]:
    """Part of each member, from 0, in the division worth most; all 0 where none is worth more than the whole."""
    best = np.zeros(len(community.members), dtype=np.int64)
    quality = bin_quality(community.hits, best)
    least = _KEPT * float(quality.completeness.max())
    most = float(expected_genomes(quality).sum()) + _LEAST_GAIN
    for parts in (*_cut_divisions(community), *_seeded_divisions(community, space), _cleaned(community, space)):
        quality = bin_quality(community.hits, parts)
        sizes_bp = np.bincount(parts, weights=community.lengths_bp, minlength=len(quality.completeness))
        is_bin = sizes_bp[: len(quality.completeness)] >= min_bin_bp
        worth = float(expected_genomes(quality)[is_bin].sum())
        if worth > most and quality.completeness[is_bin].max() >= least:
            best, most = parts, worth
    return best


def _cut_divisions(community: Community) -> Iterator[NDArray[np.int64]]:
    """Divisions of the graph that are worth a trial."""
    for resolution in _RESOLUTIONS:
        for cut in _CUTS:
            yield divide(community.graph, greatest_cut=cut, resolution=resolution)


def _seeded_divisions(community: Community, space: ContigSpace) -> Iterator[NDArray[np.int64]]:
    """Divisions around the copies of a marker, by vectors alone; where depth is known, those that it confirms.

    A genome with many genes twice would otherwise be divided: some division of it always pleases the markers.
    """
    n_genomes = max(2, estimate_genomes(community.hits))
    seed_sets = seed_contigs(community.hits, community.lengths_bp, n_genomes=n_genomes, n_sets=_SEED_SETS)
    weights = community.lengths_bp.astype(np.float64)
    vectors = space.vectors[community.members].astype(np.float64)
    depths = space.depths[community.members].astype(np.float64)
    for seeds in seed_sets:
        means = seeded_means(vectors, weights, seeds=seeds)
        mixtures = [common_mixture(vectors, weights, labels=means, n_components=one) for one in _COMPONENTS]
        for parts in (means, *mixtures):
            if not space.n_seen or _differ(depths, weights, parts=parts):
                yield parts


def _cleaned(community: Community, space: ContigSpace) -> NDArray[np.int64]:
    """The community without single contigs that bring markers twice and resemble it least; 1 for these.

    Contigs are removed as long as that takes away more surplus copies than completeness and bases, in percent. None is
    above `_MOST_CLEANED`: without its doubled markers, a bin of two genomes would look clean and be none.
    """
    parts = np.zeros(len(community.members), dtype=np.int64)
    weights = community.lengths_bp.astype(np.float64)
    vectors = space.vectors[community.members].astype(np.float64)
    cosines = (vectors @ (weights @ vectors)) / np.maximum(np.linalg.norm(vectors, axis=1), _TINY)
    is_strange = cosines < np.quantile(cosines, _STRANGE)
    if bin_quality(community.hits, parts).contamination[0] > _MOST_CLEANED:
        return parts
    while True:
        rows = np.flatnonzero(parts == 0)
        pairs, _ = conflicting_pairs(community.hits.of_rows(rows))
        asked = rows[np.unique(pairs)]
        gains = [_gain(community, parts, row=int(one)) for one in asked[is_strange[asked]]]
        if not gains or max(gains)[0] <= 0:
            return parts
        parts[max(gains)[1]] = 1


def _gain(community: Community, parts: NDArray[np.int64], *, row: int) -> tuple[float, int]:
    """What removing a contig wins, in percent, and the contig."""
    removed = parts.copy()
    removed[row] = 1
    before, after = (bin_quality(community.hits, one) for one in (parts, removed))
    won = float(before.contamination[0] - after.contamination[0])
    lost = float(before.completeness[0] - after.completeness[0])
    return won - lost - 100 * float(community.lengths_bp[row] / community.lengths_bp.sum()), row


def _differ(depths: NDArray[np.float64], weights: NDArray[np.float64], *, parts: NDArray[np.int64]) -> bool:
    """Whether the two largest parts differ in mean depth in some sample, by `_LEAST_APART`."""
    sizes = np.bincount(parts, weights=weights)
    if np.count_nonzero(sizes) < 2:  # a part alone has none to differ from
        return False
    first, second = np.argsort(-sizes, kind="stable")[:2]
    middles = [np.average(depths[parts == one], axis=0, weights=weights[parts == one]) for one in (first, second)]
    return bool(np.abs(middles[0] - middles[1]).max() >= _LEAST_APART)
