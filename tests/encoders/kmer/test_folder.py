"""Folders of k-mer models: saved, opened by the loader, and damaged."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from dnabert_s_cli.encoders.kmer import folder as kmer_folder
from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.encoder import KmerEncoder
from dnabert_s_cli.encoders.kmer.folder import find_kmer_folder, load_kmer_network, open_kmer_folder, save_kmer_model
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from dnabert_s_cli.encoders.loader import builtin_models, load_encoder
from dnabert_s_cli.errors import DnabertSError
from tests.conftest import random_dna

CONFIG = KmerNetworkConfig(kmers=(3, 4), hidden=(24, 24), dim=8, norm="batch", residual=True)
DNA = [random_dna(200, seed) for seed in range(5)]


@pytest.fixture
def network() -> KmerNetwork:
    """A random network that has seen some profiles."""
    network = KmerNetwork(CONFIG)
    init_weights(network, torch.Generator().manual_seed(0))
    network.train()(torch.rand(32, CONFIG.n_inputs, generator=torch.Generator().manual_seed(1)))
    return network.eval()


@pytest.fixture
def folder(network: KmerNetwork, tmp_path: Path) -> Path:
    """That network, saved."""
    save_kmer_model(tmp_path / "model", network)
    return tmp_path / "model"


def problem_of(folder: Path) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        load_encoder(folder)
    return caught.value


def rewrite_weights(folder: Path, change: dict[str, torch.Tensor | None]) -> None:
    """Replace tensors by name; None takes one out."""
    weights = {**load_file(folder / "model.safetensors"), **change}
    kept = {name: one for name, one in weights.items() if one is not None}
    save_file(kept, folder / "model.safetensors")


def test_full_precision_comes_back_bit_by_bit(network: KmerNetwork, tmp_path: Path) -> None:
    save_kmer_model(tmp_path, network, half=False)
    profiles = torch.rand(4, CONFIG.n_inputs)
    assert torch.equal(load_kmer_network(tmp_path)(profiles), network(profiles))


def test_half_precision_is_used_in_float32_and_stays_near(network: KmerNetwork, folder: Path) -> None:
    profiles = torch.rand(4, CONFIG.n_inputs)
    vectors = load_kmer_network(folder)(profiles)
    assert vectors.dtype == torch.float32
    assert torch.allclose(vectors, network(profiles), atol=1e-2)


def test_half_precision_is_for_matrices_only(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    assert {one.dtype for one in weights.values() if one.dim() > 1} == {torch.float16}
    assert {one.dtype for one in weights.values() if one.dim() == 1} == {torch.float32}


def test_saving_twice_gives_the_same_bytes(network: KmerNetwork, folder: Path, tmp_path: Path) -> None:
    save_kmer_model(tmp_path / "again", network)
    for name in ("config.json", "model.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_opened_network_can_be_trained_on(folder: Path) -> None:
    network = load_kmer_network(folder).train()
    network(torch.rand(4, CONFIG.n_inputs)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_loader_opens_the_folder(folder: Path) -> None:
    encoder = load_encoder(folder)
    assert isinstance(encoder, KmerEncoder)
    assert (encoder.name, encoder.dim) == (str(folder), 8)
    assert (encoder.embed(DNA) == open_kmer_folder(folder, name="x").embed(DNA)).all()


@pytest.mark.parametrize("strand", ["forward", "both"])
def test_strand_changes_nothing(folder: Path, strand: str) -> None:
    assert (load_encoder(folder, strand=strand).embed(DNA) == load_encoder(folder).embed(DNA)).all()


def test_built_in_model_opens_by_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kmer_folder, "BUILT_IN_WEIGHTS", folder.parent)
    assert builtin_models()[0] == "model"
    encoder = load_encoder("model")
    assert encoder.name == "model"
    assert np.isfinite(encoder.embed(DNA)).all()


def test_other_folders_are_left_to_others(tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("not JSON")
    assert find_kmer_folder(str(tiny_model)) is None
    assert find_kmer_folder(str(tmp_path)) is None
    assert find_kmer_folder("owner/name") is None


def test_fingerprint_changes_with_config_and_weights(folder: Path) -> None:
    seen = {load_encoder(folder).fingerprint}
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "note": "another"}))
    seen.add(load_encoder(folder).fingerprint)
    rewrite_weights(folder, {"layers.2.bias": torch.ones(8)})
    seen.add(load_encoder(folder).fingerprint)
    assert len(seen) == 3


def test_missing_weights_are_said(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert str(problem_of(folder)) == f"{folder}: not a k-mer model: model.safetensors missing"


def test_truncated_weights_are_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    assert "weights cannot be read" in problem_of(folder).problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"layers.1.linear.bias": None}, "lacks 'layers.1.linear.bias'"),
        ({"extra": torch.zeros(1)}, "has unknown 'extra'"),
        ({"layers.2.bias": torch.zeros(9)}, "'layers.2.bias' has shape (9,), config.json asks for (8,)"),
        ({"layers.2.bias": torch.full((8,), torch.nan)}, "'layers.2.bias' holds numbers that are not finite"),
    ],
)
def test_weights_that_do_not_fit_are_named(folder: Path, change: dict[str, torch.Tensor | None], problem: str) -> None:
    rewrite_weights(folder, change)
    found = problem_of(folder)
    assert problem in found.problem
    assert found.path == str(folder / "model.safetensors")
