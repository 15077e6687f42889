from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from dnabert_s_cli.analysis.classification.rejection import choose_threshold


def clades_of(n_clades: int, n_each: int) -> np.ndarray:
    return np.repeat(np.arange(n_clades), n_each)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 20)), min_size=2, max_size=60), st.sampled_from([0.05, 0.3])
)
def test_threshold_is_that_of_leaving_out_each_clade(drawn: list[tuple[int, int]], max_fpr: float) -> None:
    """Against the definition: the expected share is what passes the quantile that the other clades give."""
    clades, scores = np.array(drawn).T
    names = np.unique(clades)
    found = choose_threshold(scores.astype(float), clades, max_fpr=max_fpr)
    assert found.score in scores
    if len(names) == 1:
        assert math.isnan(found.fpr)
        return
    shares = [
        np.mean([share_below(score, scores[clades == other]) for other in names if other != clade])
        for score, clade in zip(scores, clades, strict=True)
    ]
    levels = [level for level in np.unique(shares) if rate(np.array(shares) > level + 1e-9, clades) <= max_fpr + 1e-9]
    passes = np.array(shares) > levels[0] + 1e-9 if levels[0] < 1 - 1e-9 else np.array(shares) > 1 - 1e-9
    assert found.fpr == pytest.approx(rate(passes, clades)) or rate(np.ones(len(scores), bool), clades) <= max_fpr


def share_below(score: float, others: np.ndarray) -> float:
    return float(np.mean(others < score))


def rate(passes: np.ndarray, clades: np.ndarray) -> float:
    return float(np.mean([passes[clades == clade].mean() for clade in np.unique(clades)]))


def test_new_clades_pass_at_the_rate_asked_for_though_their_sequences_are_alike() -> None:
    rng = np.random.default_rng(0)
    rates = []
    for _ in range(400):
        scores = np.repeat(rng.standard_normal(41), 20) + 0.3 * rng.standard_normal(41 * 20)
        threshold = choose_threshold(scores[:800], clades_of(40, 20), max_fpr=0.1)
        rates.append(np.mean(scores[800:] > threshold.score))
    assert np.mean(rates) == pytest.approx(0.1, abs=0.03)


def test_every_clade_weighs_the_same() -> None:
    scores = np.concatenate([np.full(1000, 0.9), np.linspace(0, 0.5, 39)])
    clades = np.concatenate([np.zeros(1000, int), np.arange(1, 40)])
    assert choose_threshold(scores, clades, max_fpr=0.05).score < 0.9


def test_labels_not_met_raise_the_expected_share() -> None:
    scores = np.random.default_rng(0).random(400)
    whole, part = (choose_threshold(scores, clades_of(40, 10), max_fpr=0.1, share_met=met) for met in (1.0, 0.5))
    assert part.score > whole.score
    assert part.fpr == pytest.approx(0.1, abs=0.01)


def test_too_few_clades_give_the_largest_score_and_say_what_passes() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, 0.8, 0.9])
    found = choose_threshold(scores, clades_of(3, 2), max_fpr=0.05)
    assert found.score == 0.9
    assert found.fpr == pytest.approx(1 / 3)


def test_the_limit_is_clopper_and_pearsons_of_the_clades() -> None:
    found = choose_threshold(np.array([0.1, 0.2, 0.3, 0.4, 0.8, 0.9]), clades_of(3, 2), max_fpr=0.05)
    assert binom.cdf(1, 3, found.fpr_limit) == pytest.approx(0.05)
    assert found.n_clades == 3


def test_a_single_clade_gives_its_largest_score() -> None:
    found = choose_threshold(np.array([0.2, 0.7, 0.5]), np.zeros(3, dtype=np.int64), max_fpr=0.05)
    assert found.score == 0.7
    assert math.isnan(found.fpr)
