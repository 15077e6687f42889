"""Attention with linear biases (ALiBi) over a packed batch, by PyTorch's fused kernels.

Each run of equally long sequences is one call of `scaled_dot_product_attention`, so nothing is padded and no
sequence sees another. The bias of head h between tokens i and j is -slope_h |i - j|: one value per distance. The CPU
kernel reads it through a strided view of 2L - 1 numbers instead of an (L, L) matrix; CUDA kernels need aligned rows
and get the matrix, built once for the longest sequence, sliced for the others and shared by all layers.

Source: ALiBi, Press et al. 2022, arXiv 2108.12409, section 3; symmetric as in MosaicBERT.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from .packing import Run

_ALIGNED_TOKENS = 16  # CUDA's memory-efficient kernel reads bias rows in aligned pieces


def alibi_slopes(n_heads: int) -> Tensor:
    """Slope of each head. -> (H,) float32.

    2^(-8/H), 2^(-16/H), ... for a power of two; otherwise those of the next lower power of two, followed by every
    second slope of twice that power.
    """
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = [2 ** (-8 * (head + 1) / power) for head in range(power)]
    finer = [2 ** (-8 * (head + 1) / (2 * power)) for head in range(2 * power)]
    return torch.tensor(slopes + finer[0::2][: n_heads - power], dtype=torch.float32)


@dataclass(frozen=True, slots=True, eq=False)
class BiasedRun:
    """A run of equally long sequences and its bias, (1, H, L, L); `flip_queries`: its rows are in reversed order."""

    run: Run
    bias: Tensor
    flip_queries: bool


def biased_runs(runs: Sequence[Run], slopes: Tensor, *, dtype: torch.dtype) -> list[BiasedRun]:
    """The bias of each run, to be made once per batch and used by every layer."""
    if slopes.device.type == "cpu":
        return [BiasedRun(run, _strided_bias(run.length, slopes), flip_queries=True) for run in runs]
    return _sliced_runs(runs, slopes, dtype=dtype)


def packed_attention(qkv: Tensor, runs: Sequence[BiasedRun]) -> Tensor:
    """Self-attention inside each sequence of a packed batch. (T, 3, H, D // H) -> (T, H, D // H)."""
    outputs = []
    # split, not slices: the backward of each slice would fill and add a whole (T, 3, H, D // H)
    parts = torch.split(qkv, [biased.run.n_sequences * biased.run.length for biased in runs])
    for biased, part in zip(runs, parts, strict=True):
        run = biased.run
        shape = (run.n_sequences, run.length, *qkv.shape[1:])
        query, key, value = part.view(shape).permute(2, 0, 3, 1, 4)  # each (B, H, L, D // H)
        if biased.flip_queries:
            query = query.flip(2)
        with torch.autocast(qkv.device.type, enabled=False):  # it would copy the bias, as a whole matrix, every time
            output = scaled_dot_product_attention(query, key, value, attn_mask=biased.bias)
        if biased.flip_queries:
            output = output.flip(2)
        outputs.append(output.transpose(1, 2).reshape(-1, *qkv.shape[2:]))  # (B L, H, D // H)
    return torch.cat(outputs) if len(outputs) > 1 else outputs[0]


def _strided_bias(length: int, slopes: Tensor) -> Tensor:
    """(1, H, L, L) view of (H, 2L - 1) numbers, for queries in reversed order: (r, j) is at distance r + j - L + 1."""
    distances = torch.arange(1 - length, length, dtype=torch.float32).abs()  # (2L - 1,)
    bias = -slopes[:, None] * distances
    return bias.as_strided((1, len(slopes), length, length), (0, 2 * length - 1, 1, 1))


def _sliced_runs(runs: Sequence[Run], slopes: Tensor, *, dtype: torch.dtype) -> list[BiasedRun]:
    """Runs whose biases are corners of one matrix: many lengths in a batch take no more memory than the longest."""
    longest = _aligned_bias(max((run.length for run in runs), default=0), slopes, dtype=dtype)
    return [BiasedRun(run, longest[..., : run.length, : run.length], flip_queries=False) for run in runs]


def _aligned_bias(length: int, slopes: Tensor, *, dtype: torch.dtype) -> Tensor:
    """(1, H, L, L) matrix whose rows start at aligned addresses."""
    position = torch.arange(length, device=slopes.device, dtype=torch.float32)
    width = -(-length // _ALIGNED_TOKENS) * _ALIGNED_TOKENS
    bias = torch.empty((1, len(slopes), length, width), device=slopes.device, dtype=dtype)
    bias[..., :length] = -slopes[:, None, None] * (position[:, None] - position[None, :]).abs()
    return bias[..., :length]
