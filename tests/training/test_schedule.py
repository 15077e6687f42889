"""Phases and learning rates by the number of a step."""

from __future__ import annotations

from fractions import Fraction

import pytest

from dnabert_s_cli.training.schedule import CLEAN, MIXED, plan_curriculum, rate_factor

THIRD = Fraction(1, 3)


@pytest.mark.parametrize(("n_steps", "n_clean"), [(1, 1), (2, 1), (3, 1), (4, 1), (5, 2), (300, 100), (301, 100)])
def test_a_third_of_the_steps_is_clean(n_steps: int, n_clean: int) -> None:
    assert plan_curriculum(n_steps, THIRD).n_clean == n_clean


def test_no_fraction_but_0_and_1_leaves_out_a_phase() -> None:
    assert plan_curriculum(10, Fraction(1, 1000)).n_clean == 1
    assert plan_curriculum(10, Fraction(999, 1000)).n_clean == 9
    assert plan_curriculum(10, Fraction(0)).n_clean == 0
    assert plan_curriculum(10, Fraction(1)).n_clean == 10


def test_the_phase_changes_once() -> None:
    curriculum = plan_curriculum(6, THIRD)
    assert [curriculum.phase(step) for step in range(6)] == [CLEAN] * 2 + [MIXED] * 4


def test_the_description_counts_from_one() -> None:
    described = plan_curriculum(3, THIRD).describe()
    assert described == "phase I (clean views) in step 1, phase II (mixed views) in steps 2 to 3"


def test_a_single_step_is_phase_one_and_says_so() -> None:
    assert plan_curriculum(1, THIRD).describe() == "phase I (clean views) in step 1"


def test_the_rate_rises_in_a_line_then_stays() -> None:
    rates = [rate_factor(step, n_steps=6, warmup_steps=4, schedule="constant") for step in range(6)]
    assert rates == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_a_cosine_falls_from_one_towards_zero() -> None:
    rates = [rate_factor(step, n_steps=10, warmup_steps=2, schedule="cosine") for step in range(10)]
    assert rates[2] == 1.0
    assert rates[6] == pytest.approx(0.5)
    assert rates == [*rates[:2], *sorted(rates[2:], reverse=True)]
    assert 0 < rates[-1] < 0.05
