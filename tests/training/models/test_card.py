"""The model card of a checkpoint."""

from __future__ import annotations

from fractions import Fraction

from dnabert_s_cli.training.config import DataConfig, ModelConfig, TrainConfig
from dnabert_s_cli.training.models.card import CardFacts, model_card
from dnabert_s_cli.training.run.checkpoint import TrainState
from dnabert_s_cli.training.schedule import plan_curriculum

CONFIG = TrainConfig(DataConfig("pairs.csv"), ModelConfig(base="dnabert-2"))
FACTS = CardFacts("dnabert-s train --train pairs.csv", "1.2", 1000, "abc", 117_000_000)


def test_a_card_tells_data_command_and_metrics() -> None:
    card = model_card(CONFIG, FACTS, plan_curriculum(9, Fraction(1, 3)), TrainState(4, 2, metrics={"ari": 0.5}))
    assert card.startswith("---\nlibrary_name: dnabert-s\n")
    for part in ("`pairs.csv`, 1,000 pairs", FACTS.command, "K-means ARI 0.5000", "4 of 9 steps", "117,000,000"):
        assert part in card


def test_a_model_that_was_not_measured_says_so() -> None:
    card = model_card(CONFIG, FACTS, plan_curriculum(1, Fraction(1, 3)), TrainState(1, 1))
    assert "| measured | not measured |" in card
