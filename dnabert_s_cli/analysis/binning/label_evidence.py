"""Labels of another tool as evidence for edges: as much as they agree with the graph more often than chance has it.

Genus of some contigs, with confidences -> how often both ends of an edge agree, and how often two contigs would by
chance -> edges whose ends agree weigh more, those whose ends do not weigh less, by the likelihood ratio. Labels that
say nothing of the graph, such as shuffled ones, agree as often as chance has it and change nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

MOST_FACTOR = 4.0  # that an edge's weight is multiplied or divided by
LEAST_LABELLED = 50  # edges, weighed by their confidence; of fewer nothing is learnt
_UNLABELLED = -1


def weigh_edges(graph: csr_matrix, labels: NDArray[np.int64], *, confidences: NDArray[np.float64]) -> csr_matrix:
    """The graph with other weights of the edges between labelled contigs; the same graph if nothing was learnt.

    Args:
        graph: symmetric (N, N) weights.
        labels: (N,) number of each one's genus, -1 for none.
        confidences: (N,) 0 to 1, how sure each label is.
    """
    edges = graph.tocoo()
    known = (labels[edges.row] != _UNLABELLED) & (labels[edges.col] != _UNLABELLED)
    sure = np.where(known, confidences[edges.row] * confidences[edges.col], 0.0)
    agrees = labels[edges.row] == labels[edges.col]
    evidence = sure * edges.data
    if sure.sum() / 2 < LEAST_LABELLED or evidence.sum() == 0:
        return graph
    by_chance = _agreement_by_chance(labels, confidences)
    found = float((evidence * agrees).sum() / evidence.sum())
    if not by_chance < found or by_chance >= 1:
        return graph
    ratios = np.where(agrees, np.log(found / by_chance), np.log(max(1 - found, 1e-6) / (1 - by_chance)))
    most = np.log(MOST_FACTOR)
    factors = np.exp(np.clip(ratios, -most, most) * sure)
    return csr_matrix((edges.data * factors, (edges.row, edges.col)), shape=graph.shape)


def _agreement_by_chance(labels: NDArray[np.int64], confidences: NDArray[np.float64]) -> float:
    """How often two contigs drawn at random have one label."""
    known = labels != _UNLABELLED
    shares = np.bincount(labels[known], weights=confidences[known])
    shares = shares / shares.sum()
    return float((shares**2).sum())
