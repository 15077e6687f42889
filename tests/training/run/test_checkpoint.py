"""Checkpoint folders: whole or not, and what comes back from them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.config import DataConfig, ModelConfig, OptimiserConfig, TrainConfig
from dnabert_s_cli.training.models.sources import new_kmer_model
from dnabert_s_cli.training.objective.heads import ProjectionHead
from dnabert_s_cli.training.optimiser import build_optimiser
from dnabert_s_cli.training.run.checkpoint import (
    STATE_FILE,
    SavedRun,
    Surroundings,
    Trained,
    TrainState,
    load_training_part,
    read_saved_run,
    whole_checkpoint_step,
    write_checkpoint,
)
from tests.training_inputs import TrainingInputs

CONFIG = TrainConfig(DataConfig("a.csv"), ModelConfig(base="b"))
STATE = TrainState(7, 2, 0.25, 5, 1, 1.5, 100, {"ari": 0.2})
SURROUNDINGS = Surroundings("digest", 2)


def make_trained(inputs: TrainingInputs, *, seed: int) -> Trained:
    """A model whose optimiser has done a step."""
    torch.manual_seed(seed)
    model = new_kmer_model(inputs.kmer, generator=torch.Generator().manual_seed(seed))
    head = ProjectionHead(model.network.dim, 4)
    optimiser = build_optimiser(model.network, head, config=OptimiserConfig(lr=0.1, head_lr_factor=seed + 1))
    for parameter in [*model.network.parameters(), *head.parameters()]:
        parameter.grad = torch.rand_like(parameter)
    optimiser.step()
    return Trained(model, head, optimiser)


@pytest.fixture
def folder(tmp_path: Path, training_inputs: TrainingInputs) -> Path:
    """A checkpoint."""
    path = tmp_path / "last"
    path.mkdir()
    trained = make_trained(training_inputs, seed=0)
    write_checkpoint(path, trained, state=STATE, surroundings=SURROUNDINGS, config=CONFIG, card="# card\n")
    return path


def test_a_run_is_read_as_written(folder: Path) -> None:
    assert read_saved_run(folder) == SavedRun(folder, STATE, SURROUNDINGS, json.loads(json.dumps(CONFIG.as_json())))
    assert (folder / "README.md").read_text() == "# card\n"


def test_head_and_optimiser_come_back(folder: Path, training_inputs: TrainingInputs) -> None:
    saved, other = make_trained(training_inputs, seed=0), make_trained(training_inputs, seed=1)
    load_training_part(folder, other)
    assert torch.equal(other.head.state_dict()["output.weight"], saved.head.state_dict()["output.weight"])
    for expected, found in zip(saved.optimiser.param_groups, other.optimiser.param_groups, strict=True):
        assert found["lr_factor"] == expected["lr_factor"]
    expected_moments, moments = saved.optimiser.state_dict()["state"], other.optimiser.state_dict()["state"]
    assert all(torch.equal(moments[key]["exp_avg"], one["exp_avg"]) for key, one in expected_moments.items())


def test_a_whole_checkpoint_says_its_step(folder: Path) -> None:
    assert whole_checkpoint_step(folder) == 7


@pytest.mark.parametrize("name", ["model.safetensors", "optimiser.pt", STATE_FILE])
@pytest.mark.parametrize("is_cut", [True, False])
def test_a_checkpoint_with_a_cut_or_missing_file_is_not_whole(folder: Path, name: str, is_cut: bool) -> None:
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    if is_cut:
        (folder / name).write_bytes(content[:-10])
    assert whole_checkpoint_step(folder) is None


def test_another_folder_is_no_checkpoint(tmp_path: Path) -> None:
    assert whole_checkpoint_step(tmp_path) is None
    with pytest.raises(DnabertSError, match="not a checkpoint") as caught:
        read_saved_run(tmp_path)
    assert caught.value.path == str(tmp_path)


def test_another_format_is_named(folder: Path) -> None:
    described = json.loads((folder / STATE_FILE).read_text())
    (folder / STATE_FILE).write_text(json.dumps({**described, "format": 99}))
    with pytest.raises(DnabertSError, match="format 99"):
        read_saved_run(folder)


def test_an_optimiser_file_that_would_run_code_is_not_read(folder: Path, training_inputs: TrainingInputs) -> None:
    torch.save(Path("/"), folder / "optimiser.pt")
    with pytest.raises(DnabertSError, match="cannot resume"):
        load_training_part(folder, make_trained(training_inputs, seed=0))
