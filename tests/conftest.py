"""What many tests share: a tiny model in upstream's shape, made once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer, TransformerConfig, init_weights
from tests.hub_server import HubServer, serve_hub
from tests.training_inputs import TrainingInputs, write_training_inputs

# How long an example takes says something of the machine, never of the code.
settings.register_profile("dnabert-s", deadline=None)
settings.load_profile("dnabert-s")

SPECIAL_TOKENS = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]  # in upstream's order
TINY = TransformerConfig(64, 24, 2, 3, 32, initializer_range=0.4)


def random_dna(length: int, seed: int = 0, letters: str = "ACGT") -> str:
    """A sequence of equally likely letters."""
    return "".join(np.random.default_rng(seed).choice(list(letters), length))


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a 2-layer random encoder and a BPE tokenizer of its own."""
    folder = tmp_path_factory.mktemp("tiny-model")
    model = DnabertTransformer(TINY)
    init_weights(model, torch.Generator().manual_seed(0))
    save_file(model.state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(asdict(TINY)))
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(vocab_size=64, special_tokens=SPECIAL_TOKENS, show_progress=False)
    tokenizer.train_from_iterator([random_dna(5000, seed) for seed in range(4)], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def hub_server() -> Iterator[HubServer]:
    """A model hub on this machine, without repositories."""
    with serve_hub() as server:
        yield server


@pytest.fixture(scope="session")
def training_inputs(tmp_path_factory: pytest.TempPathFactory) -> TrainingInputs:
    """Pairs, labelled sequences and sizes of models, to be read only."""
    return write_training_inputs(tmp_path_factory.mktemp("training"))
