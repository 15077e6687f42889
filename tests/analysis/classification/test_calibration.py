from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.classification.calibration import (
    fit_coefficients,
    fit_temperature,
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


def test_both_curves_are_found_again() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.standard_normal((20_000, 2))
    is_known = rng.random(len(evidence)) < 1 / (1 + np.exp(-2 * evidence[:, 0]))
    is_right = is_known & (rng.random(len(evidence)) < 1 / (1 + np.exp(-1 - evidence[:, 1])))
    found = fit_coefficients(evidence, is_right, is_unknown=~is_known)
    np.testing.assert_allclose(found, [0.0, 2.0, 1.0, 1.0], atol=0.1)


def test_the_probability_is_the_product_of_both_curves() -> None:
    found = right_probability(np.array([[2.0, 3.0]]), np.array([-2.0, 1.0, 0.0, 0.5]))
    np.testing.assert_allclose(found, [0.5 / (1 + np.exp(-1.5))])


def test_evidence_never_counts_against_a_label() -> None:
    rng = np.random.default_rng(0)
    cosine = rng.standard_normal(500)
    evidence = np.stack([cosine, -cosine + 0.1 * rng.standard_normal(500)], axis=1)
    coefficients = fit_coefficients(evidence, cosine > 0, is_unknown=cosine < -1)
    assert coefficients[1] > 0
    assert coefficients[3] == 0


def test_without_known_ones_the_cosine_decides() -> None:
    evidence = np.array([[0.1, 0.0], [0.3, 0.0], [0.9, 0.0]])
    coefficients = fit_coefficients(evidence, np.zeros(3, dtype=bool), is_unknown=np.ones(3, dtype=bool))
    assert (np.diff(right_probability(evidence, coefficients)) > 0).all()


def test_without_unknown_ones_the_odds_decide() -> None:
    evidence = np.array([[0.1, -1.0], [0.9, 0.0], [0.1, 3.0]])
    is_right = np.array([False, True, True])
    coefficients = fit_coefficients(evidence, is_right, is_unknown=np.zeros(3, dtype=bool))
    scores = right_probability(evidence, coefficients)
    assert (np.diff(scores) > 0).all()
    assert scores[2] > 0.9
