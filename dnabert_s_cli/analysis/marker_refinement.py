"""Communities whose single-copy genes say that they hold several genomes, divided further where the graph allows.

Labels, graph and marker hits -> contaminated communities -> divisions of each at rising resolution -> the division of
which the parts are worth most, if they are worth more than the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from .bin_quality import bin_quality
from .communities import divide, graph_within
from .markers import MarkerHits

CONTAMINATED = 10.0  # percent, from which a community is tried for parts
_PENALTY = 5.0  # a percent of contamination costs as much as five of completeness (Parks et al. 2015)
_RESOLUTIONS = (1.0, 2.0, 4.0, 8.0)
_CUTS = (0.15, 0.3)  # cuts that are no evidence by themselves may be made where markers ask for them


def divide_contaminated(
    graph: csr_matrix,
    labels: NDArray[np.int64],
    *,
    hits: MarkerHits,
    lengths_bp: NDArray[np.int64],
    min_bin_bp: int,
) -> NDArray[np.int64]:
    """Labels, contaminated communities divided where that pays; (N,) int64, -1 stays -1.

    The worth of bins is the sum of completeness - 5 contamination, where that is above 0, over those of at least
    `min_bin_bp`. What a division leaves below that size stays apart: it is where contamination often is.
    """
    labels = labels.copy()
    n_labels = int(labels.max(initial=-1)) + 1
    if n_labels == 0:
        return labels
    sizes_bp = np.bincount(labels[labels >= 0], weights=lengths_bp[labels >= 0], minlength=n_labels)
    quality = bin_quality(hits, labels)
    found = np.flatnonzero((quality.contamination > CONTAMINATED) & (sizes_bp >= min_bin_bp))
    for label in found.tolist():
        members = np.flatnonzero(labels == label)
        parts = _best_division(graph, members, hits=hits, lengths_bp=lengths_bp, min_bin_bp=min_bin_bp)
        moved = parts > 0
        labels[members[moved]] = n_labels + parts[moved] - 1
        n_labels += int(parts.max(initial=0))
    return labels


def _best_division(
    graph: csr_matrix, members: NDArray[np.int64], *, hits: MarkerHits, lengths_bp: NDArray[np.int64], min_bin_bp: int
) -> NDArray[np.int64]:
    """Part of each member, from 0, in the division worth most; all 0 where none is worth more than the whole."""
    within = graph_within(graph, members)
    is_member = np.zeros(graph.shape[0], dtype=bool)
    is_member[members] = True
    own_hits = hits.of_contigs(is_member)
    whole = np.zeros(len(members), dtype=np.int64)
    divisions = [whole]
    divisions += [divide(within, greatest_cut=cut, resolution=one) for one in _RESOLUTIONS for cut in _CUTS]
    worths = []
    for parts in divisions:
        quality = bin_quality(own_hits, parts)
        is_bin = np.bincount(parts, weights=lengths_bp[members]) >= min_bin_bp
        worth = quality.completeness - _PENALTY * quality.contamination
        worths.append(np.maximum(worth[: len(is_bin)], 0)[is_bin[: len(worth)]].sum())
    return divisions[int(np.argmax(worths))]
