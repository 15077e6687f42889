"""Seeds of one step, from the run's seed and the step's number: a resumed run needs no state of generators.

(seed, step, ...) -> a generator for what is drawn from one, or the global generators for dropout, which takes none.
"""

from __future__ import annotations

import numpy as np
import torch

_MIX, _DROPOUT, _WEIGHTS = 11, 12, 13  # first number of each seed, so that they are independent of one another


def mix_generator(seed: int, *, step: int, part: int) -> torch.Generator:
    """What the mixing of a step is drawn from, on every rank alike; `part` counts accumulated batches."""
    return torch.Generator().manual_seed(_derived(_MIX, seed, step, part))


def weight_generator(seed: int, *, which: int) -> torch.Generator:
    """What new weights are drawn from; `which` tells models from heads."""
    return torch.Generator().manual_seed(_derived(_WEIGHTS, seed, which))


def seed_dropout(seed: int, *, step: int, rank: int) -> None:
    """Set the global generators of every device, from which dropout draws."""
    torch.manual_seed(_derived(_DROPOUT, seed, step, rank))


def _derived(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]) >> 1
