"""What follows from the number of a step alone: its phase and its learning rate.

Steps are counted from 0 over the whole run. The curriculum is cut by shares of the number of steps, never by epochs, so
that any length works; a run that is resumed anywhere has the phase and rate of an uninterrupted one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from .config import LrSchedule

CLEAN, MIXED = 1, 2  # phase I and phase II


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Steps 0 to `n_clean` - 1 are phase I (clean views), the others up to `n_steps` phase II (mixed)."""

    n_steps: int
    n_clean: int

    def phase(self, step: int) -> int:
        """`CLEAN` or `MIXED`."""
        return CLEAN if step < self.n_clean else MIXED

    def describe(self) -> str:
        """Which steps are of which phase, for the log; steps are counted from 1 there."""
        n_mixed = self.n_steps - self.n_clean
        phases = []
        if self.n_clean:
            phases.append(f"phase I (clean views) in {_steps(1, self.n_clean)}")
        if n_mixed:
            phases.append(f"phase II (mixed views) in {_steps(self.n_clean + 1, self.n_steps)}")
        return ", ".join(phases)


def plan_curriculum(n_steps: int, fraction: Fraction) -> Curriculum:
    """Share out the steps of a run.

    A fraction of 0 or 1 leaves out a phase. With any other, each phase has at least one step; of a single step only
    phase I is left.
    """
    if fraction in (0, 1):
        return Curriculum(n_steps, n_steps * int(fraction))
    rounded = math.floor(fraction * n_steps + Fraction(1, 2))
    return Curriculum(n_steps, max(min(rounded, n_steps - 1), 1))


def rate_factor(step: int, *, n_steps: int, warmup_steps: int, schedule: LrSchedule) -> float:
    """What the learning rate of a step is multiplied by: up in a line, then constant or down along half a cosine."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    if schedule == "constant":
        return 1.0
    done = (step - warmup_steps) / max(n_steps - warmup_steps, 1)
    return 0.5 * (1 + math.cos(math.pi * done))


def _steps(first: int, last: int) -> str:
    return f"step {first:,}" if first == last else f"steps {first:,} to {last:,}"
