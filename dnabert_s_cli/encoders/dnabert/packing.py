"""Batches without padding: windows of similar length laid end to end.

A batch is cut from the windows sorted by length, so windows of equal length stand together; such a run is a
rectangle that attention can take at once, and everything else works on the flat row of tokens:

    tokens   [ a a a a | b b b b | c c c | d ]   T = 12
    runs       (start 0, 2 x 4)   (8, 1 x 3) (11, 1 x 1)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring sequences of one length in a packed batch: `n_sequences` of `length` tokens from `start` on."""

    start: int
    n_sequences: int
    length: int

    @property
    def end(self) -> int:
        """First token after the run."""
        return self.start + self.n_sequences * self.length


@dataclass(frozen=True, slots=True, eq=False)
class PackedBatch:
    """B sequences laid end to end: `token_ids` (T,) int64 on the device, `lengths` (B,) in the same order."""

    token_ids: Tensor
    lengths: tuple[int, ...]

    @property
    def runs(self) -> tuple[Run, ...]:
        """Maximal runs of equal length, in order."""
        return equal_length_runs(self.lengths)


def pack(windows: Sequence[np.ndarray], device: torch.device) -> PackedBatch:
    """Lay token windows end to end, in the order given."""
    flat = torch.from_numpy(np.concatenate(windows).astype(np.int64))  # (T,)
    if device.type == "cuda":
        flat = flat.pin_memory()  # copied while the device still computes the batch before
    return PackedBatch(flat.to(device, non_blocking=True), tuple(len(window) for window in windows))


def equal_length_runs(lengths: Sequence[int]) -> tuple[Run, ...]:
    """Maximal runs of equal neighbouring lengths, in order."""
    runs: list[Run] = []
    start = 0
    for length in lengths:
        if runs and runs[-1].length == length:
            runs[-1] = Run(runs[-1].start, runs[-1].n_sequences + 1, length)
        else:
            runs.append(Run(start, 1, length))
        start += length
    return tuple(runs)


def token_batches(lengths: np.ndarray, batch_tokens: int) -> list[np.ndarray]:
    """Partition windows into batches of similar length. (N,) -> index arrays, longest windows first.

    A batch holds at most `batch_tokens` tokens, or one window that is longer than that. The longest come first, so
    that a budget beyond the device's memory shows at once.
    """
    order = np.argsort(-lengths, kind="stable")
    batches: list[np.ndarray] = []
    first, n_tokens = 0, 0
    for position, index in enumerate(order):
        if position > first and n_tokens + lengths[index] > batch_tokens:
            batches.append(order[first:position])
            first, n_tokens = position, 0
        n_tokens += int(lengths[index])
    if first < len(order):
        batches.append(order[first:])
    return batches


def mean_per_sequence(hidden: Tensor, runs: Sequence[Run]) -> Tensor:
    """Mean over each sequence's tokens, in float32. (T, D) -> (B, D)."""
    parts = torch.split(hidden, [run.n_sequences * run.length for run in runs])  # one backward for all of them
    means = [
        part.view(run.n_sequences, run.length, -1).mean(dim=1, dtype=torch.float32)
        for run, part in zip(runs, parts, strict=True)
    ]
    return torch.cat(means)  # (B, D)
