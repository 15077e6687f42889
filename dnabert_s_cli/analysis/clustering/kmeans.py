"""k-means as published, and from better starts: unit rows and a number of clusters -> labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

_STARTS = 3
_SPREAD_STARTS = 20
_MAX_ROUNDS = 1_000


def kmeans(unit: NDArray[np.float32], n_clusters: int, *, seed: int) -> NDArray[np.int64]:
    """Cluster of every row: (N,) int64, numbered from 1.

    Source: evaluation of DNABERT-S, Zhou et al. 2024, arXiv 2402.08777: random starts, the best of three, at most
    1,000 rounds. One thread: several add up the centres in an order that changes from run to run.

    Args:
        unit: (N, D) float32, rows of unit length.
        n_clusters: from 1 to N.
    """
    return _best_of(unit, n_clusters, init="random", starts=_STARTS, seed=seed)


def kmeans_plus_plus(unit: NDArray[np.float32], n_clusters: int, *, seed: int) -> NDArray[np.int64]:
    """As `kmeans`, with starts that lie apart, the best of 20: what the vectors give away rather than the starts.

    With random starts 50 clusters that are perfectly apart get an ARI of about .9: some start without a centre.

    Source: k-means++, Arthur and Vassilvitskii 2007, section 2.2.
    """
    return _best_of(unit, n_clusters, init="k-means++", starts=_SPREAD_STARTS, seed=seed)


def _best_of(unit: NDArray[np.float32], n_clusters: int, *, init: str, starts: int, seed: int) -> NDArray[np.int64]:
    """The clusters of the best start."""
    if not 1 <= n_clusters <= len(unit):
        raise ValueError(f"n_clusters must be from 1 to the number of rows, {len(unit)}, not {n_clusters}")
    model = KMeans(n_clusters, init=init, n_init=starts, max_iter=_MAX_ROUNDS, random_state=seed)
    with threadpool_limits(limits=1):
        labels = np.asarray(model.fit_predict(unit), dtype=np.int64)
    return labels + 1
