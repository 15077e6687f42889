"""Exact cosine neighbours of every vector, block by block, never an N x N matrix.

Embeddings -> unit rows -> per block of rows: float32 products with all rows -> the few candidates that rounding
cannot rule out -> their cosines again in float64 -> the best K, ties to the lower index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .blocks import block_threads, row_blocks

_ROUNDING = 1e-5  # more than a float32 product of two unit rows of any usual length is off by
_GROUP_ROWS = 64  # a row's values are searched by the maxima of groups of this many
_BLOCK_VALUES = 1 << 25  # products held at once per thread: 128 MiB of float32


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The most similar other rows of each row, best first.

    Attributes:
        similarities: (N, K) float32 cosines, descending.
        indices: (N, K) int64 row numbers; equal similarities in ascending order of row number.
    """

    similarities: NDArray[np.float32]
    indices: NDArray[np.int64]


def l2_normalize(embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
    """Scale each row to unit length; a zero row stays zero. (N, D) float -> (N, D) float32."""
    lengths = np.sqrt(np.einsum("ij,ij->i", embeddings, embeddings, dtype=np.float64, casting="unsafe"))
    lengths[lengths == 0] = 1.0
    unit = np.empty(embeddings.shape, dtype=np.float32)
    np.divide(embeddings, lengths[:, None], out=unit, casting="unsafe")
    return unit


def nearest_neighbours(unit: NDArray[np.float32], n_neighbours: int, *, threads: int = 0) -> Neighbours:
    """The `n_neighbours` rows of largest cosine to each row, the row itself excluded.

    Exact, and the same bytes for every number of threads: N^2 D multiplications in blocks of fixed shape, about
    0.4 GiB a thread. Where more than 4 K + 64 rows tie for the last places within 1e-5, those of lowest index stand
    for all.

    Args:
        unit: (N, D) float32, rows of unit length or zero.
        n_neighbours: K; fewer columns come back when there are fewer other rows.
    """
    n_rows = len(unit)
    n_kept = max(0, min(n_neighbours, n_rows - 1))
    similarities = np.empty((n_rows, n_kept), dtype=np.float32)
    indices = np.empty((n_rows, n_kept), dtype=np.int64)
    if n_kept == 0:
        return Neighbours(similarities, indices)
    unit = np.ascontiguousarray(unit, dtype=np.float32)

    def search(block: slice) -> None:
        similarities[block], indices[block] = _search_block(unit, block, n_kept=n_kept)

    block_rows = min(512, max(16, _BLOCK_VALUES // n_rows))
    with block_threads(threads) as run:
        for _ in run(search, row_blocks(n_rows, block_rows)):
            pass
    return Neighbours(similarities, indices)


def nearest_references(
    queries: NDArray[np.float32], references: NDArray[np.float32], *, n_neighbours: int
) -> Neighbours:
    """The `n_neighbours` references of largest cosine to each query; else as `nearest_neighbours`, on one thread.

    Args:
        queries: (B, D) float32, rows of unit length or zero; B x M products are held at once.
        references: (M, D) float32, the same; indices are its rows.
        n_neighbours: K; fewer columns come back when there are fewer references.
    """
    products = queries @ references.T  # (B, M)
    return Neighbours(*_best(products, queries, references=references, n_kept=min(n_neighbours, len(references))))


def _search_block(
    unit: NDArray[np.float32], block: slice, *, n_kept: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    products = unit[block] @ unit.T  # (B, N)
    local = np.arange(len(products))
    products[local, local + block.start] = -np.inf
    return _best(products, unit[block], references=unit, n_kept=n_kept)


def _best(
    products: NDArray[np.float32], queries: NDArray[np.float32], *, references: NDArray[np.float32], n_kept: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cosines and columns of the best of each row of products, (B, K) each."""
    rows, columns = _candidates(products, n_kept)
    exact = np.einsum("ij,ij->i", queries[rows], references[columns], dtype=np.float64).astype(np.float32)
    order = np.lexsort((columns, -exact, rows))
    firsts = np.searchsorted(rows, np.arange(len(products)))
    best = order[firsts[:, None] + np.arange(n_kept)]  # (B, K)
    return exact[best], columns[best]


def _candidates(products: NDArray[np.float32], n_kept: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Row and column of every product that may be among the best of its row, by row, then column."""
    n_columns = products.shape[1]
    most = 4 * n_kept + 64
    within = products >= (_lower_bounds(products, n_kept) - _ROUNDING)[:, None]
    counts = np.count_nonzero(within, axis=1)
    for row in np.flatnonzero(counts > most):
        within[row] = _thin_ties(products[row], n_kept, most=most)
    rows, columns = np.divmod(np.flatnonzero(within), n_columns)
    return rows, columns


def _lower_bounds(products: NDArray[np.float32], n_kept: int) -> NDArray[np.float32]:
    """(B,) values that at least `n_kept` products of each row reach.

    The K-th largest maximum over disjoint groups of a row is one, close to the K-th largest value and five times
    cheaper than it.
    """
    n_rows, n_columns = products.shape
    n_groups = n_columns // _GROUP_ROWS
    if n_groups > 4 * n_kept:
        grouped = products[:, : n_groups * _GROUP_ROWS].reshape(n_rows, _GROUP_ROWS, n_groups)
        products = grouped.max(axis=1)
    nth = products.shape[1] - n_kept
    bounds: NDArray[np.float32] = np.partition(products, nth, axis=1)[:, nth]
    return bounds


def _thin_ties(row: NDArray[np.float32], n_kept: int, *, most: int) -> NDArray[np.bool_]:
    """(N,) True for the values clearly among the best and for the first of those that tie for the last place."""
    last = np.partition(row, len(row) - n_kept)[len(row) - n_kept]
    clear: NDArray[np.bool_] = row > last + 2 * _ROUNDING
    ties = np.flatnonzero((row >= last - 2 * _ROUNDING) & ~clear)
    clear[ties[:most]] = True
    return clear
