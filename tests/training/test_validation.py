"""The validation loss, and vectors for measures from outside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.pairs.rows import PairFile
from dnabert_s_cli.training.config import ModelConfig
from dnabert_s_cli.training.models.networks import Network
from dnabert_s_cli.training.models.sources import open_base
from dnabert_s_cli.training.objective.heads import ProjectionHead, init_head
from dnabert_s_cli.training.processes.distributed import World
from dnabert_s_cli.training.validation import ValidationPairs, embed_sequences, validation_loss
from tests.conftest import random_dna
from tests.training_inputs import TrainingInputs

ALONE = World(0, 1, torch.device("cpu"))


@pytest.fixture
def network(tiny_model: Path) -> Network:
    """The tiny transformer, with dropout, in training."""
    return open_base(str(tiny_model), ModelConfig(base="unused")).network.train()


@pytest.fixture
def head(network: Network) -> ProjectionHead:
    """A head with weights."""
    made = ProjectionHead(network.dim, 8)
    init_head(made, torch.Generator().manual_seed(0))
    return made


def loss_of(network: Network, head: ProjectionHead, pairs: ValidationPairs, world: World = ALONE) -> float:
    return validation_loss(network, head, validation=pairs, world=world, autocast_dtype=None)


def test_the_loss_has_no_dropout_and_leaves_training_on(
    network: Network, head: ProjectionHead, training_inputs: TrainingInputs
) -> None:
    pairs = ValidationPairs(PairFile(training_inputs.val), 0, 5, 0, 0.05)
    assert loss_of(network, head, pairs) == loss_of(network, head, pairs)
    assert network.training
    assert head.training


def test_chunks_do_not_change_the_loss(network: Network, head: ProjectionHead, training_inputs: TrainingInputs) -> None:
    whole, cut = (ValidationPairs(PairFile(training_inputs.val), 0, 6, chunk, 0.05) for chunk in (0, 2))
    assert loss_of(network, head, whole) == pytest.approx(loss_of(network, head, cut), rel=1e-5)


def test_batches_partition_the_pairs_in_a_fixed_order(training_inputs: TrainingInputs) -> None:
    pairs = ValidationPairs(PairFile(training_inputs.val), 0, 5, 0, 0.05)
    batches = pairs.batches()
    assert sorted(np.concatenate(batches).tolist()) == list(range(12))
    assert [len(batch) for batch in batches] == [5, 5, 2]
    assert [batch.tolist() for batch in batches] == [batch.tolist() for batch in pairs.batches()]


def test_a_last_pair_alone_and_pairs_beyond_the_limit_are_left_out(training_inputs: TrainingInputs) -> None:
    pairs = ValidationPairs(PairFile(training_inputs.val), 11, 5, 0, 0.05)
    assert [len(batch) for batch in pairs.batches()] == [5, 5]


def test_sequences_of_any_length_come_back_in_order(network: Network, tiny_model: Path) -> None:
    sequences = [random_dna(length, length) for length in (30, 500, 30, 200, 90)]
    vectors = embed_sequences(network, sequences, batch_bp=400, autocast_dtype=None)
    assert np.abs(vectors - load_encoder(tiny_model, "cpu", "float32").embed(sequences)).max() < 1e-5
