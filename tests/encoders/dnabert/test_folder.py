"""Folders in upstream's shapes, whole and damaged."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from dnabert_s_cli.encoders.dnabert.folder import TransformerBackbone, open_model_folder
from dnabert_s_cli.errors import DnabertSError

DNA = ["ACGTTGCAAC", "GGATCCATTTACG"]


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model that a test may damage."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def open_folder(folder: Path) -> TransformerBackbone:
    return open_model_folder(folder, name="tiny", device=torch.device("cpu"), dtype=torch.float32)


def means(folder: Path) -> np.ndarray:
    backbone = open_folder(folder)
    return backbone.mean_vectors([windows[0] for windows in backbone.tokenize(DNA)])


def problem_of(folder: Path) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        open_folder(folder)
    return caught.value


def rewrite_weights(folder: Path, change: dict[str, torch.Tensor | None]) -> None:
    """Replace tensors by name; None takes one out."""
    weights = {**load_file(folder / "model.safetensors"), **change}
    kept = {name: tensor for name, tensor in weights.items() if tensor is not None}
    save_file(kept, folder / "model.safetensors")


def test_prefixed_bin_with_heads_gives_the_same_vectors(folder: Path) -> None:
    expected = means(folder)
    weights = load_file(folder / "model.safetensors")
    upstream = {f"bert.{name}": tensor for name, tensor in weights.items()}
    upstream["cls.predictions.decoder.bias"] = torch.zeros(64)
    upstream["bert.pooler.dense.bias"] = torch.zeros(24)
    torch.save(upstream, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    assert (means(folder) == expected).all()


def test_safetensors_is_preferred_to_bin(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"never read")
    assert means(folder).shape == (2, 24)


def test_half_precision_weights_are_read(folder: Path) -> None:
    expected = means(folder)
    rewrite_weights(folder, {name: value.half() for name, value in load_file(folder / "model.safetensors").items()})
    assert np.abs(means(folder) - expected).max() < 1e-2


def test_all_missing_files_are_named_at_once(tmp_path: Path) -> None:
    problem = problem_of(tmp_path)
    expected = "config.json, tokenizer.json, model.safetensors or pytorch_model.bin missing"
    assert str(problem) == f"{tmp_path}: not a model folder: {expected}"


def test_missing_parameter_is_named(folder: Path) -> None:
    rewrite_weights(folder, {"encoder.layer.1.mlp.wo.bias": None})
    problem = problem_of(folder)
    assert "lacks 'encoder.layer.1.mlp.wo.bias'" in problem.problem
    assert problem.path == str(folder / "model.safetensors")


def test_unknown_parameter_is_named(folder: Path) -> None:
    rewrite_weights(folder, {"encoder.layer.2.extra": torch.zeros(1), "z": torch.zeros(1)})
    assert "has unknown parameters 'encoder.layer.2.extra' and 1 more" in problem_of(folder).problem


def test_parameter_of_another_shape_is_named_with_both_shapes(folder: Path) -> None:
    rewrite_weights(folder, {"embeddings.LayerNorm.bias": torch.zeros(25)})
    expected = "'embeddings.LayerNorm.bias' has shape (25,), config.json asks for (24,)"
    assert problem_of(folder).problem == expected


def test_slip_in_config_names_its_line(folder: Path) -> None:
    (folder / "config.json").write_text('{\n"vocab_size": 64\n"hidden_size": 24}')
    problem = problem_of(folder)
    assert (problem.path, problem.line) == (str(folder / "config.json"), 3)


def test_config_that_is_no_object_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("[]")
    assert problem_of(folder).problem == "does not hold a JSON object"


def test_config_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "config.json").write_bytes(b"\xff\xfe\x00")
    assert problem_of(folder).problem == "is not text in UTF-8, as JSON must be"


def test_truncated_safetensors_is_refused(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:500])
    problem = problem_of(folder)
    assert "weights cannot be read" in problem.problem
    assert problem.path == str(path)


class _Exploit:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (open, ("executed", "w"))  # type: ignore[return-value]  # what an attacker would write


def test_bin_that_would_run_code_is_refused_and_nothing_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": _Exploit()}, protocol=2))
    assert "weights cannot be read" in problem_of(folder).problem
    assert not (folder / "executed").exists()


def test_bin_that_holds_no_tensors_is_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"step": 3}, folder / "pytorch_model.bin")
    assert problem_of(folder).problem == "not a file of named tensors"


def test_fingerprint_changes_with_any_file(folder: Path) -> None:
    before = open_folder(folder).fingerprint
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "note": "another"}))
    assert open_folder(folder).fingerprint != before
