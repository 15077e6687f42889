"""How many clusters k-means should make, from the vectors alone.

A sample of the rows, whitened -> k-means for numbers that grow by steps, then for those around the best -> the number
with the greatest mean silhouette.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from .neighbours import l2_normalize

SAMPLE_ROWS = 2_000
_LEAST_MEMBERS = 5  # rows of the sample for each cluster, at least: the greatest number that is tried
_GROWTH = 1.4
_RIDGE = 0.1  # of the mean variance, as where `bin` whitens
_ROUNDS = 50
_STARTS = 3
_ALIKE = 1e-6  # of all rows in every column: nothing to tell apart
_REFINEMENTS = 4


def choose_n_clusters(unit: NDArray[np.float32], *, seed: int) -> int:
    """The number from 2 on with the greatest mean silhouette. (N, D) float32 unit rows.

    1 for fewer than three rows, and for rows that are all alike.

    Source: Rousseeuw 1987, J. Comput. Appl. Math. 20, 53-65, on squared distances (2 minus twice the cosine) of at most
    `SAMPLE_ROWS` rows, so that memory stays bounded; clusters with fewer than five rows among these are not told apart.
    The rows are whitened first: as they are, the few directions in which all DNA differs, such as GC, make two the best
    number always.
    """
    rng = np.random.default_rng(seed)
    if len(unit) < 3 or np.ptp(unit, axis=0).max() < _ALIKE:
        return 1
    rows = np.sort(rng.permutation(len(unit))[:SAMPLE_ROWS])
    sample = _whitened(unit[rows])
    most = max(len(sample) // _LEAST_MEMBERS, 2)
    with threadpool_limits(limits=1):  # BLAS on one thread: its sums depend on how many it has
        distances = np.maximum(2 - 2 * (sample @ sample.T), 0)
        np.fill_diagonal(distances, 0)
        scores: dict[int, float] = {}
        for number in _growing(min(most, len(sample) - 1)):
            scores[number] = _silhouette(sample, distances, n_clusters=number, seed=seed)
        for _ in range(_REFINEMENTS):
            for number in _around_best(scores):
                scores[number] = _silhouette(sample, distances, n_clusters=number, seed=seed)
    return _best(scores)


def _best(scores: dict[int, float]) -> int:
    return max(scores, key=lambda number: (scores[number], -number))


def _around_best(scores: dict[int, float]) -> list[int]:
    """Numbers halfway from the best to its neighbours that have not been tried."""
    tried = sorted(scores)
    best = tried.index(_best(scores))
    middles = [(low + high) // 2 for low, high in pairwise(tried[max(best - 1, 0) : best + 2])]
    return [number for number in middles if number not in scores]


def _whitened(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit rows whose directions vary alike, but for a ridge. (N, D) -> (N, D)."""
    with threadpool_limits(limits=1):
        centred = rows - rows.mean(axis=0)
        variances, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64) / max(len(rows), 1))
        variances = np.maximum(variances, 0) + _RIDGE * variances.mean()
        return l2_normalize((centred @ ((directions / np.sqrt(variances)) @ directions.T)).astype(np.float32))


def _growing(most: int) -> list[int]:
    numbers = [2]
    while numbers[-1] < most:
        numbers.append(min(max(numbers[-1] + 1, round(numbers[-1] * _GROWTH)), most))
    return numbers


def _silhouette(sample: NDArray[np.float32], distances: NDArray[np.float32], *, n_clusters: int, seed: int) -> float:
    """Mean silhouette; -1 where k-means found one cluster only, as in rows that are all alike."""
    model = KMeans(n_clusters, init="k-means++", n_init=_STARTS, max_iter=_ROUNDS, random_state=seed)
    labels = model.fit_predict(sample)
    if not 1 < len(np.unique(labels)) < len(sample):
        return -1.0
    return float(silhouette_score(distances, labels, metric="precomputed"))
