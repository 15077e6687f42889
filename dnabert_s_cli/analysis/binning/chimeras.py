"""Contigs that were joined from two genomes, by the vectors of their windows.

Cosines of a contig's windows with the centres of all bins -> the place that divides the windows best into two parts,
each of one bin -> how much better two bins explain them than any single one does, compared with what whole contigs
reach.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW_BP = 2_500  # measured against 5,000: more is found at 10 kb, and as much at 80 kb
LEAST_BP = 4 * WINDOW_BP  # of a contig that is looked at
# Gain in cosines that a contig of one genome hardly reaches: a constant, and more with each window. Set on chimeras of
# 10 to 80 kb made as benchmarks/chimeras.py does, so that about one whole contig in a hundred passes.
_LEAST_GAIN, _GAIN_OF_WINDOW = 0.2, 0.025


@dataclass(frozen=True, slots=True)
class Joint:
    """Where a contig changes genome.

    Attributes:
        n_before: windows before it.
        before, after: the bin that each part fits best.
        gain: cosines by which two bins explain the windows better than one.
    """

    n_before: int
    before: int
    after: int
    gain: float


def window_ends(length_bp: int) -> NDArray[np.int64]:
    """Where the windows of a contig end; as many as fit, all of about the same length. -> (W,)."""
    n_windows = max(1, length_bp // WINDOW_BP)
    return np.linspace(0, length_bp, n_windows + 1).astype(np.int64)[1:]


def find_joint(cosines: NDArray[np.float32]) -> Joint | None:
    """The joint of a contig; None where it is of one genome, as far as can be told.

    Args:
        cosines: (W, B) of its windows, in order, with the centres of the bins.
    """
    n_windows, n_bins = cosines.shape
    if n_windows < 2 or n_bins < 2:  # a contig of one window, or nothing else that a part could be of
        return None
    sums = np.cumsum(cosines, axis=0, dtype=np.float64)
    before, after = sums[:-1], sums[-1] - sums[:-1]
    both = before.max(axis=1) + after.max(axis=1)
    place = int(both.argmax())
    gain = float(both[place] - sums[-1].max())
    if gain < _LEAST_GAIN + _GAIN_OF_WINDOW * n_windows:
        return None
    return Joint(place + 1, int(before[place].argmax()), int(after[place].argmax()), gain)
