"""Communities without marker genes joined to the genome that they are a part of.

Labels, graph, space and marker hits -> communities with almost no marker -> for each, the genomes that it has edges
to, that are at least four times its size and in no sample less deep -> the one that it resembles and holds on to most,
if it does so clearly more than any other.

A genome's islands differ from it in composition, and carry no universal genes. Where a species has several strains, the
islands of one strain have the depth of that strain, which is less than that of what all strains share, never more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ..labels import rows_by_label
from ..markers.search import MarkerHits
from .communities import edges_between, graph_within
from .contig_space import ContigSpace
from .quality import bin_quality

WHOLE = 50.0  # percent of completeness, from which a community is taken for a genome
UNMARKED = 10.0  # percent of completeness, below which one is no genome of its own
LEAST_CUT = 0.01  # edges to the genome, as a share of all, by which an unmarked community must hold on to it
_LEAST_COSINE = 0.4  # between the mean of the community and that of the genome
_GREATEST_SHARE = 0.25  # of the genome's bases, that a community may have
_EXCESS = 0.8  # standard deviations of a long contig's depth, by which a community may be deeper than the genome
_COSINE_SCALE = 0.1  # a difference in cosine that weighs as e times as many edges
_LEAST_LEAD = 1.0  # over the next genome, natural logarithm
_MOST_ADDED = 2.5  # percent of contamination that joining may add
_LEAST_RELIABILITY = 0.25
_TINY = np.finfo(float).tiny


@dataclass(frozen=True, slots=True, eq=False)
class _Profile:
    """What the contigs of one community have in common.

    Attributes:
        size_bp: of all.
        mean: (D,) mean vector of unit length, divided by the root of how well it is known.
        depths: (S,) mean, in the points of the space.
    """

    size_bp: int
    mean: NDArray[np.float64]
    depths: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Communities:
    """Communities of a space: rows of each, and the profiles of those that have been asked for."""

    space: ContigSpace
    lengths_bp: NDArray[np.int64]
    rows_of: list[NDArray[np.int64]]
    excess: NDArray[np.float64]
    profiles: dict[int, _Profile] = field(default_factory=dict)

    def profile(self, label: int) -> _Profile:
        """Of one community as it was at first, computed once."""
        if label not in self.profiles:
            rows = self.rows_of[label]
            weights = self.lengths_bp[rows].astype(np.float64)
            depths = weights @ self.space.depths[rows] / weights.sum()
            vectors = self.space.vectors[rows].astype(np.float64)
            self.profiles[label] = _Profile(int(weights.sum()), _known_mean(vectors, weights), depths)
        return self.profiles[label]

    def owner(self, label: int, *, genomes: NDArray[np.int64], cuts: NDArray[np.float64]) -> int | None:
        """The genome, of those given, that a community is a part of; None where that is not clear.

        Args:
            cuts: edges to each genome, as a share of all that the community has.
        """
        own = self.profile(label)
        scores, best = [], -1
        for genome, cut in zip(genomes.tolist(), cuts.tolist(), strict=True):
            other = self.profile(genome)
            cosine = float(own.mean @ other.mean)
            is_deeper = bool((own.depths > other.depths + self.excess).any())
            if is_deeper or own.size_bp > _GREATEST_SHARE * other.size_bp:
                continue
            scores.append(cosine / _COSINE_SCALE + float(np.log(max(cut, _TINY))))
            if scores[-1] == max(scores):
                best = genome if cut > LEAST_CUT and cosine >= _LEAST_COSINE else -1
        scores.sort()
        is_clear = len(scores) < 2 or scores[-1] >= scores[-2] + _LEAST_LEAD
        return best if best >= 0 and is_clear else None


def join_unmarked(
    graph: csr_matrix,
    labels: NDArray[np.int64],
    *,
    hits: MarkerHits,
    lengths_bp: NDArray[np.int64],
    space: ContigSpace,
) -> NDArray[np.int64]:
    """Labels after communities without markers have joined a genome; (N,) int64, -1 stays -1.

    A community below `UNMARKED` percent of completeness joins the genome, of `WHOLE` percent or more, that its edges
    and its mean vector both speak for, unless markers would then come twice.

    Args:
        space: of the contigs.
    """
    members = np.flatnonzero(labels >= 0)
    if len(members) == 0:
        return labels
    between = edges_between(graph_within(graph, members), labels[members])
    volumes = np.maximum(np.asarray(between.sum(axis=1)).ravel(), _TINY)
    quality = bin_quality(hits, labels)
    is_genome = quality.completeness >= WHOLE
    least = space.variances.min(axis=0) if space.n_seen else np.zeros(space.depths.shape[1])
    rows_of = rows_by_label(labels)
    known = _Communities(space, lengths_bp, list(rows_of), _EXCESS * np.sqrt(least.astype(np.float64) / 2))
    joined = labels.copy()
    for label in np.flatnonzero(quality.completeness < UNMARKED).tolist():
        stretch = slice(between.indptr[label], between.indptr[label + 1])
        genomes, weights = between.indices[stretch], between.data[stretch]
        genomes, cuts = genomes[is_genome[genomes]], weights[is_genome[genomes]] / volumes[label]
        genome = known.owner(label, genomes=genomes, cuts=cuts) if len(cuts) and cuts.max() > LEAST_CUT else None
        if genome is None:
            continue
        both = np.sort(np.concatenate([rows_of[genome], rows_of[label]]))
        if _contamination(hits, both, added=rows_of[label]) <= quality.contamination[genome] + _MOST_ADDED:
            joined[rows_of[label]] = genome
            rows_of[genome] = both
    return np.unique(joined, return_inverse=True)[1] - int((joined < 0).any())


def _contamination(hits: MarkerHits, both: NDArray[np.int64], *, added: NDArray[np.int64]) -> float:
    """Contamination of some contigs together, percent; below any limit where those that are added have no marker."""
    if not hits.of_rows(added).n_hits:
        return -np.inf
    return float(bin_quality(hits.of_rows(both), np.zeros(len(both), dtype=np.int64)).contamination[0])


def _known_mean(vectors: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of unit length, over the root of how well it is known. (N, D), (N,) -> (D,).

    Rows of odd and of even rank by weight give two means; with q their cosine, the mean of all is known with
    2 q / (1 + q) (Spearman 1910, Brown 1910). A single row is taken at its word.
    """
    order = np.argsort(-weights, kind="stable")
    first, second = (weights[half] @ vectors[half] for half in (order[::2], order[1::2]))
    agreement = max(0.0, float(_unit(first) @ _unit(second)))
    reliability = max(2 * agreement / (1 + agreement), _LEAST_RELIABILITY) if len(order) > 1 else 1.0
    mean: NDArray[np.float64] = _unit(first + second) / np.sqrt(reliability)
    return mean


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vector / max(float(np.linalg.norm(vector)), _TINY)
    return unit
