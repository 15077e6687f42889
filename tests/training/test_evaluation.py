"""What decides, and which state is best."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from dnabert_s_cli.training.evaluation import Evaluation, describe_metrics
from dnabert_s_cli.training.models.networks import Network
from dnabert_s_cli.training.run.checkpoint import TrainState
from dnabert_s_cli.training.validation import ValidationPairs


def unused(network: Network) -> Mapping[str, float]:
    raise AssertionError(network)


BY_ARI = Evaluation(measure=unused)
BY_LOSS = Evaluation(validation=ValidationPairs(None, 0, 4, 0, 0.05))  # type: ignore[arg-type]  # nothing is read


def judged(evaluation: Evaluation, name: str, values: list[float]) -> TrainState:
    state = TrainState()
    for step, value in enumerate(values):
        state = evaluation.judged(TrainState(step, 1, state.best_value, state.best_step, state.n_worse), {name: value})
    return state


@pytest.mark.parametrize(
    ("evaluation", "name", "values", "best_step", "n_worse"),
    [
        (BY_ARI, "ari", [0.1, 0.5, 0.5, 0.2], 1, 2),
        (BY_LOSS, "val_loss", [3.0, 2.0, 2.0, 1.0], 3, 0),
        (BY_LOSS, "val_loss", [math.nan, 2.0, math.nan], 1, 1),
    ],
)
def test_the_best_step_is_found(
    evaluation: Evaluation, name: str, values: list[float], best_step: int, n_worse: int
) -> None:
    state = judged(evaluation, name, values)
    assert (state.best_step, state.n_worse) == (best_step, n_worse)


def test_ari_decides_where_there_is_one() -> None:
    assert (BY_ARI.decides, BY_LOSS.decides, Evaluation().decides) == ("ari", "val_loss", None)
    assert Evaluation(BY_LOSS.validation, unused).decides == "ari"


def test_without_a_measure_nothing_is_judged() -> None:
    assert Evaluation().judged(TrainState(3), {}) == TrainState(3)


def test_metrics_are_described_in_words() -> None:
    words = describe_metrics({"ari": 0.5, "val_loss": 2.25})
    assert words == "validation loss 2.2500, K-means ARI 0.5000"
