"""Centres of bins in the space of the contigs, and how far contigs are from them.

Contigs of each bin -> mean vector, by length, and median depth, which a few shared regions cannot move -> distances of
contigs from centres, in the unit of `ContigSpace`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..blocks import row_blocks
from ..labels import rows_by_label
from .contig_space import ContigSpace

_BLOCK_ROWS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Centres:
    """Of B bins: `vectors` (B, D) float32, `depths` (B, S) float32."""

    vectors: NDArray[np.float32]
    depths: NDArray[np.float32]

    def of(self, bins: NDArray[np.int64]) -> Centres:
        """Those of some bins."""
        return Centres(self.vectors[bins], self.depths[bins])


@dataclass(frozen=True, slots=True, eq=False)
class Membership:
    """How sure N contigs are in their bins.

    Attributes:
        confidence: (N,) float64, 0 to 1: the chance of the own bin against the second choice; NaN without either.
        second: (N,) int64 the bin nearest to it but its own, from 0; -1 where there is none.
    """

    confidence: NDArray[np.float64]
    second: NDArray[np.int64]


def find_centres(space: ContigSpace, lengths_bp: NDArray[np.int64], *, sets: Sequence[NDArray[np.int64]]) -> Centres:
    """The centre of each set of contigs, none empty."""
    weights = lengths_bp.astype(np.float64)
    vectors = [np.average(space.vectors[one], axis=0, weights=weights[one]) for one in sets]
    depths = [_medians(space.depths[one], weights[one]) for one in sets]
    n_columns = space.vectors.shape[1]
    return Centres(
        np.array(vectors, dtype=np.float32).reshape(len(sets), n_columns),
        np.array(depths, dtype=np.float32).reshape(len(sets), space.depths.shape[1]),
    )


def distances_from(space: ContigSpace, rows: NDArray[np.int64], *, centres: Centres) -> NDArray[np.float32]:
    """Distance of R contigs from B centres, as `ContigSpace.distances` has it. -> (R, B)."""
    own = space.vectors[rows]
    with threadpool_limits(limits=1):
        squared = (own**2).sum(axis=1)[:, None] + (centres.vectors**2).sum(axis=1) - 2 * own @ centres.vectors.T
    n_rows, n_all = len(rows), len(rows) + len(centres.vectors)
    nothing = np.empty((n_all, 0), dtype=np.float32)  # the depths' part alone
    depths = np.concatenate([space.depths[rows], centres.depths])
    variances = np.concatenate([space.variances[rows], np.zeros_like(centres.depths)])  # centres are as good as exact
    points = ContigSpace(nothing, depths, variances, space.n_seen)
    others = np.broadcast_to(np.arange(n_rows, n_all), (n_rows, n_all - n_rows))
    apart: NDArray[np.float32] = points.distances(np.arange(n_rows), others)
    both: NDArray[np.float32] = apart + np.maximum(squared, 0) / space.divisor
    return both


def find_memberships(space: ContigSpace, bins: NDArray[np.int64], *, lengths_bp: NDArray[np.int64]) -> Membership:
    """How sure contigs are in their bins.

    Args:
        bins: (N,) bin of each contig, from 0, every number being there; -1 for none.
    """
    n_bins = int(bins.max(initial=-1)) + 1
    confidence = np.full(len(bins), np.nan)
    second = np.full(len(bins), -1, dtype=np.int64)
    if n_bins == 0:
        return Membership(confidence, second)
    centres = find_centres(space, lengths_bp, sets=rows_by_label(bins))
    for block in row_blocks(len(bins), _BLOCK_ROWS):
        rows = np.arange(len(bins))[block]
        distances = distances_from(space, rows, centres=centres)
        own_bins = bins[rows]
        is_binned = own_bins >= 0
        own = np.where(is_binned, distances[np.arange(len(rows)), own_bins], np.nan)
        distances[is_binned, own_bins[is_binned]] = np.inf
        nearest = distances.argmin(axis=1)
        found = np.isfinite(distances[np.arange(len(rows)), nearest])
        second[rows] = np.where(found, nearest, -1)
        odds = np.clip(own - distances[np.arange(len(rows)), nearest], -50, 50)
        confidence[rows] = np.where(found, 1 / (1 + np.exp(odds)), np.nan)
    return Membership(confidence, second)


def _medians(values: NDArray[np.float32], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """The weighted median of each column. (N, S) -> (S,)."""
    order = np.argsort(values, axis=0, kind="stable")
    sums = np.cumsum(weights[order], axis=0)
    middle = (sums >= weights.sum() / 2).argmax(axis=0)
    columns = np.arange(values.shape[1])
    medians: NDArray[np.float32] = values[order[middle, columns], columns]
    return medians
