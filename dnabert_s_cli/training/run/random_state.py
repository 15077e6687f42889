"""The state of torch's global generators, from which dropout draws: taken, set, and replayed.

Dropout takes no generator of its own, so this is the one place that touches the global ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class RandomState:
    """States of the CPU's generator and of the device's own, None on the CPU; uint8 tensors."""

    cpu: Tensor
    accelerator: Tensor | None


def random_state(device: torch.device) -> RandomState:
    """Where the generators stand that a computation on `device` draws from."""
    accelerator = None
    if device.type == "cuda":
        accelerator = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        accelerator = torch.mps.get_rng_state()
    return RandomState(torch.get_rng_state(), accelerator)


def set_random_state(state: RandomState, device: torch.device) -> None:
    """Put the generators back to `state`, taken on the same kind of device."""
    torch.set_rng_state(state.cpu)
    if state.accelerator is None:
        return
    if device.type == "cuda":
        torch.cuda.set_rng_state(state.accelerator, device)
    else:
        torch.mps.set_rng_state(state.accelerator)


@contextmanager
def replayed(state: RandomState, device: torch.device) -> Iterator[None]:
    """Draw once more from `state` on inside; outside continue as if nothing had been drawn."""
    now = random_state(device)
    set_random_state(state, device)
    try:
        yield
    finally:
        set_random_state(now, device)
