"""The number format that matrix products run in, from the name that the user gave."""

from __future__ import annotations

import torch

from ..encoders.devices import resolve_dtype

NumberFormat = torch.dtype | None  # of matrix products; None is that of the weights


def autocast_dtype(name: str, device: torch.device) -> NumberFormat:
    """bfloat16, or None for the float32 of the weights, which autocast leaves alone.

    Raises:
        DnabertSError: no such format.
    """
    dtype = resolve_dtype(name, device)
    return None if dtype == torch.float32 else dtype
