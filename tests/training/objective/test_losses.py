"""The losses against upstream's numbers and against a loop over the formula."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from dnabert_s_cli.training.objective.losses import mi_mix_loss, simclr_loss, weighted_simclr_loss
from tests import reference
from tests.locations import GOLDEN

CASES = ["0", "1", "2"]
GROUPS = [0, 1, 2, 1, 3, 0]  # rows 0 and 5, and 1 and 3, are one species
PARTNERS = [2, 4, 5, 1, 0, 3]  # 3 -> 1 is of one group; 2 -> 5 leaves 0, a sister of 5
WEIGHTS = [0.5, 0.9, 0.7, 0.6, 1.0, 0.8]


def golden(case: str) -> dict[str, Tensor]:
    tensors = load_file(GOLDEN / "losses.safetensors")
    return {name.removeprefix(f"{case}."): found for name, found in tensors.items() if name.startswith(f"{case}.")}


def golden_features(case: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    return case["features_1"].clone().requires_grad_(), case["features_2"].clone().requires_grad_()


def unit_rows(n_rows: int, *, seed: int) -> Tensor:
    rows = torch.randn(n_rows, 8, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(rows, dim=1)


def relative_error(found: Tensor | None, expected: Tensor) -> float:
    assert found is not None
    return float((found - expected).abs().max() / expected.abs().max())


def mixed_loss(first: Tensor, second: Tensor, *, groups: list[int] | None = None) -> Tensor:
    return mi_mix_loss(
        first,
        second,
        partners=torch.tensor(PARTNERS),
        weights=torch.tensor(WEIGHTS),
        temperature=0.2,
        groups=None if groups is None else torch.tensor(groups),
    )


@pytest.mark.parametrize("case", CASES)
def test_weighted_simclr_equals_upstreams(case: str) -> None:
    expected = golden(case)
    first, second = golden_features(expected)
    loss = weighted_simclr_loss(first, second, temperature=float(expected["temperature"]))
    loss.backward()
    assert relative_error(loss.detach(), expected["weighted_simclr"]) < 1e-5
    assert relative_error(first.grad, expected["weighted_simclr.grad_1"]) < 1e-4
    assert relative_error(second.grad, expected["weighted_simclr.grad_2"]) < 1e-4


@pytest.mark.parametrize("case", CASES)
def test_mi_mix_equals_upstreams(case: str) -> None:
    expected = golden(case)
    first, second = golden_features(expected)
    loss = mi_mix_loss(
        first,
        second,
        partners=expected["permutation"],
        weights=expected["lambda"],
        temperature=float(expected["temperature"]),
    )
    loss.backward()
    assert relative_error(loss.detach(), expected["mi_mix"]) < 1e-5
    assert relative_error(first.grad, expected["mi_mix.grad_1"]) < 1e-4
    assert relative_error(second.grad, expected["mi_mix.grad_2"]) < 1e-4


@pytest.mark.parametrize("groups", [list(range(6)), GROUPS])
def test_weighted_simclr_equals_a_loop_over_the_formula(groups: list[int]) -> None:
    first, second = unit_rows(6, seed=0), unit_rows(6, seed=1)
    loss = weighted_simclr_loss(first, second, temperature=0.2, groups=torch.tensor(groups))
    assert float(loss) == pytest.approx(float(reference.simclr(first, second, 0.2, groups, True)), rel=1e-6)


@pytest.mark.parametrize("groups", [list(range(6)), GROUPS])
def test_plain_simclr_equals_a_loop_over_the_formula(groups: list[int]) -> None:
    first, second = unit_rows(6, seed=0), unit_rows(6, seed=1)
    loss = simclr_loss(first, second, temperature=0.2, groups=torch.tensor(groups))
    assert float(loss) == pytest.approx(float(reference.simclr(first, second, 0.2, groups, False)), rel=1e-6)


@pytest.mark.parametrize("groups", [list(range(6)), GROUPS])
def test_mi_mix_equals_a_loop_over_the_formula(groups: list[int]) -> None:
    first, second = unit_rows(6, seed=0), unit_rows(6, seed=1)
    expected = reference.mi_mix(first, second, PARTNERS, WEIGHTS, 0.2, groups)
    assert float(mixed_loss(first, second, groups=groups)) == pytest.approx(float(expected), rel=1e-6)


def test_unweighted_mi_mix_is_cross_entropy_with_soft_labels() -> None:
    first, second = unit_rows(6, seed=0), unit_rows(6, seed=1)
    partners, weights = torch.tensor(PARTNERS), torch.tensor(WEIGHTS)
    labels = torch.diag(weights)
    labels[torch.arange(6), partners] += 1 - weights
    expected = torch.nn.functional.cross_entropy(first @ second.T / 0.2, labels)
    loss = mi_mix_loss(first, second, partners=partners, weights=weights, temperature=0.2, weighted=False)
    assert torch.allclose(loss, expected, rtol=1e-6)


def test_distinct_groups_change_nothing() -> None:
    first, second = unit_rows(6, seed=0), unit_rows(6, seed=1)
    groups = torch.tensor([40, -3, 7, 0, 12, 5])
    plain = weighted_simclr_loss(first, second, temperature=0.05)
    assert torch.equal(weighted_simclr_loss(first, second, temperature=0.05, groups=groups), plain)
    assert torch.equal(mixed_loss(first, second, groups=groups.tolist()), mixed_loss(first, second))


def test_a_partner_of_the_same_group_stays_a_bounded_target() -> None:
    first = unit_rows(6, seed=0)
    near, far = unit_rows(6, seed=1), unit_rows(6, seed=1)
    near[1], far[1] = first[3], -first[3]  # 1 is the partner of 3 and of its group
    assert 0 < mixed_loss(first, near, groups=GROUPS) < mixed_loss(first, far, groups=GROUPS)


def test_a_batch_of_one_group_has_loss_and_gradient_zero() -> None:
    for loss_of in (weighted_simclr_loss, simclr_loss):
        first, second = unit_rows(4, seed=0).requires_grad_(), unit_rows(4, seed=1)
        loss = loss_of(first, second, temperature=0.05, groups=torch.zeros(4, dtype=torch.int64))
        loss.backward()
        assert loss.item() == 0
        assert first.grad is not None
        assert not first.grad.any()


def test_a_mixed_batch_of_one_group_has_loss_and_gradient_zero() -> None:
    first, second = unit_rows(6, seed=0).requires_grad_(), unit_rows(6, seed=1)
    loss = mixed_loss(first, second, groups=[0] * 6)
    loss.backward()
    assert loss.item() == 0
    assert first.grad is not None
    assert not first.grad.any()


def test_opposite_and_equal_rows_stay_finite_at_a_small_temperature() -> None:
    row = unit_rows(1, seed=0)
    first = torch.cat([row, -row, row]).requires_grad_()
    loss = weighted_simclr_loss(first, first.detach(), temperature=0.005)
    loss.backward()
    assert torch.isfinite(loss)
    assert first.grad is not None
    assert first.grad.isfinite().all()


def test_autocast_does_not_round_the_scores() -> None:
    first, second = unit_rows(6, seed=0), unit_rows(6, seed=1)
    with torch.autocast("cpu", torch.bfloat16):
        under_autocast = weighted_simclr_loss(first, second, temperature=0.05)
    assert torch.equal(under_autocast, weighted_simclr_loss(first, second, temperature=0.05))
