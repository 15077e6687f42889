"""k-means as the published clustering protocol runs it: unit rows and a number of clusters -> labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

_STARTS = 3
_MAX_ROUNDS = 1_000


def kmeans(unit: NDArray[np.float32], n_clusters: int, *, seed: int) -> NDArray[np.int64]:
    """Cluster of every row: (N,) int64, numbered from 1.

    Source: evaluation of DNABERT-S, Zhou et al. 2024, arXiv 2402.08777: random starts, the best of three, at most
    1,000 rounds. One thread: several add up the centres in an order that changes from run to run.

    Args:
        unit: (N, D) float32, rows of unit length.
        n_clusters: from 1 to N.
    """
    if not 1 <= n_clusters <= len(unit):
        raise ValueError(f"n_clusters must be from 1 to the number of rows, {len(unit)}, not {n_clusters}")
    model = KMeans(n_clusters, init="random", n_init=_STARTS, max_iter=_MAX_ROUNDS, random_state=seed)
    with threadpool_limits(limits=1):
        labels = np.asarray(model.fit_predict(unit), dtype=np.int64)
    return labels + 1
