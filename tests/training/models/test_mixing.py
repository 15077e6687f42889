"""Plans of mixing, and manifold mixup over packed states."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.training.models.mixing import Layout, MixPlan, draw_mix, mix_packed, sorted_layout


def drawn(n_rows: int, *, block_rows: int, seed: int = 0, layer: int | None = None) -> MixPlan:
    generator = torch.Generator().manual_seed(seed)
    return draw_mix(n_rows, n_layers=4, layer=layer, block_rows=block_rows, generator=generator)


def packed(lengths: list[int]) -> tuple[torch.Tensor, Layout, list[torch.Tensor]]:
    """Packed states of sequences, how they lie, and each sequence's own."""
    generator = torch.Generator().manual_seed(1)
    states = [torch.randn(length, 3, generator=generator) for length in lengths]
    layout = sorted_layout(lengths)
    return torch.cat([states[place] for place in layout.order.tolist()]), layout, states


def unpacked(mixed: torch.Tensor, layout: Layout) -> list[torch.Tensor]:
    """States of each sequence in the caller's order."""
    parts = mixed.split(list(layout.lengths))  # type: ignore[no-untyped-call]  # torch's
    return [parts[place] for place in layout.places.tolist()]


@given(n_rows=st.integers(1, 30), block_rows=st.integers(1, 12), seed=st.integers(0, 99))
def test_partners_are_a_permutation_inside_each_block(n_rows: int, block_rows: int, seed: int) -> None:
    partners = drawn(n_rows, block_rows=block_rows, seed=seed).partners
    for start in range(0, n_rows, block_rows):
        end = min(start + block_rows, n_rows)
        assert sorted(partners[start:end].tolist()) == list(range(start, end))


def test_shares_are_uniform_between_a_half_and_one() -> None:
    weights = drawn(20_000, block_rows=20_000).weights
    assert weights.dtype == torch.float32
    quarters = torch.histc(weights, bins=4, min=0.5, max=1.0) / 20_000
    assert (quarters - 0.25).abs().max() < 0.015


def test_every_layer_is_drawn() -> None:
    assert {drawn(2, block_rows=2, seed=seed).layer for seed in range(40)} == {0, 1, 2, 3}


def test_a_fixed_layer_stays() -> None:
    assert {drawn(2, block_rows=2, seed=seed, layer=3).layer for seed in range(5)} == {3}


def test_a_layer_beyond_the_network_is_refused() -> None:
    with pytest.raises(ValueError, match="mixing layer must be 0 to 3, got 4"):
        drawn(2, block_rows=2, layer=4)


def test_equal_generators_draw_equal_plans() -> None:
    first, second = drawn(9, block_rows=3, seed=5), drawn(9, block_rows=3, seed=5)
    assert first.layer == second.layer
    assert torch.equal(first.partners, second.partners)
    assert torch.equal(first.weights, second.weights)


def test_a_part_counts_its_partners_from_its_own_start() -> None:
    plan = drawn(12, block_rows=4)
    part = plan.part(4, 8)
    assert torch.equal(part.partners + 4, plan.partners[4:8])
    assert torch.equal(part.weights, plan.weights[4:8])


def test_a_part_with_partners_outside_is_refused() -> None:
    plan = MixPlan(0, torch.tensor([2, 1, 0]), torch.ones(3))
    with pytest.raises(ValueError, match="rows 0 to 2 have partners outside"):
        plan.part(0, 2)


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_packed_mixing_equals_mixing_one_by_one(lengths: list[int], seed: int) -> None:
    hidden, layout, states = packed(lengths)
    plan = drawn(len(lengths), block_rows=len(lengths), seed=seed)
    found = unpacked(*mix_packed(hidden, layout, mix=plan))
    for i, (partner, share) in enumerate(zip(plan.partners.tolist(), plan.weights.tolist(), strict=True)):
        length = min(lengths[i], lengths[partner])
        expected = share * states[i][:length] + (1 - share) * states[partner][:length]
        assert torch.allclose(found[i], expected, atol=1e-6)


def test_mixed_sequences_of_one_length_stand_together() -> None:
    hidden, layout, _ = packed([5, 2, 5, 2, 5])
    plan = MixPlan(0, torch.tensor([1, 0, 4, 3, 2]), torch.full((5,), 0.7))
    _, mixed = mix_packed(hidden, layout, mix=plan)
    assert mixed.lengths == (5, 5, 2, 2, 2)
    assert len(mixed.runs) == 2


def test_both_halves_of_a_mixture_get_their_share_of_the_gradient() -> None:
    hidden, layout, _ = packed([3, 2])
    hidden.requires_grad_()
    mixed, _ = mix_packed(hidden, layout, mix=MixPlan(0, torch.tensor([1, 0]), torch.tensor([0.75, 0.75])))
    mixed.sum().backward()
    assert hidden.grad is not None
    assert hidden.grad[:, 0].tolist() == [1, 1, 0, 1, 1]  # 0.75 as own, 0.25 as partner; the third token has no pair


def test_bfloat16_states_stay_bfloat16() -> None:
    hidden, layout, _ = packed([3, 2])
    mixed, _ = mix_packed(hidden.bfloat16(), layout, mix=MixPlan(0, torch.tensor([1, 0]), torch.tensor([0.6, 0.9])))
    assert mixed.dtype == torch.bfloat16
