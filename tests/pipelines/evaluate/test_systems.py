"""Models of an evaluation."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from dnabert_s_cli import defaults
from dnabert_s_cli.encoders.composition import tnf_kernel, tnf_kernel_scrambled
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings.cache import VectorCache
from dnabert_s_cli.pipelines.evaluate.systems import (
    CannotRunError,
    VectorSource,
    open_system,
    parse_models,
    system_name,
)
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from tests.conftest import random_dna

DNA = [random_dna(300, seed) for seed in range(6)]
OPTIONS = EncoderOptions(dtype="float32", threads=1)


def vectors(model: str, protocol: str = "sound", cache: Path | None = None) -> np.ndarray:
    system = open_system(system_name(model, protocol), OPTIONS, seed=0)
    return VectorSource(model, system, VectorCache(cache), Silent()).of(DNA, what="a set")


def test_a_list_of_models_is_read_with_labels() -> None:
    named = parse_models("tnf, mine=runs/a=b/best ,")
    assert [(one.label, one.model) for one in named] == [("tnf", "tnf"), ("mine", "runs/a=b/best")]


def test_paper_stands_for_the_models_of_its_table() -> None:
    labels = [one.label for one in parse_models("paper,tnf-c")]
    assert labels == ["tnf", "tnf-k", "tnf-vae", "dna2vec", "hyenadna", "nt-v2", "dnabert-2", "dnabert-s", "tnf-c"]


@pytest.mark.parametrize(
    ("text", "problem"), [("tnf,tnf", "two models are called 'tnf'"), (" , ", "no model is named")]
)
def test_a_list_that_names_nothing_or_one_twice_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(DnabertSError, match=problem):
        parse_models(text)


def test_tnf_k_is_scrambled_in_the_papers_protocol_only() -> None:
    np.testing.assert_array_equal(vectors("tnf-k", "paper"), tnf_kernel_scrambled(DNA).astype(np.float32))
    np.testing.assert_array_equal(vectors("tnf-k", "sound"), tnf_kernel(DNA).astype(np.float32))


def test_tnf_vae_gives_the_same_vectors_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "VAE_EPOCHS", 2)
    first, second = vectors("tnf-vae"), vectors("tnf-vae")
    assert first.shape == (6, 32)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("model", "reason"), [("dna2vec", "needs a file of word vectors"), ("nothing", "no model")])
def test_a_model_that_is_not_to_be_had_says_why(model: str, reason: str) -> None:
    with pytest.raises(CannotRunError, match=reason):
        open_system(model, OPTIONS, seed=0)


def test_the_cache_gives_back_what_was_made(tmp_path: Path) -> None:
    made = vectors("tnf", cache=tmp_path)
    kept = next(tmp_path.iterdir())
    np.save(kept, made + 1)
    np.testing.assert_array_equal(vectors("tnf", cache=tmp_path), made + 1)


def test_a_folder_that_holds_another_model_now_is_embedded_anew(tmp_path: Path, tiny_model: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    before = vectors(str(folder), cache=tmp_path / "cache")
    weights = {name: one * 1.5 for name, one in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors")
    assert not np.allclose(before, vectors(str(folder), cache=tmp_path / "cache"))


def test_a_vector_that_is_not_finite_is_a_reason_to_skip() -> None:
    class Broken:
        facts: dict[str, object] = {}  # noqa: RUF012  # a stand-in for a property
        embeds_alone = True

        def vectors(self, sequences: list[str], *, progress: Silent) -> np.ndarray:
            del progress
            return np.full((len(sequences), 2), np.nan, dtype=np.float32)

    with pytest.raises(CannotRunError, match="not finite"):
        VectorSource("broken", Broken(), VectorCache(None), Silent()).of(DNA, what="a set")  # type: ignore[arg-type]  # lists for sequences
