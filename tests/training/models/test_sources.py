"""Models to train: published, ours and new; and what they are written as."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from dnabert_s_cli.encoders.dnabert.train_tokenizer import train_tokenizer
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.config import ModelConfig
from dnabert_s_cli.training.models.sources import (
    TrainableModel,
    new_kmer_model,
    new_transformer,
    open_base,
    read_tokenizer,
)
from dnabert_s_cli.training.validation import embed_sequences
from tests.conftest import random_dna
from tests.training_inputs import TrainingInputs

SEQUENCES = [random_dna(length, length) for length in (40, 300, 120)]
TOKENIZER = train_tokenizer([random_dna(3000)], vocab_size=40)
BASE = ModelConfig(base="unused")


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def trained_vectors(model: TrainableModel) -> np.ndarray:
    return embed_sequences(model.network, SEQUENCES, batch_bp=400, autocast_dtype=None)


def written_vectors(model: TrainableModel, folder: Path) -> np.ndarray:
    folder.mkdir()
    model.write(folder)
    return load_encoder(folder, "cpu", "float32").embed(SEQUENCES)


def test_a_base_is_written_as_it_was_opened(tiny_model: Path, tmp_path: Path) -> None:
    model = open_base(str(tiny_model), BASE)
    expected = load_encoder(tiny_model, "cpu", "float32").embed(SEQUENCES)
    assert np.abs(trained_vectors(model) - expected).max() < 1e-5
    assert np.abs(written_vectors(model, tmp_path / "m") - expected).max() < 1e-6


def test_a_new_transformer_takes_its_vocabulary_from_the_tokenizer(
    training_inputs: TrainingInputs, tmp_path: Path
) -> None:
    model = new_transformer(training_inputs.transformer, TOKENIZER, config=BASE, generator=generator())
    assert np.abs(written_vectors(model, tmp_path / "m") - trained_vectors(model)).max() < 1e-5
    described = json.loads((tmp_path / "m" / "config.json").read_text())
    assert described["vocab_size"] == 40
    assert (tmp_path / "m" / "tokenizer.json").read_text() == TOKENIZER


def test_a_checkpoint_names_no_code_files(tiny_model: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    base.mkdir()
    for path in tiny_model.iterdir():
        (base / path.name).write_bytes(path.read_bytes())
    described = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**described, "auto_map": {"AutoModel": "x.Y"}, "mine": 1}))
    (tmp_path / "m").mkdir()
    open_base(str(base), BASE).write(tmp_path / "m")
    written = json.loads((tmp_path / "m" / "config.json").read_text())
    assert "auto_map" not in written
    assert written["mine"] == 1


def test_a_vocabulary_below_the_tokenizers_is_refused(tmp_path: Path, training_inputs: TrainingInputs) -> None:
    sizes = json.loads(training_inputs.transformer.read_text())
    (tmp_path / "s.json").write_text(json.dumps({**sizes, "vocab_size": 39}))
    with pytest.raises(DnabertSError, match="the tokenizer knows 40"):
        new_transformer(tmp_path / "s.json", TOKENIZER, config=BASE, generator=generator())


def test_a_new_kmer_network_is_opened_by_its_folder(training_inputs: TrainingInputs, tmp_path: Path) -> None:
    model = new_kmer_model(training_inputs.kmer, generator=generator())
    model.network.fit_input_statistics(SEQUENCES)
    vectors = trained_vectors(model)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.abs(written_vectors(model, tmp_path / "m") - unit).max() < 1e-5
    again = open_base(str(tmp_path / "m"), BASE)
    assert np.array_equal(trained_vectors(again), vectors)


def test_a_wrong_size_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"hidden_size": 24}')
    with pytest.raises(DnabertSError, match="should be a number") as caught:
        new_transformer(tmp_path / "s.json", TOKENIZER, config=BASE, generator=generator())
    assert caught.value.path == str(tmp_path / "s.json")


def test_a_tokenizer_is_a_file_or_a_folder_with_one(tiny_model: Path, tmp_path: Path) -> None:
    text = (tiny_model / "tokenizer.json").read_text()
    assert read_tokenizer(str(tiny_model)) == read_tokenizer(str(tiny_model / "tokenizer.json")) == text
    with pytest.raises(DnabertSError, match="no tokenizer there"):
        read_tokenizer(str(tmp_path))
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DnabertSError, match="not a tokenizer file"):
        read_tokenizer(str(tmp_path))
