"""Contigs too short to help forming communities, which join those that their neighbours are in.

Graph over all contigs, labels of the long ones -> for each short contig the weight of its edges to each community ->
the community of most weight, where that is most of all.

Short contigs have noisy vectors and noisy depth: among their edges many lead to other genomes. As nodes they would blur
the cut between two communities; asked one by one, each only risks itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

LEAST_SHARE = 0.5  # of the weight of a contig's edges to long contigs, that lead to the community it joins


def recruit(graph: csr_matrix, labels: NDArray[np.int64], *, waiting: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Labels after the contigs that wait have joined; (N,) int64, -1 for those that join none.

    Edges to contigs of no community count as a community that cannot be joined.

    Args:
        labels: (N,) of communities, -1 for none; those of the waiting ones do not count.
        waiting: (N,) the contigs to ask.
    """
    rows = np.flatnonzero(waiting)
    known = np.flatnonzero(~waiting)
    n_columns = int(labels.max(initial=-1)) + 2  # the first is for no community
    shape = (graph.shape[0], n_columns)
    member = csr_matrix((np.ones(len(known)), (known, labels[known] + 1)), shape=shape)
    votes = (graph[rows] @ member).tocoo()
    totals = np.bincount(votes.row, weights=votes.data, minlength=len(rows))
    joined: np.ndarray = labels.copy()
    joined[rows] = -1
    order = np.lexsort((-votes.col, votes.data, votes.row))  # the last of each row is its best
    best, row, weight = votes.col[order] - 1, votes.row[order], votes.data[order]
    wins = (best >= 0) & (weight >= LEAST_SHARE * totals[row]) & np.append(row[1:] != row[:-1], True)[: len(row)]
    joined[rows[row[wins]]] = best[wins]
    return joined
