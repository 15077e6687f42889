"""Where the model comes from that is trained: published, ours, or new; and how it is written again.

alias, hub id or folder -> the encoder in it; or JSON with sizes (and a tokenizer) -> a new one with random weights.
Either way a `Network` comes out, with the files that accompany its weights in a checkpoint.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch

from ...encoders.dnabert.folder import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    build_transformer,
    model_files,
)
from ...encoders.dnabert.network import DnabertTransformer, TransformerConfig, init_weights
from ...encoders.dnabert.tokenizer import DnaTokenizer
from ...encoders.dnabert.train_tokenizer import tokenizer_vocab_size, train_tokenizer
from ...encoders.hub import locate_model
from ...encoders.kmer.config import MODEL_TYPE as KMER_MODEL_TYPE
from ...encoders.kmer.config import KmerNetworkConfig
from ...encoders.kmer.folder import find_kmer_folder, load_kmer_network, save_kmer_model
from ...encoders.kmer.network import KmerNetwork
from ...encoders.kmer.network import init_weights as init_kmer_weights
from ...encoders.tensor_files import write_tensors
from ...encoders.weight_files import WEIGHT_FILES, read_weights
from ...errors import DnabertSError
from ...untrusted import read_json_object, require_room
from ..config import ModelConfig
from .networks import KmerProfileNetwork, Network, TransformerNetwork

NEW_TOKENIZER = "new"
_LOG = logging.getLogger(__name__)
_BYTES_OF_PARAMETER = 16  # itself, its gradient, and two that Adam keeps
_REMOTE_CODE_KEYS = ("auto_map",)  # would name code files that a checkpoint does not hold
# What upstream's own code expects in a config.json in addition to the sizes.
_UPSTREAM_KEYS: Mapping[str, object] = {
    "model_type": "bert",
    "architectures": ["BertModel"],
    "alibi_starting_size": 512,
    "attention_probs_dropout_prob": 0.0,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "pad_token_id": 3,
}


class TrainableModel(Protocol):
    """A network, and how it becomes a model folder."""

    @property
    def network(self) -> Network:
        """What is trained."""

    def write(self, folder: Path) -> None:
        """Write the files that `load_encoder` opens."""


@dataclass(frozen=True, slots=True, eq=False)
class TransformerModel:
    """A transformer, and the text of config.json and tokenizer.json that belong to it."""

    network: TransformerNetwork
    config_json: str
    tokenizer_json: str

    def write(self, folder: Path) -> None:
        """Write the files that `load_encoder` opens, weights under upstream's names."""
        write_tensors(folder / WEIGHT_FILES[0], self.network.model.state_dict())
        (folder / CONFIG_FILE).write_text(self.config_json, encoding="utf-8")
        (folder / TOKENIZER_FILE).write_text(self.tokenizer_json, encoding="utf-8")


@dataclass(frozen=True, slots=True, eq=False)
class KmerModel:
    """A k-mer network."""

    network: KmerProfileNetwork

    def write(self, folder: Path) -> None:
        """Write the files that `load_encoder` opens, in full precision, so that training can be resumed from them."""
        save_kmer_model(folder, self.network.model, half=False)


def start_model(config: ModelConfig, tokenizer: str | None, *, generator: torch.Generator) -> TrainableModel:
    """The model that a new run starts from; `tokenizer` as of `tokenizer_text`, `generator` for new weights.

    Raises:
        DnabertSError: no such model, or sizes that are wrong.
    """
    if config.base is not None:
        return open_base(config.base, config)
    assert config.init is not None, "checked by ModelConfig"
    if tokenizer is None:
        return new_kmer_model(Path(config.init), generator=generator)
    return new_transformer(Path(config.init), tokenizer, config=config, generator=generator)


def tokenizer_text(config: ModelConfig, sample: Iterable[str]) -> str | None:
    """Text of the tokenizer of a new transformer, read or trained on `sample`; None for all other models.

    Raises:
        DnabertSError: none is named, or no such file.
    """
    if config.init is None or not _is_transformer(Path(config.init)):
        return None
    if config.tokenizer is None:
        hint = "--tokenizer new trains one on the pairs; or give a tokenizer.json"
        raise DnabertSError("a new transformer needs a tokenizer", path=config.init, hint=hint)
    if config.tokenizer != NEW_TOKENIZER:
        return read_tokenizer(config.tokenizer)
    _LOG.info("training a tokenizer of %d tokens", config.vocab_size)
    return train_tokenizer(sample, vocab_size=config.vocab_size)


def open_base(name: str, config: ModelConfig) -> TrainableModel:
    """A published model by alias or hub id, or the one in a folder (also one of our checkpoints); float32, on the CPU.

    Raises:
        DnabertSError: no such model, or files that are damaged or do not fit each other.
    """
    kmer_folder = find_kmer_folder(name)
    if kmer_folder is not None:
        return KmerModel(_kmer_network(load_kmer_network(kmer_folder)))
    folder = Path(name).expanduser()
    if not folder.is_dir():
        folder = locate_model(name).path
    config_path, tokenizer_path, weights_path = model_files(folder)
    described = read_json_object(config_path)
    shape = TransformerConfig.from_json(described, path=str(config_path))
    model = build_transformer(shape, read_weights(weights_path), path=weights_path)
    kept = {key: value for key, value in described.items() if key not in _REMOTE_CODE_KEYS}
    return _transformer(model, kept, tokenizer_json=tokenizer_path.read_text(encoding="utf-8"), config=config)


def _is_transformer(path: Path) -> bool:
    """Whether a JSON of sizes describes a transformer, rather than a k-mer network."""
    return read_json_object(path).get("model_type") != KMER_MODEL_TYPE


def new_kmer_model(path: Path, *, generator: torch.Generator) -> KmerModel:
    """A k-mer network of the shape in a JSON file, with random weights.

    Raises:
        DnabertSError: a value is wrong or out of range.
    """
    given = read_json_object(path)
    described = {**KmerNetworkConfig().to_json(), **given}
    config = KmerNetworkConfig.from_json(described, path=str(path))
    with torch.device("meta"):
        _require_room(KmerNetwork(config), path)
    network = KmerNetwork(config)
    init_kmer_weights(network, generator)
    return KmerModel(_kmer_network(network))


def new_transformer(
    path: Path, tokenizer_json: str, *, config: ModelConfig, generator: torch.Generator
) -> TransformerModel:
    """A transformer of the sizes in a JSON file, with random weights; its vocabulary is the tokenizer's.

    Raises:
        DnabertSError: a size is missing or wrong, or the file's `vocab_size` is less than the tokenizer's.
    """
    given = read_json_object(path)
    n_tokens = tokenizer_vocab_size(tokenizer_json)
    shape = TransformerConfig.from_json({"vocab_size": n_tokens, **given}, path=str(path))
    if shape.vocab_size < n_tokens:
        problem = f"'vocab_size' is {shape.vocab_size}, the tokenizer knows {n_tokens} tokens"
        raise DnabertSError(problem, path=path, hint="omit 'vocab_size'")
    with torch.device("meta"):
        _require_room(DnabertTransformer(shape), path)
    model = DnabertTransformer(shape)
    init_weights(model, generator)
    kept = {key: value for key, value in given.items() if key not in _REMOTE_CODE_KEYS}
    return _transformer(
        model, {**_UPSTREAM_KEYS, **asdict(shape), **kept}, tokenizer_json=tokenizer_json, config=config
    )


def read_tokenizer(name: str) -> str:
    """The text of a tokenizer.json, given as the file or the folder that it lies in.

    Raises:
        DnabertSError: no such file, or not a tokenizer.
    """
    path = Path(name).expanduser()
    path = path / TOKENIZER_FILE if path.is_dir() else path
    if not path.is_file():
        hint = "give a tokenizer.json, a folder that holds one, or the word new"
        raise DnabertSError("no tokenizer there", path=path, hint=hint)
    DnaTokenizer(path, vocab_size=sys.maxsize)
    return path.read_text(encoding="utf-8")


def _require_room(shape: torch.nn.Module, path: Path) -> None:
    """Raise a `DnabertSError` where training a network of this shape takes more memory than there is."""
    n_parameters = sum(parameter.numel() for parameter in shape.parameters())
    require_room(_BYTES_OF_PARAMETER * n_parameters, path, what=f"training {n_parameters:,} parameters")


def _kmer_network(model: KmerNetwork) -> KmerProfileNetwork:
    model.drop_uncertainty()
    return KmerProfileNetwork(model, threads=torch.get_num_threads())


def _transformer(
    model: DnabertTransformer, described: Mapping[str, object], *, tokenizer_json: str, config: ModelConfig
) -> TransformerModel:
    with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder:
        path = Path(folder) / TOKENIZER_FILE
        path.write_text(tokenizer_json, encoding="utf-8")
        tokenizer = DnaTokenizer(path, vocab_size=model.config.vocab_size)
    network = TransformerNetwork(model, tokenizer, max_tokens=config.max_tokens, recompute=config.recompute)
    return TransformerModel(network, json.dumps(described, indent=2, sort_keys=True) + "\n", tokenizer_json)
