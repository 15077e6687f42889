"""What turns clusters of contigs into bins without a label: the geometry, the threshold, and the numbering.

Embeddings and lengths, best with embeddings of both halves of long contigs -> features in which cosines tell this
sample's species apart -> the similarity at which a bin is expected to have its best F1 -> (k-medoid) -> labels ->
bins numbered by size. All weights are bases, not contigs: ten short contigs matter as one ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..blocks import row_blocks
from ..neighbours import l2_normalize, nearest_neighbours

_N_PAIRS = 100_000  # random pairs; a similarity that one pair in a thousand reaches is known within 10 %
_N_THRESHOLDS = 400
_MANY_SPECIES = 10.0  # effective number from which the sample's own covariance describes species in general
_RIDGE = 0.1  # of the mean variance, added to each direction before whitening
_RARE = 1e-4  # least share of the sample that a species is taken to have
_BLOCK_ROWS = 8192
_NEIGHBOUR = 10  # the neighbour that stands for the same species where no halves are given


@dataclass(frozen=True, slots=True, eq=False)
class HalfPairs:
    """Embeddings of the two halves of contigs: pairs that must belong to one species.

    Attributes:
        first, second: (M, D) float32.
        lengths_bp: (M,) int64 length of the whole contig.
    """

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    lengths_bp: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BinningFeatures:
    """What `bin` clusters, and what its threshold follows from.

    Attributes:
        unit: (N, D) float32 rows of unit length (zero where nothing is known).
        halves: unit rows in the same geometry, or None.
        same_species: probability that two random bases of the sample are of one species; 1 over the effective
            number of species.
    """

    unit: NDArray[np.float32]
    halves: HalfPairs | None
    same_species: float


def plain_features(
    embeddings: NDArray[np.float32],
    lengths_bp: NDArray[np.int64],
    *,
    halves: HalfPairs | None = None,
    rng: np.random.Generator,
) -> BinningFeatures:
    """Embeddings scaled to unit length and nothing else, (N, D) -> (N, D): the geometry of upstream's clustering."""
    unit = l2_normalize(embeddings)
    plain_halves = _map_halves(halves, l2_normalize)
    same_species = _same_species(unit, plain_halves, lengths_bp=np.asarray(lengths_bp, dtype=np.int64), rng=rng)
    return BinningFeatures(unit, plain_halves, same_species)


def prepare_features(
    embeddings: NDArray[np.float32],
    lengths_bp: NDArray[np.int64],
    *,
    halves: HalfPairs | None = None,
    rng: np.random.Generator,
) -> BinningFeatures:
    """Unit features of contigs, (N, D) -> (N, D), in the geometry that suits the sample.

    With ten species or more, the mean is subtracted and the covariance, with a ridge, whitened: a few directions
    such as GC content otherwise make up all of a cosine. With fewer, the covariance holds little but the difference
    between those species, whitening would magnify noise, and the rows are only scaled to unit length.

    Args:
        halves: pairs from contigs of every length that `embeddings` has, all or an even sample of them: longer ones
            alone promise a precision that the shorter contigs do not have.
        rng: draws random pairs of contigs.
    """
    lengths_bp = np.asarray(lengths_bp, dtype=np.int64)
    plain = plain_features(embeddings, lengths_bp, halves=halves, rng=rng)
    if plain.same_species * _MANY_SPECIES > 1:
        return plain
    mean, whitening = _whitening(embeddings, lengths_bp)

    def whiten(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        unit_rows = np.empty(rows.shape, dtype=np.float32)
        with threadpool_limits(limits=1):
            for block in row_blocks(len(rows), _BLOCK_ROWS):
                unit_rows[block] = l2_normalize((rows[block] - mean) @ whitening)
        return unit_rows

    return BinningFeatures(whiten(embeddings), _map_halves(halves, whiten), plain.same_species)


def choose_min_similarity(
    features: BinningFeatures, lengths_bp: NDArray[np.int64], *, rng: np.random.Generator
) -> float:
    """Similarity to the centre from which a contig should join a bin, above 0 and below 1; no labels needed.

    At threshold t a bin gathers the share c(t) of its own species and the share r(t) of all bases, so with p the
    share of a species, F1 = 2 p c / (r + p), and t is where that is largest. c comes from the halves, r from random
    pairs, p from `features.same_species`. Two halves of cosine q are two measurements of one contig; their whole
    then correlates with its species by c = sqrt(2 q / (1 + q)) (Spearman 1910, Brown 1910), and with a centre that
    is a mean of unit rows by c times the mean of c. Without halves, the tenth neighbour
    stands for a second measurement.
    """
    lengths_bp = np.asarray(lengths_bp, dtype=np.int64)
    if len(lengths_bp) < 2:
        return 0.5
    own, weights = _own_similarities(features.unit, features.halves, lengths_bp=lengths_bp)
    others = np.sort(_pair_similarities(features.unit, lengths_bp, rng=rng))
    thresholds = _quantiles(own, weights, shares=np.linspace(0.0, 0.99, _N_THRESHOLDS))
    thresholds = np.clip(thresholds - 1e-6, 1e-3, 1.0 - 1e-5)
    order = np.argsort(own, kind="stable")
    below = np.concatenate([[0.0], np.cumsum(weights[order])])
    kept = 1.0 - below[np.searchsorted(own[order], thresholds)]
    gathered = 1.0 - np.searchsorted(others, thresholds) / max(1, len(others))
    return float(thresholds[np.argmax(kept / (gathered + features.same_species))])


def assign_bins(labels: NDArray[np.int64], lengths_bp: NDArray[np.int64], *, min_bin_bp: int) -> NDArray[np.int64]:
    """Bin of every contig: (N,) int64, from 1 by falling size in bases, then by first contig; 0 is unbinned.

    Args:
        labels: (N,) clusters; negative for none.
        min_bin_bp: bases in a cluster from which it becomes a bin.
    """
    labels = np.asarray(labels)
    lengths_bp = np.asarray(lengths_bp, dtype=np.int64)
    clusters, firsts, places = np.unique(labels, return_index=True, return_inverse=True)
    sizes_bp = np.zeros(len(clusters), dtype=np.int64)
    np.add.at(sizes_bp, places, lengths_bp)
    is_bin = (clusters >= 0) & (sizes_bp >= min_bin_bp)
    order = np.lexsort((firsts, -sizes_bp))
    numbers = np.zeros(len(clusters), dtype=np.int64)
    numbers[order[is_bin[order]]] = np.arange(1, np.count_nonzero(is_bin) + 1)
    return numbers[places]


def _same_species(
    unit: NDArray[np.float32],
    halves: HalfPairs | None,
    *,
    lengths_bp: NDArray[np.int64],
    rng: np.random.Generator,
) -> float:
    """Chance that two random bases are of one species: twice that of a similarity which half of the own reach."""
    if len(lengths_bp) < 2:
        return 1.0
    own, weights = _own_similarities(unit, halves, lengths_bp=lengths_bp)
    middle = _quantiles(own, weights, shares=np.array([0.5]))[0] - 1e-6
    others = _pair_similarities(unit, lengths_bp, rng=rng)
    return float(np.clip(2 * np.mean(others >= middle), _RARE, 1.0))


def _own_similarities(
    unit: NDArray[np.float32], halves: HalfPairs | None, *, lengths_bp: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Similarity of contigs to the centre of their species as foreseen, and the contigs' shares of the bases."""
    if halves is not None and len(halves.lengths_bp) > 0:
        lengths_bp = halves.lengths_bp
        cosines = np.einsum("ij,ij->i", halves.first, halves.second, dtype=np.float64)
        reliability = 2 * np.maximum(cosines, 0) / (1 + np.maximum(cosines, 0))
    else:
        nearest = nearest_neighbours(unit, _NEIGHBOUR, threads=1).similarities
        reliability = np.maximum(nearest[:, -1].astype(np.float64), 0)
    weights = lengths_bp / max(1, lengths_bp.sum())
    to_species = np.sqrt(reliability)
    return to_species * (to_species * weights).sum(), weights


def _pair_similarities(
    unit: NDArray[np.float32], lengths_bp: NDArray[np.int64], *, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Cosines of pairs of different contigs drawn by length."""
    first, second = rng.choice(len(unit), (2, _N_PAIRS), p=lengths_bp / lengths_bp.sum())
    different = first != second
    first, second = first[different], second[different]
    cosines = np.empty(len(first))
    for block in row_blocks(len(first), _BLOCK_ROWS):
        cosines[block] = np.einsum("ij,ij->i", unit[first[block]], unit[second[block]], dtype=np.float64)
    return cosines


def _quantiles(
    values: NDArray[np.float64], weights: NDArray[np.float64], *, shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values under which the given shares of the weight lie."""
    order = np.argsort(values, kind="stable")
    places = np.searchsorted(np.cumsum(weights[order]), shares * weights.sum())
    quantiles: NDArray[np.float64] = values[order][np.minimum(places, len(values) - 1)]
    return quantiles


def _whitening(
    embeddings: NDArray[np.float32], lengths_bp: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and symmetric square root (D, D) of the inverse of the ridged covariance, weighted by length."""
    weights = lengths_bp / lengths_bp.sum()
    dim = embeddings.shape[1]
    mean = np.zeros(dim)
    covariance = np.zeros((dim, dim))
    with threadpool_limits(limits=1):
        for block in row_blocks(len(embeddings), _BLOCK_ROWS):
            mean += weights[block] @ embeddings[block]
        for block in row_blocks(len(embeddings), _BLOCK_ROWS):
            centred = embeddings[block] - mean
            covariance += (centred * weights[block, None]).T @ centred
        variances, directions = np.linalg.eigh(covariance)
        variances = np.maximum(variances, 0) + _RIDGE * variances.mean()
        return mean, (directions / np.sqrt(variances)) @ directions.T


def _map_halves(
    halves: HalfPairs | None, change: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> HalfPairs | None:
    return halves and HalfPairs(change(halves.first), change(halves.second), halves.lengths_bp)
