"""What each cluster is like: its size, how close it keeps, and the member that stands for it.

Unit rows and labels -> centre of each cluster -> cosine of each member to it -> the mean, and the medoid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..neighbours import l2_normalize


@dataclass(frozen=True, slots=True, eq=False)
class ClusterFigures:
    """Columns of C clusters, by number.

    Attributes:
        numbers: (C,) int64, ascending; -1, no cluster, is not among them.
        sizes: (C,) int64 members.
        total_bp: (C,) int64 bases of all members.
        mean_similarity: (C,) float64 mean cosine of the members to their centre, the mean of their unit vectors.
        medoids: (C,) int64 row of the member with the greatest sum of cosines to all members; of equal ones the first.
    """

    numbers: NDArray[np.int64]
    sizes: NDArray[np.int64]
    total_bp: NDArray[np.int64]
    mean_similarity: NDArray[np.float64]
    medoids: NDArray[np.int64]


def describe_clusters(
    unit: NDArray[np.float32], labels: NDArray[np.int64], *, lengths_bp: NDArray[np.int64]
) -> ClusterFigures:
    """Figures of every cluster from 1 on. (N, D) float32 unit rows, (N,), (N,).

    The sum of a row's cosines to all members is its product with the sum of their rows, so that the medoid needs no
    matrix of pairs: it is the member nearest to the centre.
    """
    order = np.argsort(labels, kind="stable")
    order = order[np.searchsorted(labels[order], 1) :]
    numbers, starts = np.unique(labels[order], return_index=True)
    members = np.split(order, starts[1:]) if len(numbers) else []
    similarity = np.zeros(len(members))
    medoids = np.zeros(len(members), dtype=np.int64)
    with threadpool_limits(limits=1):  # BLAS on one thread: its sums depend on how many it has
        for place, rows in enumerate(members):
            cosines = unit[rows] @ l2_normalize(unit[rows].mean(axis=0, keepdims=True))[0]
            similarity[place] = float(cosines.mean(dtype=np.float64))
            medoids[place] = rows[int(cosines.argmax())]
    return ClusterFigures(
        numbers=numbers.astype(np.int64),
        sizes=np.array([len(rows) for rows in members], dtype=np.int64),
        total_bp=np.array([int(lengths_bp[rows].sum()) for rows in members], dtype=np.int64),
        mean_similarity=similarity,
        medoids=medoids,
    )
