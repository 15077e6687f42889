"""DNABERT-S's modified k-medoid, in blocks instead of an N x N matrix.

Unit rows -> density of each row: the sum of its similarities that reach the threshold -> the densest open row seeds
a cluster, whose centre is refined and whose members are taken -> their similarities leave the densities -> next seed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..blocks import RunBlocks, block_threads, row_blocks

_TILE_ROWS = 1024  # rows and columns of one float64 tile of similarities: 8 MiB
_PRODUCT_ROWS = 16384
_ANGLE_SLACK = 1e-3  # radians; a float32 cosine near 1 is off by up to 5e-4


def kmedoid(
    unit: NDArray[np.float32],
    *,
    min_similarity: float,
    min_cluster_size: int,
    rounds: int,
    max_clusters: int,
    threads: int = 0,
) -> NDArray[np.int64]:
    """Cluster of every row: (N,) int64, numbered from 1 in order of seeding, -1 for none.

    Source: DNABERT-S, Zhou et al. 2024, arXiv 2402.08777, modified k-medoid of the binning evaluation; labels are
    those of the published program. Time is N^2 D / 2 multiplications for the densities, N D for each seed, and at
    most N^2 D / 2 for what leaves the densities; memory is some rows more than the input. Two differences: sums are
    float64, so that what leaves a density is what once entered it, and a refinement that would lose every member
    (the mean is not renormalised) ends with the members it had. The bytes do not depend on `threads`.

    Args:
        unit: (N, D) float32, rows of unit length; a zero row is never a member.
        min_similarity: cosine from which a row belongs to a centre, above 0 and below 1.
        min_cluster_size: rows; smaller clusters are dropped when all is done, the others keep their order.
        rounds: times the members are chosen; the centre is their mean from the second on.
        max_clusters: seeds tried, small clusters included.
    """
    if not 0 < min_similarity < 1:
        raise ValueError(f"min_similarity must be above 0 and below 1, not {min_similarity}")
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, not {rounds}")
    labels = np.full(len(unit), -1, dtype=np.int64)
    with block_threads(threads) as run:
        pool = _open_pool(np.ascontiguousarray(unit, dtype=np.float32), min_similarity, run=run)
        for cluster in range(1, max_clusters + 1):
            pool = _without_taken(pool)
            if len(pool.density) == 0 or pool.density.max() <= 0:
                break
            members, seed_angles = _grow(pool, min_similarity, rounds=rounds, run=run)
            labels[pool.rows[members]] = cluster
            _take(pool, members, seed_angles=seed_angles, min_similarity=min_similarity, run=run)
    return _drop_small(labels, min_cluster_size)


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """Rows still open, and some that were taken since they were last cleared out: their density is -inf."""

    rows: NDArray[np.int64]
    vectors: NDArray[np.float32]
    density: NDArray[np.float64]


def _open_pool(unit: NDArray[np.float32], min_similarity: float, *, run: RunBlocks[NDArray[np.float64]]) -> _Pool:
    """All rows with their densities; S is symmetric, so each tile above the diagonal serves rows and columns."""
    n_rows = len(unit)

    def density_from(rows: slice) -> NDArray[np.float64]:
        part = np.zeros(n_rows - rows.start)
        for columns in row_blocks(n_rows - rows.start, _TILE_ROWS):
            tile = _kept_similarities(unit[rows], unit[rows.start :][columns], min_similarity=min_similarity)
            part[: len(tile)] += tile.sum(axis=1)
            if columns.start > 0:
                part[columns] += tile.sum(axis=0)
        return part

    density = np.zeros(n_rows)
    blocks = row_blocks(n_rows, _TILE_ROWS)
    for rows, part in zip(blocks, run(density_from, blocks), strict=True):
        density[rows.start :] += part
    return _Pool(np.arange(n_rows), unit, density)


def _kept_similarities(
    first: NDArray[np.float32], second: NDArray[np.float32], *, min_similarity: float
) -> NDArray[np.float64]:
    """Cosines of two sets of rows, 0 where under the threshold.

    In float64, where the shape of a block cannot tip a cosine over the threshold: each that was added to a density
    is found again when it is subtracted.
    """
    tile: NDArray[np.float64] = first.astype(np.float64) @ second.astype(np.float64).T
    tile *= tile >= min_similarity
    return tile


def _without_taken(pool: _Pool) -> _Pool:
    """The pool itself, or a smaller copy once half of its rows are taken."""
    is_open = pool.density > -np.inf
    if 2 * np.count_nonzero(is_open) > len(is_open):
        return pool
    return _Pool(pool.rows[is_open], pool.vectors[is_open], pool.density[is_open])


def _grow(
    pool: _Pool, min_similarity: float, *, rounds: int, run: RunBlocks[NDArray[np.float32]]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Members of the cluster around the densest row, as places in the pool, and every row's angle to that seed.

    After the first round only rows that the triangle inequality of angles leaves within reach are looked at.
    """
    is_open = pool.density > -np.inf
    seed = int(np.argmax(pool.density))
    similarities = _similarities_to(pool.vectors, pool.vectors[seed], run=run)
    similarities[seed] = 1.0
    seed_angles = np.arccos(np.clip(similarities, -1.0, 1.0))
    members = np.flatnonzero(is_open & (similarities >= min_similarity))
    for _ in range(rounds - 1):
        centre = pool.vectors[members].mean(axis=0, dtype=np.float64)
        length = np.linalg.norm(centre)
        if length < min_similarity:
            break
        drift = np.arccos(np.clip(centre @ pool.vectors[seed] / length, -1.0, 1.0))
        reach = np.arccos(min_similarity / length) + drift + _ANGLE_SLACK
        near = np.flatnonzero(is_open & (seed_angles <= reach))
        similarities = _similarities_to(pool.vectors[near], centre.astype(np.float32), run=run)
        nearest = near[similarities >= min_similarity]
        if len(nearest) == 0:
            break
        members = nearest
    return members, seed_angles


def _similarities_to(
    vectors: NDArray[np.float32], centre: NDArray[np.float32], *, run: RunBlocks[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """(N, D), (D,) -> (N,) float32."""
    if len(vectors) == 0:
        return np.empty(0, dtype=np.float32)

    def product(rows: slice) -> NDArray[np.float32]:
        with np.errstate(invalid="ignore"):  # BLAS may raise the flag for the idle lanes of its last step
            similarities: NDArray[np.float32] = vectors[rows] @ centre
        return similarities

    return np.concatenate(list(run(product, row_blocks(len(vectors), _PRODUCT_ROWS))))


def _take(
    pool: _Pool,
    members: NDArray[np.int64],
    *,
    seed_angles: NDArray[np.float64],
    min_similarity: float,
    run: RunBlocks[NDArray[np.float64]],
) -> None:
    """Subtract the members' similarities from the densities of open rows and mark the members as taken, in place.

    A row whose angle to the seed exceeds the farthest member's by more than the threshold's angle has none.
    """
    pool.density[members] = -np.inf
    reach = seed_angles[members].max() + np.arccos(min_similarity) + _ANGLE_SLACK
    near = np.flatnonzero((pool.density > -np.inf) & (seed_angles <= reach))

    def density_to_members(rows: slice) -> NDArray[np.float64]:
        part = np.zeros(rows.stop - rows.start)
        for columns in row_blocks(len(members), _TILE_ROWS):
            taken = pool.vectors[members[columns]]
            part += _kept_similarities(pool.vectors[near[rows]], taken, min_similarity=min_similarity).sum(axis=1)
        return part

    blocks = row_blocks(len(near), _TILE_ROWS)
    for rows, part in zip(blocks, run(density_to_members, blocks), strict=True):
        pool.density[near[rows]] -= part


def _drop_small(labels: NDArray[np.int64], min_cluster_size: int) -> NDArray[np.int64]:
    """Clusters under the size become -1; the rest are numbered on from 1 in their order."""
    sizes = np.bincount(labels + 1, minlength=2)
    sizes[0] = 0
    kept = np.flatnonzero(sizes >= max(1, min_cluster_size))
    new_labels = np.full(len(sizes), -1, dtype=np.int64)
    new_labels[kept] = np.arange(1, len(kept) + 1)
    return new_labels[labels + 1]
