"""Depth along a contig of any length, as the places where it changes: memory follows the reads, not the header.

Starts and ends of aligned stretches, as they come -> now and then sorted, those of one place joined -> runs of equal
depth -> sums of depth and of its square. The numbers are those of an array over all bases.
"""

from __future__ import annotations

import numpy as np

_PENDING = 1 << 20  # changes that wait to be joined with the others


class LongContig:
    """The changes of depth so far."""

    def __init__(self) -> None:
        self._places = np.zeros(0, dtype=np.int64)  # ascending, each once
        self._steps = np.zeros(0, dtype=np.int64)
        self._pending: list[tuple[np.ndarray, int]] = []
        self._n_pending = 0

    def add(self, starts: np.ndarray, ends: np.ndarray) -> None:
        """Add aligned stretches: first base and the base after the last, (n,) int64 each."""
        self._pending += [(starts, 1), (ends, -1)]
        self._n_pending += 2 * len(starts)
        if self._n_pending >= max(_PENDING, len(self._places)):
            self._join()

    def sums(self, begin: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Sum of the depth, and of its square, over the bases from `begin` to before `end`; (1,) int64 each."""
        self._join()
        depth = np.cumsum(self._steps)  # (changes,), from each place on
        runs = np.clip(np.append(self._places, self._places[-1:]), begin, end)
        lengths = np.diff(runs)  # (changes,), as the last place has depth 0 behind it
        return np.array([np.dot(depth, lengths)]), np.array([np.dot(depth * depth, lengths)])

    def _join(self) -> None:
        """Sort all changes, and add up those of one place."""
        places = np.concatenate([self._places, *(at for at, _ in self._pending)])
        steps = np.concatenate([self._steps, *(np.full(len(at), step, np.int64) for at, step in self._pending)])
        self._places, which = np.unique(places, return_inverse=True)
        self._steps = np.zeros(len(self._places), dtype=np.int64)
        np.add.at(self._steps, which, steps)
        self._pending, self._n_pending = [], 0
