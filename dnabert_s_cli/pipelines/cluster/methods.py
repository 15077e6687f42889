"""The step that `cluster` and `bin` share: vectors to cluster numbers, by the method asked for.

Unit vectors (and, where sequences are at hand, pairs of halves that tell how alike one species is) -> a threshold ->
labels. The threshold is the user's, or chosen from the vectors themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import defaults
from ...analysis.clustering.density import hdbscan_clusters
from ...analysis.clustering.kmeans import kmeans
from ...analysis.clustering.kmedoid import kmedoid
from ...errors import DnabertSError

_LEAST_DENSE = 2  # members of a cluster of hdbscan
KMEDOID, HDBSCAN, KMEANS = "kmedoid", "hdbscan", "kmeans"
CHOSEN = 0  # as a number of clusters: to be chosen from the data


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """How vectors are clustered.

    Args:
        method: kmedoid, hdbscan or kmeans.
        min_similarity: cosine from which a vector belongs to a centre (kmedoid); None to choose it from the data.
        min_cluster_size: members; smaller clusters are dropped (kmedoid, hdbscan).
        n_clusters: how many (kmeans); `CHOSEN` to choose it from the data.
        n_neighbours: per vector, in the graph under hdbscan.
        max_clusters: seeds tried (kmedoid).
        seed: of kmeans' first centres, and of pairs drawn to choose a threshold.
        threads: 0 for all cores.
    """

    method: str = KMEDOID
    min_similarity: float | None = None
    min_cluster_size: int = defaults.MIN_CLUSTER_SIZE
    n_clusters: int | None = None
    n_neighbours: int = defaults.NEIGHBOURS
    max_clusters: int = defaults.MAX_CLUSTERS
    seed: int = defaults.SEED
    threads: int = defaults.THREADS


def cluster_vectors(unit: np.ndarray, options: ClusterOptions) -> np.ndarray:
    """Cluster of each row, numbered from 1; -1 for none. (N, D) float32 unit rows -> (N,) int64.

    `options.min_similarity` must be set for kmedoid, and a number of clusters to be chosen must have been.

    Raises:
        DnabertSError: a number that the method cannot work with.
    """
    if options.method == HDBSCAN:
        if options.min_cluster_size < _LEAST_DENSE:
            hint = f"use a --min-cluster-size of {_LEAST_DENSE} or more, or kmedoid"
            raise DnabertSError(f"hdbscan cannot find clusters of {options.min_cluster_size}", hint=hint)
        return hdbscan_clusters(
            unit,
            min_cluster_size=options.min_cluster_size,
            n_neighbours=options.n_neighbours,
            threads=options.threads,
        )
    if options.method == KMEANS:
        return kmeans(unit, _checked_number(options.n_clusters, len(unit)), seed=options.seed)
    assert options.min_similarity is not None, "the caller chooses it"
    if not 0 < options.min_similarity < 1:
        raise DnabertSError(
            f"similarity {options.min_similarity:g} is not between 0 and 1", hint="correct --min-similarity"
        )
    return kmedoid(
        unit,
        min_similarity=options.min_similarity,
        min_cluster_size=options.min_cluster_size,
        rounds=defaults.KMEDOID_ROUNDS,
        max_clusters=options.max_clusters,
        threads=options.threads,
    )


def _checked_number(n_clusters: int | None, n_rows: int) -> int:
    """The number of clusters, if it was given and there are as many rows."""
    if n_clusters is None:
        raise DnabertSError("kmeans needs a number of clusters", hint="give --clusters, or use kmedoid or hdbscan")
    if n_clusters > n_rows:
        raise DnabertSError(
            f"{n_clusters} clusters asked for, but there are only {n_rows} sequences", hint="use a smaller --clusters"
        )
    return n_clusters
