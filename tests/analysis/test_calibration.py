from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.analysis.calibration import (
    choose_threshold,
    fit_coefficients,
    fit_temperature,
    held_out_fpr,
    log_odds,
    right_probability,
    softmax,
)


def test_softmax_survives_huge_scores() -> None:
    np.testing.assert_allclose(softmax(np.array([[1e5, 1e5 - 1000, -1e5]])), [[1, 0, 0]], atol=1e-12)


def test_temperature_undoes_a_scale() -> None:
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((4000, 5)) * 2
    truth = np.array([rng.choice(5, p=row) for row in softmax(scores)])
    assert fit_temperature(scores * 10, truth) == pytest.approx(10, rel=0.25)


def test_temperature_without_examples_is_one() -> None:
    assert fit_temperature(np.empty((0, 3)), np.empty(0, dtype=np.int64)) == 1


def test_log_odds_of_certainty_are_finite() -> None:
    assert np.isfinite(log_odds(np.array([0.0, 0.5, 1.0]))).all()


def test_probability_of_being_right_is_calibrated() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.standard_normal((20_000, 2))
    true = right_probability(evidence, np.array([-0.5, 2.0, 1.0]))
    is_right = rng.random(len(true)) < true
    is_unknown = np.zeros(len(true), dtype=bool)
    is_unknown[: len(true) // 2] = True  # the same weight for all
    found = fit_coefficients(evidence, is_right, is_unknown=is_unknown)
    np.testing.assert_allclose(found, [-0.5, 2.0, 1.0], atol=0.15)


def test_evidence_never_counts_against_a_label() -> None:
    rng = np.random.default_rng(0)
    cosine = rng.standard_normal(500)
    evidence = np.stack([cosine, -cosine + 0.1 * rng.standard_normal(500)], axis=1)
    coefficients = fit_coefficients(evidence, cosine > 0, is_unknown=cosine < -1)
    assert coefficients[1] > 0
    assert coefficients[2] >= 0


def test_without_right_ones_the_cosine_decides() -> None:
    evidence = np.array([[0.1, 0.0], [0.3, 0.0], [0.9, 0.0]])
    none, unknown = np.zeros(3, dtype=bool), np.array([True, True, False])
    scores = right_probability(evidence, fit_coefficients(evidence, none, is_unknown=unknown))
    assert (np.diff(scores) > 0).all()
    assert scores[2] > 0.5


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=200), st.floats(0.01, 0.5))
def test_no_more_than_asked_pass_the_threshold(scores: list[float], max_fpr: float) -> None:
    values = np.array(scores)
    assert np.count_nonzero(values > choose_threshold(values, max_fpr)) <= max_fpr * len(values)


def test_new_sequences_pass_at_the_rate_asked_for() -> None:
    rng = np.random.default_rng(0)
    rates = [np.mean(rng.random(500) > choose_threshold(rng.random(99), 0.05)) for _ in range(400)]
    assert np.mean(rates) == pytest.approx(0.05, abs=0.005)


def test_held_out_rate_uses_the_other_folds_threshold() -> None:
    scores = np.concatenate([np.linspace(0, 0.1, 50), np.full(50, 0.9)])
    folds = np.repeat([0, 1], 50)
    assert held_out_fpr(scores, folds, max_fpr=0.05) == 0.5


def test_held_out_rate_of_one_fold_is_unknown() -> None:
    assert math.isnan(held_out_fpr(np.ones(9), np.zeros(9, dtype=np.int64), max_fpr=0.05))
