"""Small runs of `train` in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.train.recipe import TrainOutput, TrainReport, train
from dnabert_s_cli.training.config import DataConfig, OptimiserConfig, RunConfig, TrainConfig
from tests.training_inputs import TrainingInputs

OPTIMISER = OptimiserConfig(lr=1e-3, head_lr_factor=3, batch_pairs=8)
RUN = RunConfig(max_steps=1, device="cpu", dtype="float32", threads=1)
Configure = Callable[..., TrainConfig]
FAMILIES = ("transformer", "kmer")


class Killed(BaseException):
    """The moment of kill -9."""


class DyingAfter(Silent):
    """Progress of a process that is killed behind some step."""

    def __init__(self, n_steps: int) -> None:
        self._n_left = n_steps

    def advance(self, amount: int) -> None:
        """Count."""
        self._n_left -= amount
        if self._n_left <= 0:
            raise Killed


def run(config: TrainConfig, path: Path, *, resume: bool = False, dies_after: int = 0) -> TrainReport:
    output = TrainOutput(path, resume=resume)
    if dies_after:
        with pytest.raises(Killed):
            train(config, output, progress=DyingAfter(dies_after))
        raise Killed
    report = train(config, output, progress=Silent())
    assert report is not None
    return report


def measured(inputs: TrainingInputs) -> DataConfig:
    return DataConfig(str(inputs.train), str(inputs.val), str(inputs.labelled))
