"""Configurations of small training runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dnabert_s_cli.training.config import DataConfig, ModelConfig, TrainConfig
from tests.pipelines.train.runs import OPTIMISER, RUN, Configure
from tests.training_inputs import TrainingInputs


@pytest.fixture
def configure(training_inputs: TrainingInputs) -> Configure:
    """Makes a configuration of one small step; groups of settings can be replaced."""

    def make(family: str = "kmer", **groups: object) -> TrainConfig:
        is_kmer = family == "kmer"
        init = training_inputs.kmer if is_kmer else training_inputs.transformer
        model = ModelConfig(init=str(init), tokenizer=None if is_kmer else "new", vocab_size=32)
        config = TrainConfig(DataConfig(str(training_inputs.train)), model, optimiser=OPTIMISER, run=RUN)
        return replace(config, **groups)  # type: ignore[arg-type]  # groups by name

    return make
