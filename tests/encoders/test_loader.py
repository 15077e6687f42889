"""Names of models, and upstream's numbers end to end."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.encoders.loader import builtin_models, default_model, describe_choice, load_encoder
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.locations import GOLDEN, SHARED, needs_shared

END_TO_END = GOLDEN / "end-to-end"


def upstream_folder(name: str, tmp_path: Path) -> Path:
    """A golden model with the published tokenizer, which may not be kept in this project, put beside it."""
    folder = Path(shutil.copytree(END_TO_END / name, tmp_path / name))
    shutil.copy(SHARED / "tokenizer" / "tokenizer.json", folder)
    return folder


@needs_shared
@pytest.mark.parametrize("name", ["upstream-safetensors", "upstream-bin-mlm"])
def test_upstream_folder_gives_upstreams_embeddings(name: str, tmp_path: Path) -> None:
    sequences = [record.sequence for record in read_sequences([END_TO_END / "sequences.fa"])]
    expected = np.load(END_TO_END / name / "expected.npy")
    encoder = load_encoder(upstream_folder(name, tmp_path), "cpu", "float32")
    assert np.abs(encoder.embed(sequences) - expected).max() < 2e-5


@needs_shared
@pytest.mark.parametrize("name", ["upstream-safetensors", "upstream-bin-mlm"])
def test_bfloat16_points_the_same_way(name: str, tmp_path: Path) -> None:
    sequences = [record.sequence for record in read_sequences([END_TO_END / "sequences.fa"])]
    expected = np.load(END_TO_END / name / "expected.npy")
    rows = load_encoder(upstream_folder(name, tmp_path), "cpu", "bfloat16").embed(sequences)
    cosines = (rows * expected).sum(axis=1) / np.linalg.norm(rows, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() >= 0.9995


@pytest.mark.parametrize("name", builtin_models())
def test_built_in_models_need_no_files(name: str) -> None:
    encoder = load_encoder(name)
    assert encoder.name == name
    assert encoder.embed(["ACGTTGCA" * 10]).shape == (1, encoder.dim)


def test_composition_of_both_strands_is_their_mean() -> None:
    both = load_encoder("tnf", strand="both").embed(["AAAACCCC"])
    forward = load_encoder("tnf").embed(["AAAACCCC", "GGGGTTTT"])
    assert np.abs(both[0] - forward.mean(axis=0)).max() < 1e-7


def test_variable_names_the_default_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNABERT_S_MODEL", "tnf-k")
    assert default_model() == "tnf-k"
    assert load_encoder().name == "tnf-k"


def test_default_model_comes_with_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DNABERT_S_MODEL", raising=False)
    assert default_model() == "kmer-s"


@pytest.mark.parametrize("name", ["tnfc", "./no-such-folder", "a/b/c", "/no/such"])
def test_unknown_model_lists_what_there_is(name: str) -> None:
    with pytest.raises(DnabertSError, match=f"no model '{name}'") as caught:
        load_encoder(name)
    assert caught.value.hint is not None
    assert "tnf-c" in caught.value.hint


def test_file_in_place_of_a_folder_is_said(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.touch()
    with pytest.raises(DnabertSError, match="a model is a folder"):
        load_encoder(path)


def test_overlap_as_long_as_the_window_is_refused(tiny_model: Path) -> None:
    with pytest.raises(DnabertSError, match="an overlap of 500 bp leaves nothing of the window"):
        load_encoder(tiny_model, "cpu", "float32", window_bp=500, overlap_bp=500)


@pytest.mark.parametrize("name", ["tnf-c", "dnabert-s"])
def test_unknown_device_is_refused_before_any_model_is_looked_for(name: str) -> None:
    with pytest.raises(DnabertSError, match="unknown device 'tpu'"):
        load_encoder(name, "tpu")


def test_unknown_strand_is_refused() -> None:
    with pytest.raises(DnabertSError, match="unknown strand 'reverse'"):
        load_encoder("tnf", strand="reverse")


def test_describe_says_what_the_vectors_depend_on(tiny_model: Path) -> None:
    facts = load_encoder(tiny_model, "cpu", "float32", window_bp=500).describe()
    assert facts["device"] == "cpu"
    assert facts["dtype"] == "float32"
    assert facts["window_bp"] == 500
    assert facts["dim"] == 24


@pytest.mark.parametrize(("name", "near"), [("kmers", "kmer-s"), ("DNABERT-S", "dnabert-s"), ("tnfc", "tnf-c")])
def test_near_miss_of_a_name_is_recognised(name: str, near: str) -> None:
    with pytest.raises(DnabertSError) as caught:
        load_encoder(name, "cpu")
    with pytest.raises(DnabertSError, match="no model"):
        describe_choice(name, device="cpu", dtype="auto")
    assert str(caught.value.hint).startswith(f"did you mean {near}? Or use one of ")


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        ("kmer-s", "kmer-s (built in), CPU, float32"),
        ("tnf-c", "tnf-c (built in), CPU, float32"),
        ("dnabert-s", "dnabert-s (Hugging Face hub), CPU, bfloat16"),
        (".", ". (folder), CPU, bfloat16"),
        ("dna2vec:words.w2v", "dna2vec:words.w2v (file), CPU, float32"),
    ],
)
def test_choice_is_described_before_anything_is_loaded(model: str, shown: str) -> None:
    assert describe_choice(model, device="cpu", dtype="bfloat16") == shown
