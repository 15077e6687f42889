"""HDBSCAN over the exact neighbour graph, for which N x N distances are never needed.

Unit rows -> K nearest neighbours -> edges from each dense group to the groups nearest to it, which K neighbours may
not reach -> mutual-reachability distances -> the one minimum spanning tree that the order (weight, i, j) defines ->
parts still apart tied together at the largest distance there is -> the package `hdbscan`, which finds nothing but
that tree in its matrix, condenses it and picks the clusters.
"""

from __future__ import annotations

import hdbscan
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

from ..blocks import block_threads
from ..neighbours import Neighbours, l2_normalize, nearest_neighbours

_LEAST_DISTANCE = 2.0**-11  # float32 cosines tell no smaller distances apart; 0 would be no edge to a sparse matrix
_LARGEST_DISTANCE = 2.0  # between opposite unit vectors
_STEP = 1e-13  # keeps edges of equal weight in their order through any sorting


def hdbscan_clusters(
    unit: NDArray[np.float32],
    *,
    min_cluster_size: int,
    min_samples: int | None = None,
    n_neighbours: int,
    threads: int = 0,
) -> NDArray[np.int64]:
    """Cluster of every row: (N,) int64, from 1 by falling size, then by lowest row; -1 for noise.

    Euclidean distances of unit rows. Source: Campello, Moulavi and Sander 2013 (excess of mass). Differs from
    HDBSCAN on all pairs in that only edges between neighbours, and one between each two neighbouring groups, count.
    Time is that of the neighbours, N^2 D multiplications; the bytes do not depend on `threads`.

    Args:
        unit: (N, D) float32, rows of unit length.
        min_cluster_size: rows, at least 2.
        min_samples: neighbour whose distance is a row's core distance; None takes `min_cluster_size`.
        n_neighbours: edges of each row; raised to `min_samples` where smaller.
    """
    if min_cluster_size < 2:
        raise ValueError(f"min_cluster_size must be at least 2, not {min_cluster_size}")
    min_samples = min_cluster_size if min_samples is None else min_samples
    if min_samples < 1:
        raise ValueError(f"min_samples must be at least 1, not {min_samples}")
    if len(unit) < min_cluster_size:
        return np.full(len(unit), -1, dtype=np.int64)
    neighbours = nearest_neighbours(unit, max(n_neighbours, min_samples), threads=threads)
    lower, higher, cosines = _edges(unit, neighbours, min_group_size=min_cluster_size)
    core = _distances(neighbours.similarities[:, min(min_samples, len(unit) - 1) - 1])
    weights = np.maximum(_distances(cosines), np.maximum(core[lower], core[higher]))
    order = np.argsort(weights, kind="stable")  # edges come by (lower, higher)
    tree = _spanning_tree(weights[order], (lower[order], higher[order]), n_rows=len(unit))
    # min_samples=1 leaves the tree's weights as they are: they are mutual-reachability distances already
    found = hdbscan.HDBSCAN(metric="precomputed", min_cluster_size=min_cluster_size, min_samples=1).fit(tree)
    return _by_size(np.asarray(found.labels_, dtype=np.int64))


def _distances(cosines: NDArray[np.float32]) -> NDArray[np.float64]:
    """Euclidean distances of unit rows of the given cosines."""
    return np.sqrt(np.maximum(2.0 - 2.0 * cosines.astype(np.float64), _LEAST_DISTANCE**2))


def _edges(
    unit: NDArray[np.float32], neighbours: Neighbours, *, min_group_size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Lower row, higher row and cosine of each edge once, in order of the rows."""
    n_rows, n_kept = neighbours.indices.shape
    rows = np.repeat(np.arange(n_rows), n_kept)
    columns = neighbours.indices.ravel()
    keys = np.minimum(rows, columns) * n_rows + np.maximum(rows, columns)
    unique_keys, firsts, counts = np.unique(keys, return_index=True, return_counts=True)
    mutual = np.divmod(unique_keys[counts == 2], n_rows)
    starts, ends, link_cosines = _group_links(unit, mutual, min_size=min_group_size, n_nearest=n_kept)
    link_keys = np.minimum(starts, ends) * n_rows + np.maximum(starts, ends)
    all_cosines = np.concatenate([neighbours.similarities.ravel()[firsts], link_cosines])
    all_keys, firsts = np.unique(np.concatenate([unique_keys, link_keys]), return_index=True)
    lower, higher = np.divmod(all_keys, n_rows)
    return lower, higher, all_cosines[firsts]


def _group_links(
    unit: NDArray[np.float32], mutual: tuple[NDArray[np.int64], NDArray[np.int64]], *, min_size: int, n_nearest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Edges (rows, rows, cosines) between each dense group and the groups with the nearest centres.

    A tight group larger than K has all its neighbours inside; only outliers, whose neighbours lie in several groups,
    would join it to others, and so become part of clusters. Groups are the parts that mutual neighbours form; the
    edge runs between the row of either group that is nearest to the centre of the other.
    """
    graph = coo_matrix((np.ones(len(mutual[0])), mutual), shape=(len(unit), len(unit)))
    _, parts = connected_components(graph, directed=False)
    sizes = np.bincount(parts)
    order = np.argsort(parts, kind="stable")
    groups = [group for group in np.split(order, np.cumsum(sizes)[:-1]) if len(group) >= min_size]
    if len(groups) < 2:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    centres = l2_normalize(np.stack([unit[group].mean(axis=0, dtype=np.float64) for group in groups]))
    nearest = nearest_neighbours(centres, n_nearest, threads=1).indices
    first = np.repeat(np.arange(len(groups)), nearest.shape[1])
    pairs = np.unique(np.sort(np.stack([first, nearest.ravel()], axis=1), axis=1), axis=0)
    with block_threads(1):
        starts = _nearest_to_centres(unit, groups, centres=centres, pairs=pairs)
        ends = _nearest_to_centres(unit, groups, centres=centres, pairs=pairs[:, ::-1])
    cosines = np.einsum("ij,ij->i", unit[starts], unit[ends], dtype=np.float64).astype(np.float32)
    return starts, ends, cosines


def _nearest_to_centres(
    unit: NDArray[np.float32],
    groups: list[NDArray[np.int64]],
    *,
    centres: NDArray[np.float32],
    pairs: NDArray[np.int64],
) -> NDArray[np.int64]:
    """For each pair (A, B) of groups the row of A nearest to the centre of B."""
    rows = np.empty(len(pairs), dtype=np.int64)
    for group in np.unique(pairs[:, 0]):
        places = np.flatnonzero(pairs[:, 0] == group)
        products = unit[groups[group]] @ centres[pairs[places, 1]].T
        rows[places] = groups[group][products.argmax(axis=0)]
    return rows


def _spanning_tree(
    weights: NDArray[np.float64], edges: tuple[NDArray[np.int64], NDArray[np.int64]], *, n_rows: int
) -> coo_matrix:
    """Symmetric sparse (N, N) matrix of the N - 1 edges of the minimum spanning tree of sorted edges.

    Edges go in by rank, so none is equal to another and none is zero.
    """
    lower, higher = edges
    ranks = np.arange(1, len(weights) + 1, dtype=np.float64)
    graph = coo_matrix((ranks, (lower, higher)), shape=(n_rows, n_rows)).tocsr()
    kept = np.sort(minimum_spanning_tree(graph).data.astype(np.int64)) - 1
    _, parts = connected_components(graph, directed=False)
    _, first_rows = np.unique(parts, return_index=True)
    first_rows.sort()
    tree_weights = np.concatenate([weights[kept], np.full(len(first_rows) - 1, _LARGEST_DISTANCE)])
    tree_weights += _STEP * np.arange(n_rows - 1)
    ends = np.concatenate([lower[kept], first_rows[:-1]])
    other_ends = np.concatenate([higher[kept], first_rows[1:]])
    tree = coo_matrix((tree_weights, (ends, other_ends)), shape=(n_rows, n_rows))
    return (tree + tree.T).tocsr()


def _by_size(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber labels 0.. to 1.. by falling size, then by lowest row; -1 stays."""
    clusters, first_rows, sizes = np.unique(labels[labels >= 0], return_index=True, return_counts=True)
    new_labels = np.full(len(clusters) + 1, -1, dtype=np.int64)  # the last one serves -1
    new_labels[np.lexsort((first_rows, -sizes))] = np.arange(1, len(clusters) + 1)
    return new_labels[labels]
