"""Which files of a repository are taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.encoders.file_sets import MODEL_FILES, FileSet, file_names

SHARDED = FileSet(
    (("config.json",), ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")), ("*token*",)
)
PARTS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


def test_safetensors_are_preferred_and_come_last() -> None:
    names = ["pytorch_model.bin", "model.safetensors", "config.json", "tokenizer.json", "README.md", "code.py"]
    assert MODEL_FILES.choose(names) == ("config.json", "tokenizer.json", "model.safetensors")


@pytest.mark.parametrize("absent", ["config.json", "tokenizer.json"])
def test_a_required_file_is_named_when_lacking(absent: str) -> None:
    names = {"config.json", "tokenizer.json", "pytorch_model.bin"} - {absent}
    assert MODEL_FILES.lacking(names) == absent


def test_weights_in_parts_are_taken_with_their_index() -> None:
    names = [*PARTS, "model.safetensors.index.json", "config.json", "pytorch_model.bin"]
    assert SHARDED.lacking(names) is None
    assert SHARDED.choose(names) == ("config.json", *PARTS, "model.safetensors.index.json")


def test_a_missing_part_is_noticed() -> None:
    for parts in ([], PARTS[:1], PARTS[1:]):
        lacking = SHARDED.lacking([*parts, "model.safetensors.index.json", "config.json"])
        assert lacking == "complete weights, of which parts are missing"


def test_optional_files_of_subfolders_are_left() -> None:
    names = ["config.json", "model.safetensors", "onnx/tokenizer.json", "tokenizer.json"]
    assert SHARDED.choose(names) == ("config.json", "tokenizer.json", "model.safetensors")


def test_a_link_to_nothing_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").symlink_to(tmp_path / "gone")
    assert file_names(tmp_path) == {"config.json"}
