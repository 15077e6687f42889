"""Communities of a weighted graph that are as good as cut off from each other, however many and however large.

Graph -> communities of greatest modularity (Louvain) -> neighbours that hold on to each other too strongly are put
together again -> each community on its own is tried once more, and stays in parts where those are cut off.

Modularity alone divides everything, even one genome, and in a large graph it cannot see small communities (Fortunato
and Barthelemy 2007). The cut between two communities, as a share of the smaller one's edges, does not depend on how
large the graph is: cuts through one genome are above a tenth, cuts between species far below.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sknetwork.clustering import Louvain

SparseGraph = csr_matrix  # symmetric weights without diagonal
GREATEST_CUT = 0.1  # measured: mostly above 0.2 through one genome, 0 to 0.06 between species that can be separated
_LEAST_NODES = 3  # fewer are not tried for parts


def find_communities(graph: csr_matrix, *, greatest_cut: float = GREATEST_CUT) -> NDArray[np.int64]:
    """Community of each node, (N,) int64 from 0, numbered by their first node. Deterministic.

    Args:
        graph: symmetric (N, N) weights without diagonal.
        greatest_cut: two communities are one when the edges between them are a larger share than this of the edges
            of the smaller.
    """
    return find_communities_within(graph, np.zeros(graph.shape[0], dtype=np.int64), greatest_cut=greatest_cut)


def find_communities_within(
    graph: csr_matrix, given: NDArray[np.int64], *, greatest_cut: float = GREATEST_CUT
) -> NDArray[np.int64]:
    """As `find_communities`, in each given part by itself. (N,) -> (N,), -1 stays -1.

    Args:
        given: (N,) part of each node, -1 for none.
    """
    given = np.unique(given, return_inverse=True)[1] - int((given < 0).any()) if len(given) else given
    labels = given.astype(np.int64)
    n_labels = int(labels.max(initial=-1)) + 1
    waiting = [np.flatnonzero(labels == label) for label in range(n_labels)]
    while waiting:
        nodes = waiting.pop()
        parts = divide(graph_within(graph, nodes), greatest_cut=greatest_cut)
        n_parts = int(parts.max(initial=-1)) + 1
        if n_parts < 2:
            continue
        ends = np.cumsum(np.bincount(parts))[:-1]
        for part, members in enumerate(np.split(nodes[np.argsort(parts, kind="stable")], ends)):
            if part:
                labels[members] = n_labels
                n_labels += 1
            if len(members) >= _LEAST_NODES:
                waiting.append(members)
    return _by_first_node(labels)


def graph_within(graph: csr_matrix, nodes: NDArray[np.int64]) -> csr_matrix:
    """The edges among some nodes, given in rising order. (N, N) -> (M, M).

    Takes time in proportion to their edges; `graph[nodes][:, nodes]` would take it for all N columns, each time.
    """
    if len(nodes) == graph.shape[0]:
        return graph
    rows = graph[nodes]
    places = np.minimum(np.searchsorted(nodes, rows.indices), len(nodes) - 1).astype(np.int32)
    inside = nodes[places] == rows.indices
    starts = np.concatenate([[0], np.cumsum(inside)])[rows.indptr]
    return csr_matrix((rows.data[inside], places[inside], starts), shape=(len(nodes), len(nodes)))


def divide(graph: csr_matrix, *, greatest_cut: float, resolution: float = 1.0) -> NDArray[np.int64]:
    """One division of a graph: Louvain at this resolution, then what is not cut off is merged. -> (N,) from 0."""
    if graph.nnz == 0:
        return np.arange(graph.shape[0], dtype=np.int64)
    found = Louvain(resolution=resolution, random_state=0, shuffle_nodes=False).fit_predict(graph)
    return _by_first_node(merge_uncut(graph, found.astype(np.int64), greatest_cut=greatest_cut))


def merge_uncut(graph: csr_matrix, labels: NDArray[np.int64], *, greatest_cut: float) -> NDArray[np.int64]:
    """Labels after communities that hold on to each other were put together, pairs that are each other's best first."""
    labels = labels.copy()
    between = edges_between(graph, labels)
    while True:
        volumes = np.maximum(np.asarray(between.sum(axis=1)).ravel(), np.finfo(float).tiny)
        edges = between.tocoo()
        outer = edges.row != edges.col
        rows, columns = edges.row[outer], edges.col[outer]
        cuts = edges.data[outer] / np.minimum(volumes[rows], volumes[columns])
        best = _best_partner(rows, columns, cuts=cuts, n_communities=len(volumes), least=greatest_cut)
        firsts = np.flatnonzero((best >= 0) & (best[best] == np.arange(len(best))) & (np.arange(len(best)) < best))
        if len(firsts) == 0:
            return labels
        renamed = np.arange(len(best))
        renamed[best[firsts]] = firsts
        renamed = np.unique(renamed, return_inverse=True)[1].astype(np.int64)
        labels = renamed[labels]
        between = edges_between(between, renamed)


def edges_between(graph: csr_matrix, labels: NDArray[np.int64]) -> csr_matrix:
    """Sums of weights within and between communities. (N, N) -> (C, C)."""
    n_nodes = len(labels)
    n_communities = int(labels.max(initial=-1)) + 1
    member = csr_matrix((np.ones(n_nodes), (np.arange(n_nodes), labels)), shape=(n_nodes, n_communities))
    return csr_matrix(member.T @ graph @ member)


def _best_partner(
    rows: NDArray[np.int32], columns: NDArray[np.int32], *, cuts: NDArray[np.float64], n_communities: int, least: float
) -> NDArray[np.int64]:
    """The community that each holds on to most, of those above the least cut; -1 for none. Ties: the lower number."""
    best = np.full(n_communities, -1, dtype=np.int64)
    strong = cuts > least
    order = np.lexsort((-columns[strong], cuts[strong], rows[strong]))  # the last of each row is its best
    best[rows[strong][order]] = columns[strong][order]
    return best


def _by_first_node(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same partition, numbered in the order of each part's first node."""
    found, firsts, places = np.unique(labels, return_index=True, return_inverse=True)
    firsts[found < 0] = -1  # those in no community stay -1
    rank = np.empty(len(firsts), dtype=np.int64)
    rank[np.argsort(firsts, kind="stable")] = np.arange(len(firsts)) - int((found < 0).any())
    return rank[places]
