"""The graph of nearest neighbours of points, its edges weighted by how likely both ends belong together.

Points -> the K nearest others of each, among all up to `EXACT_ROWS` points; beyond, among those in lists around the
same centres and around the next ones -> edges of weight exp(-squared distance), made symmetric. Blocks are searched,
each by one thread, and follow from the points alone, so that the bytes do not depend on how many threads there are.

A list is searched for all its points at once: one matrix product over the points of its neighbouring lists, many
times as fast as each point's own walk through an inverted file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from ...threads import thread_count
from ..blocks import row_blocks

EXACT_ROWS = 25_000  # beyond, lists are searched in less time, and bins come out the same
_BLOCK_ROWS = 2_048
_LISTS_PER_ROOT = 4  # lists, over the root of the number of points
_VOTES = 8  # nearest lists of each point, which say what lists are its own list's neighbours
_PROBED = 32  # lists searched for the points of one
_TRAINING_POINTS = 40  # for each list
_TRAINING_ROUNDS = 6
_LEAST_WEIGHT = 1e-9  # an edge of less weight is no evidence of anything
_EDGE_BYTES = 90  # for each neighbour; measured: 82 at the peak of `find_communities`, 10^5 and 10^6 points
_FIXED_BYTES = 96 << 20  # distances of blocks, differences of those compared
_COMPARED_ROWS = 64  # times candidates times columns differences at once
_AT_ONCE = 4  # blocks being searched, each with a copy of its points

OnProgress = Callable[[int], object]
Compare = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class GraphSize:
    """What a graph will take: `n_bytes` of memory in addition to the points, and whether the search is exact."""

    n_bytes: int
    is_exact: bool


def graph_size(n_points: int, n_columns: int, *, n_neighbours: int) -> GraphSize:
    """What `compared_graph` of two spaces, and finding communities in it, will take, known before it starts."""
    is_exact = n_points <= EXACT_ROWS
    search = 20 * n_points * n_neighbours  # of both spaces positions, of one and of the result distances too
    copied = min(n_points, _BLOCK_ROWS)
    if not is_exact:
        search += 8 * _sample_size(n_points) * n_columns + 16 * n_points * _VOTES
        copied += _PROBED * (n_points // _list_count(n_points))
    blocks = _AT_ONCE * 4 * copied * n_columns
    return GraphSize(max(search, _EDGE_BYTES * n_points * n_neighbours) + blocks + _FIXED_BYTES, is_exact)


def neighbour_graph(
    points: NDArray[np.float32],
    *,
    n_neighbours: int,
    seed: int,
    threads: int = 0,
    on_progress: OnProgress = lambda _: None,
) -> csr_matrix:
    """Symmetric sparse (N, N) float64 weights of edges between near points; the diagonal is empty.

    The weight is exp(-|p - q|^2), halved where only one end counts the other among its nearest.

    Args:
        points: (N, F) float32.
        n_neighbours: K, of each point.
        seed: of the lists' centres, beyond `EXACT_ROWS`.
        on_progress: called with the number of points searched since the last call.
    """
    distances, indices = _search(points, n_neighbours=n_neighbours, seed=seed, threads=threads, on_progress=on_progress)
    return _symmetric(indices, distances)


def compared_graph(
    spaces: Sequence[NDArray[np.float32]],
    compare: Compare,
    *,
    n_neighbours: int,
    seed: int,
    threads: int = 0,
    on_progress: OnProgress = lambda _: None,
) -> csr_matrix:
    """As `neighbour_graph`, of the nearest by a distance that is none between points.

    The K nearest in each of the spaces are compared, and the K nearest of these kept.

    Args:
        spaces: one (N, F) float32 or more; F may differ.
        compare: rows (B,) and others (B, J) to their distances (B, J) float32, none negative; asked by several threads.
        on_progress: called with the number of points searched since the last call, in each space.
    """
    found = [
        _search(points, n_neighbours=n_neighbours, seed=seed, threads=threads, on_progress=on_progress)[1]
        for points in spaces
    ]
    n_points, n_kept = found[0].shape
    indices = np.empty((n_points, n_kept), dtype=np.int32)
    distances = np.empty((n_points, n_kept), dtype=np.float32)

    def choose(block: slice) -> None:
        candidates = np.sort(np.concatenate([one[block] for one in found], axis=1), axis=1)
        apart = compare(np.arange(block.start, block.stop), np.maximum(candidates, 0).astype(np.int64))
        again = np.zeros(candidates.shape, dtype=bool)
        again[:, 1:] = candidates[:, 1:] == candidates[:, :-1]
        apart = np.where(again | (candidates < 0), np.float32(np.inf), apart)
        best = np.argsort(apart, axis=1, kind="stable")[:, :n_kept]
        indices[block] = np.take_along_axis(candidates, best, axis=1)
        distances[block] = np.take_along_axis(apart, best, axis=1)

    with threadpool_limits(limits=1), ThreadPoolExecutor(thread_count(threads)) as pool:
        for _ in pool.map(choose, row_blocks(n_points, _COMPARED_ROWS)):
            pass
    return _symmetric(indices, distances)


def _search(
    points: NDArray[np.float32], *, n_neighbours: int, seed: int, threads: int, on_progress: OnProgress
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Squared distances and positions of the nearest others of each point, (N, K) each; -1 where there are no more."""
    n_points = len(points)
    n_kept = max(0, min(n_neighbours, n_points - 1))
    found = np.empty((n_points, n_kept), dtype=np.int32)
    squared = np.empty((n_points, n_kept), dtype=np.float32)
    if n_kept == 0:
        return squared, found

    def search(block: _Block) -> None:
        faiss.omp_set_num_threads(1)  # of this thread: blocks are shared out, not what is inside
        distances, indices = _nearest(points, block, n_wanted=n_kept + 1)
        squared[block.rows], found[block.rows] = _without_self(distances, indices, rows=block.rows)
        on_progress(len(block.rows))

    with threadpool_limits(limits=1), ThreadPoolExecutor(thread_count(threads)) as pool:
        blocks = _all_pairs(n_points) if n_points <= EXACT_ROWS else _lists(points, seed=seed, pool=pool)
        for _ in pool.map(search, blocks):
            pass
    return squared, found


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Points to search for, (B,) int64, and the lists of points to search among; none for all points."""

    rows: NDArray[np.int64]
    lists: tuple[NDArray[np.int64], ...] = ()


def _all_pairs(n_points: int) -> list[_Block]:
    return [_Block(np.arange(block.start, block.stop)) for block in row_blocks(n_points, _BLOCK_ROWS)]


def _nearest(
    points: NDArray[np.float32], block: _Block, *, n_wanted: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Squared distances and positions of the points nearest to each of a block, (B, K); -1 where there are no more."""
    if not block.lists:
        distances, indices = faiss.knn(points[block.rows], points, n_wanted)
        return distances, indices
    candidates = np.concatenate(block.lists)
    distances, places = faiss.knn(points[block.rows], points[candidates], min(n_wanted, len(candidates)))
    missing = ((0, 0), (0, n_wanted - places.shape[1]))
    return np.pad(distances, missing), np.pad(candidates[places], missing, constant_values=-1)


def _lists(points: NDArray[np.float32], *, seed: int, pool: ThreadPoolExecutor) -> list[_Block]:
    """The points in lists around centres, each list with those nearest to it."""
    n_points = len(points)
    n_lists = _list_count(n_points)
    centres = _centres(points, n_lists, seed=seed)

    def assign(block: slice) -> NDArray[np.int64]:
        faiss.omp_set_num_threads(1)
        nearest: NDArray[np.int64] = faiss.knn(points[block], centres, min(_VOTES, n_lists))[1]
        return nearest

    near = np.concatenate(list(pool.map(assign, row_blocks(n_points, _BLOCK_ROWS))))  # (N, _VOTES)
    ends = np.cumsum(np.bincount(near[:, 0], minlength=n_lists))[:-1]
    members = np.split(np.argsort(near[:, 0], kind="stable"), ends)
    voters = np.repeat(near[:, 0], near.shape[1])
    votes = csr_matrix((np.ones(len(voters), dtype=np.int32), (voters, near.ravel())), shape=(n_lists, n_lists))
    blocks = []
    for own, rows in enumerate(members):
        stretch = slice(votes.indptr[own], votes.indptr[own + 1])
        best = votes.indices[stretch][np.lexsort((votes.indices[stretch], -votes.data[stretch]))][:_PROBED]
        lists = tuple(members[one] for one in best.tolist())
        blocks += [_Block(rows[part], lists) for part in row_blocks(len(rows), _BLOCK_ROWS)]
    return blocks


def _list_count(n_points: int) -> int:
    return int(_LISTS_PER_ROOT * np.sqrt(n_points))


def _sample_size(n_points: int) -> int:
    """Points from which the centres are learnt."""
    return min(n_points, _TRAINING_POINTS * _list_count(n_points))


def _centres(points: NDArray[np.float32], n_lists: int, *, seed: int) -> NDArray[np.float32]:
    """Centres of lists by k-means on a sample, (n_lists, F)."""
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(len(points), _sample_size(len(points)), replace=False))
    means = faiss.Kmeans(points.shape[1], n_lists, niter=_TRAINING_ROUNDS, seed=seed + 1, min_points_per_centroid=1)
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # sums over threads would depend on their number
    try:
        means.train(points[sample])
    finally:
        faiss.omp_set_num_threads(before)
    assert means.centroids is not None, "trained"
    return means.centroids


def _without_self(
    distances: NDArray[np.float32], indices: NDArray[np.int64], *, rows: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Each row's best without the point itself, which a twin may keep from the first place. -> (B, K), (B, K)."""
    is_self = indices == rows[:, None]
    is_self[~is_self.any(axis=1), -1] = True  # not found among its twins: the last place goes instead
    kept = np.argsort(is_self, axis=1, kind="stable")[:, :-1]
    return np.take_along_axis(distances, kept, axis=1), np.take_along_axis(indices, kept, axis=1).astype(np.int32)


def _symmetric(found: NDArray[np.int32], distances: NDArray[np.float32]) -> csr_matrix:
    """The mean of the directed graph of weights exp(-distance) and its transpose."""
    n_points, n_kept = found.shape
    if n_kept == 0:
        return csr_matrix((n_points, n_points), dtype=np.float64)
    weights = np.exp(-np.maximum(distances, 0))
    starts = np.arange(0, n_points * n_kept + 1, n_kept, dtype=np.int64)
    is_edge = (weights >= _LEAST_WEIGHT) & (found >= 0)  # lists can run out of points
    values = np.where(is_edge, weights, 0).astype(np.float64).ravel()
    directed = csr_matrix((values, np.maximum(found, 0).ravel(), starts), shape=(n_points, n_points))
    directed.eliminate_zeros()
    graph = (directed + directed.T) * 0.5
    graph.sort_indices()
    return graph
