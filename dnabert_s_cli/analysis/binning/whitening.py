"""The geometry in which one genome's contigs scatter alike in all directions.

Embeddings, and both halves of some contigs -> the covariance of a vector around its own contig -> its inverse square
root. Directions in which one contig differs from itself are noise and shrink; what is left tells species apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ..blocks import row_blocks
from ..neighbours import l2_normalize
from .assignment import HalfPairs

_RIDGE = 0.1  # of the mean variance, added to each direction: halves are fewer than what they would have to fix
_BLOCK_ROWS = 8192


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """An affine map and unit length after it: `mean` (D,), `matrix` (D, D), both float64."""

    mean: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def __call__(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, D) float32 -> (N, D) float32 of unit length; the same bytes for every number of threads."""
        unit = np.empty(rows.shape, dtype=np.float32)
        with threadpool_limits(limits=1):
            for block in row_blocks(len(rows), _BLOCK_ROWS):
                unit[block] = l2_normalize((rows[block] - self.mean) @ self.matrix)
        return unit


def fit_whitening(embeddings: NDArray[np.float32], lengths_bp: NDArray[np.int64], *, halves: HalfPairs) -> Whitening:
    """The map under which the two halves of a contig differ alike in all directions.

    Source: within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006, Interspeech), the class being
    the contig. Contigs weigh by length.

    Args:
        embeddings: (N, D); their mean is subtracted.
        halves: at least one pair; fewer pairs than dimensions are no harm, the ridge stands for the rest.
    """
    weights = lengths_bp / max(1, lengths_bp.sum())
    pair_weights = halves.lengths_bp / max(1, halves.lengths_bp.sum())
    with threadpool_limits(limits=1):
        mean = np.zeros(embeddings.shape[1])
        for block in row_blocks(len(embeddings), _BLOCK_ROWS):
            mean += weights[block] @ embeddings[block]
        differences = (halves.first - halves.second).astype(np.float64) / 2
        within = (differences * pair_weights[:, None]).T @ differences  # (D, D)
        variances, directions = np.linalg.eigh(within)
        mean_variance = variances.mean()
        if mean_variance <= 0:
            return Whitening(mean, np.eye(len(mean)))
        variances = np.maximum(variances, 0) + _RIDGE * mean_variance
        return Whitening(mean, (directions / np.sqrt(variances)) @ directions.T)


def similarity_spread(halves: HalfPairs, whitening: Whitening) -> float:
    """Standard deviation of the cosine between two halves of a contig, by length: how sharp a similarity is."""
    first, second = whitening(halves.first), whitening(halves.second)
    cosines = np.einsum("ij,ij->i", first, second, dtype=np.float64)
    weights = halves.lengths_bp / max(1, halves.lengths_bp.sum())
    mean = float(weights @ cosines)
    return float(np.sqrt(weights @ (cosines - mean) ** 2))
