"""One step of the optimiser is a function of its number, the weights and the batches."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import torch

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.config import DataConfig, ModelConfig, ObjectiveConfig, OptimiserConfig, TrainConfig
from dnabert_s_cli.training.models.sources import new_kmer_model
from dnabert_s_cli.training.objective.contrastive import prepare_batch
from dnabert_s_cli.training.objective.heads import ProjectionHead, init_head
from dnabert_s_cli.training.optimiser import build_optimiser
from dnabert_s_cli.training.processes.distributed import World
from dnabert_s_cli.training.run.checkpoint import Trained
from dnabert_s_cli.training.schedule import plan_curriculum
from dnabert_s_cli.training.step import ReadyBatch, StepMaker, StepOutcome
from tests.training.steps import pairs_of
from tests.training_inputs import TrainingInputs

CONFIG = TrainConfig(
    DataConfig("pairs.csv"),
    ModelConfig(base="unused"),
    ObjectiveConfig(curriculum="0"),
    OptimiserConfig(lr=0.1, batch_pairs=4),
)


def fresh(inputs: TrainingInputs) -> Trained:
    """The same small network with dropout, whenever it is made."""
    model = new_kmer_model(inputs.kmer, generator=torch.Generator().manual_seed(0))
    head = ProjectionHead(model.network.dim, 4)
    init_head(head, torch.Generator().manual_seed(0))
    model.network.train()
    return Trained(model, head, build_optimiser(model.network, head, config=CONFIG.optimiser))


def make(trained: Trained, step: int, *, seeds: tuple[int, ...] = (0,), config: TrainConfig = CONFIG) -> StepOutcome:
    world = World(0, 1, torch.device("cpu"))
    maker = StepMaker(config, world, plan_curriculum(10, config.objective.fraction), "pairs.csv", None)
    batches = [pairs_of(4, seed=seed, groups=None) for seed in seeds]
    network = trained.model.network
    return maker.make(
        trained, step, batches=[ReadyBatch(prepare_batch(network, one, chunk_rows=None), one.rows) for one in batches]
    )


def test_a_step_repeats_itself(training_inputs: TrainingInputs) -> None:
    first, second = (make(fresh(training_inputs), 3) for _ in range(2))
    assert first == second


def test_steps_draw_their_own_mixing_and_dropout(training_inputs: TrainingInputs) -> None:
    assert make(fresh(training_inputs), 3).loss != make(fresh(training_inputs), 4).loss


def test_accumulated_batches_average(training_inputs: TrainingInputs) -> None:
    clean = replace(CONFIG, objective=ObjectiveConfig(curriculum="1"))
    both = make(fresh(training_inputs), 0, seeds=(0, 0), config=clean)
    assert both.n_tokens == 2 * make(fresh(training_inputs), 0, config=clean).n_tokens


def test_a_gradient_that_is_not_finite_leaves_the_weights(training_inputs: TrainingInputs) -> None:
    trained = fresh(training_inputs)
    weight = trained.head.get_parameter("output.weight")
    weight.register_hook(lambda gradient: gradient * torch.nan)
    before = weight.detach().clone()
    with pytest.raises(DnabertSError, match="step 1: the gradient is not finite; its batch is lines 1, 2, 3, 4"):
        make(trained, 0)
    assert torch.equal(weight, before)


def test_phases_have_their_objective(training_inputs: TrainingInputs) -> None:
    third = replace(CONFIG, objective=ObjectiveConfig())
    assert third.objective.fraction == Fraction(1, 3)
    clean, mixed = (make(fresh(training_inputs), step, config=third) for step in (2, 3))
    assert clean.loss != mixed.loss
