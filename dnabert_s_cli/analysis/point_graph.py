"""The graph of nearest neighbours of points, its edges weighted by how likely both ends belong together.

Points -> the K nearest others of each, exactly up to `EXACT_ROWS` points and by an inverted file beyond -> edges of
weight exp(-squared distance), made symmetric. Blocks of fixed size are searched, each by one thread, so that the bytes
do not depend on how many threads there are.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from .blocks import row_blocks, thread_count

EXACT_ROWS = 150_000  # beyond, all pairs would take more than some minutes on two cores
_BLOCK_ROWS = 2_048
_LISTS_PER_ROOT = 4  # lists of the inverted file, over the root of the number of points
_PROBED = 24  # lists searched for each point
_TRAINING_POINTS = 40  # for each list
_TRAINING_ROUNDS = 6
_LEAST_WEIGHT = 1e-9  # an edge of less weight is no evidence of anything
_COPIES = 4  # of the edges, held at once while they are sorted and made symmetric

OnProgress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class GraphSize:
    """What a graph will take: `n_bytes` of memory at most, and whether the search is exact."""

    n_bytes: int
    is_exact: bool


def graph_size(n_points: int, n_columns: int, *, n_neighbours: int) -> GraphSize:
    """What `neighbour_graph` will take, known before it starts."""
    points = 2 * 4 * n_points * n_columns  # in the caller's array and in the index
    edges = n_points * n_neighbours * (4 + 8) + _COPIES * n_points * n_neighbours * (4 + 8)
    return GraphSize(points + edges, n_points <= EXACT_ROWS)


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
        seed: of the inverted file's centres, beyond `EXACT_ROWS`.
        on_progress: told how many points were searched since the last call.
    """
    n_points = len(points)
    n_kept = min(n_neighbours, n_points - 1)
    if n_kept < 1:
        return csr_matrix((n_points, n_points), dtype=np.float64)
    index = _exact_index(points) if n_points <= EXACT_ROWS else _inverted_index(points, seed=seed)
    found = np.empty((n_points, n_kept), dtype=np.int32)
    weights = np.empty((n_points, n_kept), dtype=np.float32)

    def search(block: slice) -> None:
        faiss.omp_set_num_threads(1)  # of this thread: blocks are shared out, not what is inside
        distances, indices = index.search(points[block], n_kept + 1)
        found[block], weights[block] = _without_self(distances, indices, first=block.start)
        on_progress(block.stop - block.start)

    with threadpool_limits(limits=1), ThreadPoolExecutor(thread_count(threads)) as pool:
        for _ in pool.map(search, row_blocks(n_points, _BLOCK_ROWS)):
            pass
    return _symmetric(found, weights)


def _exact_index(points: NDArray[np.float32]) -> faiss.Index:
    index = faiss.IndexFlatL2(points.shape[1])
    index.add(points)
    return index


def _inverted_index(points: NDArray[np.float32], *, seed: int) -> faiss.Index:
    """Points in lists around centres; a search looks into the nearest few lists."""
    n_lists = int(_LISTS_PER_ROOT * np.sqrt(len(points)))
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(points.shape[1]), points.shape[1], n_lists)
    index.cp.seed = seed + 1
    index.cp.niter = _TRAINING_ROUNDS
    index.nprobe = _PROBED
    rng = np.random.default_rng(seed)
    sample = np.sort(rng.choice(len(points), min(len(points), _TRAINING_POINTS * n_lists), replace=False))
    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # sums over threads would depend on their number
    try:
        with threadpool_limits(limits=1):
            index.train(points[sample])
            index.add(points)
    finally:
        faiss.omp_set_num_threads(before)
    return index


def _without_self(
    distances: NDArray[np.float32], indices: NDArray[np.int64], *, first: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Each row's best without the point itself, which a twin may keep from the first place. -> (B, K), (B, K)."""
    rows = np.arange(first, first + len(indices))
    is_self = indices == rows[:, None]
    is_self[~is_self.any(axis=1), -1] = True  # not found among its twins: the last place goes instead
    kept = np.argsort(is_self, axis=1, kind="stable")[:, :-1]
    chosen = np.take_along_axis(indices, kept, axis=1)
    weights = np.exp(-np.maximum(np.take_along_axis(distances, kept, axis=1), 0))
    weights[chosen < 0] = 0  # an inverted file can run out of points
    return np.maximum(chosen, 0).astype(np.int32), weights.astype(np.float32)


def _symmetric(found: NDArray[np.int32], weights: NDArray[np.float32]) -> csr_matrix:
    """The mean of the directed graph and its transpose."""
    n_points, n_kept = found.shape
    starts = np.arange(0, n_points * n_kept + 1, n_kept, dtype=np.int64)
    values = np.where(weights >= _LEAST_WEIGHT, weights, 0).astype(np.float64).ravel()
    directed = csr_matrix((values, found.ravel(), starts), shape=(n_points, n_points))
    directed.eliminate_zeros()
    graph = (directed + directed.T) * 0.5
    graph.sort_indices()
    return graph
