"""Model folders as downloads, wrappers and hostile hands leave them: read, or refused with the file's name."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.encoders.dnabert.test_folder import folder, means, open_folder, problem_of, rewrite_weights

__all__ = ["folder"]  # a fixture


def as_bin(folder: Path, weights: dict[str, object]) -> None:
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "model.bert."])
def test_prefixes_of_wrappers_are_taken_off(folder: Path, prefix: str) -> None:
    expected = means(folder)
    as_bin(folder, {f"{prefix}{name}": one for name, one in load_file(folder / "model.safetensors").items()})
    assert (means(folder) == expected).all()


def test_weights_within_a_checkpoint_are_read(folder: Path) -> None:
    expected = means(folder)
    as_bin(folder, {"epoch": 3, "state_dict": load_file(folder / "model.safetensors")})
    assert (means(folder) == expected).all()


def shard(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    file_of = {name: f"model-0000{1 + place % 2}-of-00002.safetensors" for place, name in enumerate(weights)}
    for file in set(file_of.values()):
        save_file({name: one for name, one in weights.items() if file_of[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": file_of}))


def test_parts_with_an_index_are_read_and_hashed(folder: Path) -> None:
    expected = means(folder)
    shard(folder)
    assert (means(folder) == expected).all()
    before = open_folder(folder).fingerprint
    part = folder / "model-00001-of-00002.safetensors"
    save_file({name: one + 1 for name, one in load_file(part).items()}, part)
    assert open_folder(folder).fingerprint != before


def test_a_missing_part_is_named(folder: Path) -> None:
    shard(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()
    assert problem_of(folder).problem == "names 'model-00002-of-00002.safetensors', which is not there"


@pytest.mark.parametrize("name", ["../model.safetensors", "/etc/passwd", "", ".", "x" * 5000, "a\0b", 3])
def test_an_index_leads_nowhere_else(folder: Path, name: object) -> None:
    shard(folder)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": name}}))
    assert problem_of(folder).path == str(folder / "model.safetensors.index.json")


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "the file of weights is empty"), (b"version https://git-lfs.github.com/spec/v1\noid", "git-lfs pointer")],
)
def test_what_downloads_leave_is_named(folder: Path, name: str, content: bytes, problem: str) -> None:
    (folder / "model.safetensors").unlink()
    (folder / name).write_bytes(content)
    found = problem_of(folder)
    assert problem in found.problem
    assert found.path == str(folder / name)


@pytest.mark.parametrize("share", [0.0001, 0.1, 0.5, 0.99])
def test_a_cut_bin_is_damaged_and_no_unsafe_way_is_offered(folder: Path, share: float) -> None:
    as_bin(folder, dict(load_file(folder / "model.safetensors")))
    path = folder / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[: max(1, int(share * path.stat().st_size))])
    found = problem_of(folder)
    assert "truncated or damaged" in found.problem
    assert "weights_only" not in f"{found.problem} {found.hint}"


def test_a_packed_archive_is_refused_before_it_is_unpacked(folder: Path) -> None:
    as_bin(folder, dict(load_file(folder / "model.safetensors")))
    path = folder / "pytorch_model.bin"
    with zipfile.ZipFile(path) as stored:
        members = {one.filename: stored.read(one) for one in stored.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in {**members, "archive/data/99": bytes(10_000_000)}.items():
            packed.writestr(name, content)
    assert "is packed, which torch never does" in problem_of(folder).problem


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(folder: Path, number: float) -> None:
    rewrite_weights(folder, {"embeddings.LayerNorm.bias": torch.full((24,), number)})
    assert problem_of(folder).problem == "'embeddings.LayerNorm.bias' holds numbers that are not finite"


def test_a_tensor_of_more_numbers_than_there_are_is_refused(folder: Path) -> None:
    weights: dict[str, object] = dict(load_file(folder / "model.safetensors"))
    as_bin(folder, {**weights, "embeddings.LayerNorm.bias": torch.zeros(1).expand(10**12)})
    assert "claims more numbers than the file holds" in problem_of(folder).problem


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("hidden_size", 10**9), ("hidden_size", -1), ("hidden_size", 0), ("vocab_size", 10**18)),
        *(("num_hidden_layers", 10**9), ("num_hidden_layers", 0), ("num_attention_heads", 10**9)),
        *(("intermediate_size", 10**9), ("type_vocab_size", 10**9), ("hidden_dropout_prob", 7)),
        *(("layer_norm_eps", float("nan")), ("layer_norm_eps", -1.0), ("initializer_range", float("inf"))),
    ],
)
def test_numbers_beyond_reason_are_refused(folder: Path, name: str, value: float) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, name: value}))
    found = problem_of(folder)
    assert f"'{name}' should be" in found.problem
    assert found.path == str(folder / "config.json")


@pytest.mark.parametrize(("name", "value"), [("vocab_size", 65), ("hidden_size", 1_000_002), ("intermediate_size", 9)])
def test_sizes_are_compared_with_the_weights(folder: Path, name: str, value: int) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, name: value}))
    assert f"config.json asks for {name} {value:,}, these weights have" in problem_of(folder).problem


def change_tokenizer(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    described = json.loads((folder / "tokenizer.json").read_text())
    change(described)
    (folder / "tokenizer.json").write_text(json.dumps(described))


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["post_processor"]["special_tokens"].clear(),
        lambda one: one["post_processor"]["special_tokens"]["[CLS]"].update(ids=[10**9]),
        lambda one: one["model"]["vocab"].update(ACGT=10**9),
        lambda one: (one["model"]["vocab"].clear(), one["model"]["merges"].clear(), one["added_tokens"].clear()),
        lambda one: one.pop("model"),
    ],
    ids=["no special token", "its id", "id of a word", "no words", "no model"],
)
def test_a_tokenizer_that_cannot_serve_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], capfd: pytest.CaptureFixture[str]
) -> None:
    change_tokenizer(folder, change)
    assert problem_of(folder).path == str(folder / "tokenizer.json")
    assert "panicked" not in capfd.readouterr().err
