"""Communities held against their single-copy genes: parts of one genome joined, several genomes divided.

Labels, graph and marker hits -> communities with almost no marker (islands of foreign composition, as a rule) join
the genome that they hold on to -> communities with many markers twice are divided, if the graph allows it and a nearly
whole genome comes out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..markers.search import MarkerHits
from .communities import divide, edges_between, graph_within
from .quality import bin_quality

CONTAMINATED = 10.0  # percent, from which a community is tried for parts
WHOLE = 50.0  # percent of completeness, from which a community is taken for a genome
UNMARKED = 10.0  # percent of completeness, below which one is no genome of its own
LEAST_CUT = 0.03  # edges to the genome, as a share of all, by which an unmarked community must hold on to it
_MOST_ADDED = 2.5  # percent of contamination that joining may add
_KEPT = 0.8  # of the completeness, that the best part of a division must keep
_PENALTY = 5.0  # a percent of contamination costs as much as five of completeness (Parks et al. 2015)
_RESOLUTIONS = (1.0, 2.0, 4.0, 8.0)
_CUTS = (0.15, 0.3)  # cuts that are no evidence by themselves may be made where markers ask for them


def join_unmarked(graph: csr_matrix, labels: NDArray[np.int64], *, hits: MarkerHits) -> NDArray[np.int64]:
    """Labels after communities without markers have joined a genome; (N,) int64, -1 stays -1.

    A genome's islands differ from it in composition, not in depth, and carry no universal genes. A community below
    `UNMARKED` percent of completeness joins the neighbour that it holds on to most, if more than `LEAST_CUT` of its
    edges lead there, that is a genome of `WHOLE` percent or more, and no markers come twice by it.
    """
    members = np.flatnonzero(labels >= 0)
    if len(members) == 0:
        return labels
    between = edges_between(graph_within(graph, members), labels[members])
    volumes = np.maximum(np.asarray(between.sum(axis=1)).ravel(), np.finfo(float).tiny)
    quality = bin_quality(hits, labels)
    joined = labels.copy()
    for label in np.flatnonzero(quality.completeness < UNMARKED).tolist():
        row = between[label].tocoo()
        is_genome = (row.col != label) & (quality.completeness[row.col] >= WHOLE)
        if not is_genome.any():
            continue
        best = int(np.argmax(np.where(is_genome, row.data, -1)))
        cut, genome = row.data[best] / volumes[label], int(row.col[best])
        if cut > LEAST_CUT:
            both = np.where((labels == label) | (joined == genome), 0, -1)
            if bin_quality(hits, both).contamination[0] <= quality.contamination[genome] + _MOST_ADDED:
                joined[labels == label] = genome
    return np.unique(joined, return_inverse=True)[1] - int((joined < 0).any())


def divide_contaminated(
    graph: csr_matrix,
    labels: NDArray[np.int64],
    *,
    hits: MarkerHits,
    lengths_bp: NDArray[np.int64],
    min_bin_bp: int,
) -> NDArray[np.int64]:
    """Labels, contaminated communities divided where that pays; (N,) int64, -1 stays -1.

    The worth of a division is the sum of completeness - 5 contamination over its parts of at least `min_bin_bp` and
    `WHOLE` percent; it must be more than that of the whole, and one part must keep most of the markers. What a
    division leaves over stays apart: it is where contamination often is.
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
    divisions = [np.zeros(len(members), dtype=np.int64)]
    divisions += [divide(within, greatest_cut=cut, resolution=one) for one in _RESOLUTIONS for cut in _CUTS]
    worths: list[float] = []
    least = 0.0
    for parts in divisions:
        quality = bin_quality(own_hits, parts)
        is_bin = np.bincount(parts, weights=lengths_bp[members]) >= min_bin_bp
        completeness = np.where(is_bin, quality.completeness, 0)
        worth = np.maximum(completeness - _PENALTY * quality.contamination, 0)[completeness >= WHOLE].sum()
        worths.append(float(worth) if completeness.max() >= least else -1.0)
        least = least or _KEPT * float(completeness.max())
    return divisions[int(np.argmax(worths))]
