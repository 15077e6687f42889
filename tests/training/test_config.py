"""The configuration of a run: what it refuses, and what may differ when a run goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.config import (
    DataConfig,
    ModelConfig,
    ObjectiveConfig,
    OptimiserConfig,
    RunConfig,
    TrainConfig,
    settings_that_differ,
)

CONFIG = TrainConfig(DataConfig("a.csv"), ModelConfig(base="dnabert-2"))


def test_the_defaults_are_the_published_numbers() -> None:
    optimiser, objective = CONFIG.optimiser, CONFIG.objective
    assert (optimiser.name, optimiser.lr, optimiser.head_lr_factor, optimiser.batch_pairs) == ("adam", 3e-6, 100, 48)
    assert (objective.temperature, objective.fraction, objective.projected_dim) == (0.05, Fraction(1, 3), 128)
    assert (CONFIG.model.max_tokens, CONFIG.run.epochs) == (2000, 3)


@pytest.mark.parametrize("given", [{}, {"base": "a", "init": "b"}])
def test_one_model_must_be_named(given: dict[str, str]) -> None:
    with pytest.raises(DnabertSError, match="a model to train is needed"):
        ModelConfig(**given)  # type: ignore[arg-type]  # two strings


def test_a_base_keeps_its_tokenizer() -> None:
    with pytest.raises(DnabertSError, match="has the tokenizer"):
        ModelConfig(base="a", tokenizer="new")


@pytest.mark.parametrize("text", ["x", "1/0", "-1", "1.5", ""])
def test_a_curriculum_is_a_share(text: str) -> None:
    with pytest.raises(DnabertSError, match="not a share of the steps"):
        ObjectiveConfig(curriculum=text)


def test_a_batch_is_shared_by_the_processes() -> None:
    assert OptimiserConfig(batch_pairs=48).pairs_per_process(8) == 6


@pytest.mark.parametrize(("batch", "chunk", "processes"), [(7, 0, 2), (1, 0, 2), (6, 4, 1), (8, 8, 2)])
def test_a_batch_that_cannot_be_shared_or_cut_is_refused(batch: int, chunk: int, processes: int) -> None:
    with pytest.raises(DnabertSError):
        OptimiserConfig(batch_pairs=batch, chunk_pairs=chunk).pairs_per_process(processes)


def test_settings_survive_json() -> None:
    assert settings_that_differ(json.loads(json.dumps(CONFIG.as_json())), CONFIG.as_json()) == []


def test_length_and_measuring_may_change() -> None:
    longer = replace(CONFIG, run=RunConfig(epochs=9, eval_every=1), data=DataConfig("b.csv", "val.csv"))
    assert settings_that_differ(CONFIG.as_json(), longer.as_json()) == []


def test_what_is_learned_may_not_change() -> None:
    other = replace(CONFIG, objective=ObjectiveConfig(temperature=0.1), run=RunConfig(seed=3))
    expected = ["objective.temperature was 0.05, now 0.1", "run.seed was 0, now 3"]
    assert settings_that_differ(CONFIG.as_json(), other.as_json()) == expected
