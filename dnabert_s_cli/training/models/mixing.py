"""Manifold mixup over packed sequences: each sequence's hidden states mixed with another's.

A `MixPlan` says before which layer, with whom and in which shares. Sequence i keeps the positions that both it
and its partner have, min(len_i, len_r(i)) of them, so the packed rows are gathered and sorted by the new length:

    before  [ a a a a | b b b | c c ]     partners a -> b, b -> c, c -> a
    after   [ ab ab ab | bc bc | ca ca ]

Position by position both halves come by one `index_select` of the packed rows each. In either a row is taken at most
once where the partners are a permutation, so the gradient is a sum without a race.

Source: manifold mixup, Verma et al. 2019, arXiv 1806.05236; MI-Mix, Zhou et al. 2024, arXiv 2402.08777.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...encoders.dnabert.packing import Run, equal_length_runs


@dataclass(frozen=True, slots=True, eq=False)
class MixPlan:
    """How the first views of B pairs are mixed: h_i <- weights_i h_i + (1 - weights_i) h_partners(i), on the CPU.

    `layer`: the states that enter this layer are mixed; 0 are those after the embedding. `partners` (B,) int64;
    `weights` (B,) float32 in [0.5, 1].
    """

    layer: int
    partners: Tensor
    weights: Tensor

    def part(self, start: int, end: int) -> MixPlan:
        """The plan of rows `start` to `end`, partners counted from `start`.

        Raises:
            ValueError: a partner lies outside.
        """
        partners = self.partners[start:end] - start
        if bool(((partners < 0) | (partners >= end - start)).any()):
            raise ValueError(f"rows {start} to {end} have partners outside: draw the plan with smaller block_rows")
        return MixPlan(self.layer, partners, self.weights[start:end])


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """How B sequences lie end to end: `lengths` in packed order, `order` (B,) int64 whose sequence each one is."""

    lengths: tuple[int, ...]
    order: Tensor

    @property
    def runs(self) -> tuple[Run, ...]:
        """Maximal runs of equal length, in order."""
        return equal_length_runs(self.lengths)

    @property
    def places(self) -> Tensor:
        """Packed position of each sequence, the inverse of `order`. (B,) int64."""
        return self.order.argsort()


def draw_mix(n_rows: int, *, n_layers: int, layer: int | None, block_rows: int, generator: torch.Generator) -> MixPlan:
    """Partners, shares and layer of one step.

    Partners are a random permutation inside each consecutive block of `block_rows` rows (the last block may be
    shorter), so that blocks can be encoded one by one and on different ranks. Shares are lambda ~ Beta(1, 1), the
    uniform distribution, then max(lambda, 1 - lambda).

    Args:
        layer: fixed mixing layer; None draws one uniformly from 0 to n_layers - 1.
        generator: on the CPU. All ranks draw the plan of the global batch from equal generators, so that the layer
            is the same everywhere, and each takes its `part`.
    """
    if layer is None:
        layer = int(torch.randint(n_layers, (), generator=generator))
    if not 0 <= layer < n_layers:
        raise ValueError(f"mixing layer must be 0 to {n_layers - 1}, got {layer}")
    blocks = [range(start, min(start + block_rows, n_rows)) for start in range(0, n_rows, block_rows)]
    partners = torch.cat([block.start + torch.randperm(len(block), generator=generator) for block in blocks])
    shares = torch.rand(n_rows, generator=generator)
    return MixPlan(layer, partners, torch.maximum(shares, 1 - shares))


def sorted_layout(lengths: Sequence[int]) -> Layout:
    """Sequences sorted by length, the longest first, ties in input order."""
    order = torch.tensor(lengths, dtype=torch.int64).argsort(descending=True, stable=True)
    return Layout(tuple(lengths[place] for place in order.tolist()), order)


def mix_packed(hidden: Tensor, layout: Layout, *, mix: MixPlan) -> tuple[Tensor, Layout]:
    """Mix packed hidden states. (T, D) -> (T', D) with T' <= T, and how the mixed sequences lie."""
    lengths = torch.tensor(layout.lengths, dtype=torch.int64)  # (B,), as all below in packed order
    partners = layout.places[mix.partners[layout.order]]
    mixed_lengths = torch.minimum(lengths, lengths[partners])
    places = mixed_lengths.argsort(descending=True, stable=True)
    kept = mixed_lengths[places]
    starts = lengths.cumsum(0) - lengths
    shares = mix.weights[layout.order[places]].repeat_interleave(kept)[:, None]  # (T', 1)
    own = hidden.index_select(0, _rows(starts[places], kept).to(hidden.device))  # (T', D)
    other = hidden.index_select(0, _rows(starts[partners[places]], kept).to(hidden.device))  # (T', D)
    shares = shares.to(hidden.device)
    mixed = (own * shares + other * (1 - shares)).to(hidden.dtype)  # shares stay float32 although states are bfloat16
    return mixed, Layout(tuple(kept.tolist()), layout.order[places])


def _rows(starts: Tensor, lengths: Tensor) -> Tensor:
    """start, start + 1, ... for each sequence, end to end. (B,), (B,) -> (sum of lengths,) int64."""
    shifts = starts - (lengths.cumsum(0) - lengths)
    return torch.arange(int(lengths.sum())) + shifts.repeat_interleave(lengths)
