"""A folder in upstream's shape, opened: config.json, tokenizer.json and weights to a ready backbone.

Weights are `model.safetensors`, else `pytorch_model.bin`, each also in parts with an index (`weight_files`). Heads that
only pre-training or classification needs are left, and what remains must be exactly the encoder's parameters. Sizes in
config.json are compared with the weights before anything is built from them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ...errors import DnabertSError
from ...untrusted import read_json_object
from ..devices import batches_at_once, computes_bfloat16, device_name, keep_freed_memory
from ..weight_files import WEIGHT_FILES, read_weights, weight_parts
from .decay_attention import DecayEncoder
from .network import DnabertTransformer, TransformerConfig
from .packed_linear import pack_linear_layers
from .packing import mean_per_sequence, pack
from .tokenizer import DnaTokenizer

CONFIG_FILE = "config.json"
TOKENIZER_FILE = "tokenizer.json"
_UNUSED_HEADS = ("cls.", "pooler.", "classifier.")
_WORDS, _TYPES = "embeddings.word_embeddings.weight", "embeddings.token_type_embeddings.weight"
_GATE = "encoder.layer.0.mlp.gated_layers.weight"
_STOCK_HINT = "for another kind of model, name it as hf:FOLDER"


class FastWay(Protocol):
    """What takes the place of the plain way where it can."""

    def mean_vectors(self, windows: Sequence[np.ndarray]) -> np.ndarray | None:
        """Mean of the last layer over each window's tokens; None: take the plain way. B windows -> (B, D) float32."""


@dataclass(frozen=True, slots=True, eq=False)
class TransformerBackbone:
    """A DNABERT-2 / DNABERT-S encoder with its tokenizer, as `Embedder` uses it."""

    name: str
    fingerprint: str
    model: DnabertTransformer
    tokenizer: DnaTokenizer
    device: torch.device
    n_at_once: int | None = None
    fast: FastWay | None = None

    @property
    def dim(self) -> int:
        """Hidden size D."""
        return self.model.config.hidden_size

    def describe(self) -> dict[str, object]:
        """Device and number format, for provenance."""
        dtype = self.model.embeddings.word_embeddings.weight.dtype
        return {"device": device_name(self.device), "dtype": str(dtype).removeprefix("torch.")}

    def tokenize(self, pieces: Sequence[str]) -> list[list[np.ndarray]]:
        """One window of token ids per piece: ALiBi has no longest sequence."""
        return [[token_ids] for token_ids in self.tokenizer.encode(pieces)]

    def mean_vectors(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Mean of the last layer over each window's tokens. B windows -> (B, D) float32."""
        fast_means = self.fast.mean_vectors(windows) if self.fast is not None else None
        if fast_means is not None:
            return fast_means
        batch = pack(windows, self.device)
        with torch.inference_mode():
            hidden = self.model(batch.token_ids, batch.runs)  # (T, D)
            means: np.ndarray = mean_per_sequence(hidden, batch.runs).cpu().numpy()
        return means


def open_model_folder(folder: Path, *, name: str, device: torch.device, dtype: torch.dtype) -> TransformerBackbone:
    """Check and build the encoder in `folder`.

    Raises:
        DnabertSError: a file is missing, damaged or does not fit the others.
    """
    config_path, tokenizer_path, weights_path = model_files(folder)
    config = TransformerConfig.from_json(read_json_object(config_path), path=str(config_path))
    model = build_transformer(config, read_weights(weights_path), path=weights_path)
    if device.type == "cpu":
        keep_freed_memory()
    model.to(device=device, dtype=dtype)
    model.slopes = model.make_slopes(config).to(device)  # float32 always: bfloat16 would shift every distance
    tokenizer = DnaTokenizer(tokenizer_path, vocab_size=config.vocab_size)
    fingerprint = hash_files([config_path, tokenizer_path, *weight_parts(weights_path)])
    fast = _fast_way(model, device, dtype=dtype)
    return TransformerBackbone(name, fingerprint, model, tokenizer, device, batches_at_once(device), fast)


def _fast_way(model: DnabertTransformer, device: torch.device, *, dtype: torch.dtype) -> FastWay | None:
    """Attention compiled for CUDA, or as decayed products where the CPU computes in bfloat16; None: neither."""
    if device.type == "cpu":
        if dtype != torch.bfloat16 or not computes_bfloat16(device):
            return None
        pack_linear_layers(model)
        return DecayEncoder(model)
    if device.type != "cuda":
        return None
    from .flex_attention import FlexEncoder, compiled_kernel  # late: only GPUs need the compiler

    kernel = compiled_kernel(device, dtype)
    return FlexEncoder(model, kernel) if kernel is not None else None


def model_files(folder: Path) -> tuple[Path, Path, Path]:
    """Paths of config, tokenizer and weights.

    Raises:
        DnabertSError: names all that are missing.
    """
    found = [name for name in (CONFIG_FILE, TOKENIZER_FILE, *WEIGHT_FILES) if (folder / name).is_file()]
    weights = [name for name in WEIGHT_FILES if name in found]
    missing = [name for name in (CONFIG_FILE, TOKENIZER_FILE) if name not in found]
    if not weights:
        missing.append(" or ".join(name for name in WEIGHT_FILES if not name.endswith(".json")))
    if missing:
        raise DnabertSError(f"not a model folder: {', '.join(missing)} missing", path=folder, hint=_STOCK_HINT)
    return folder / CONFIG_FILE, folder / TOKENIZER_FILE, folder / weights[0]


def build_transformer(config: TransformerConfig, weights: dict[str, Tensor], *, path: Path) -> DnabertTransformer:
    """The encoder with these weights, heads left out, in evaluation mode, float32 on the CPU.

    Raises:
        DnabertSError: a parameter is missing, left over, or of another shape; `path` is named.
    """
    weights = {name: tensor for name, tensor in weights.items() if not name.startswith(_UNUSED_HEADS)}
    _check_sizes(config, weights, path=path)
    with torch.device("meta"):
        model = DnabertTransformer(config)
    expected = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    _check_names("lacks", sorted(expected.keys() - weights.keys()), path=path)
    _check_names("has unknown parameters", sorted(weights.keys() - expected.keys()), path=path)
    for name, shape in expected.items():
        if tuple(weights[name].shape) != shape:
            raise DnabertSError(
                f"'{name}' has shape {tuple(weights[name].shape)}, config.json asks for {shape}", path=path
            )
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, assign=True, strict=False)
    model.slopes = DnabertTransformer.make_slopes(config)
    return model.eval()


def hash_files(paths: Sequence[Path]) -> str:
    """SHA-256 over names and contents, in order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _check_sizes(config: TransformerConfig, weights: dict[str, Tensor], *, path: Path) -> None:
    """Compare sizes that building takes time or memory for with the weights that are there.

    Raises:
        DnabertSError: they differ.
    """
    words = weights.get(_WORDS)
    sizes: dict[str, tuple[int, int]] = {}
    if words is not None and words.ndim == 2:
        sizes |= {"vocab_size": (config.vocab_size, len(words)), "hidden_size": (config.hidden_size, words.shape[1])}
    gate = weights.get(_GATE)
    if gate is not None and gate.ndim == 2:
        sizes["intermediate_size"] = (config.intermediate_size, len(gate) // 2)
    types = weights.get(_TYPES)
    if types is not None and types.ndim == 2:
        sizes["type_vocab_size"] = (config.type_vocab_size, len(types))
    for name, (wanted, found) in sizes.items():
        if wanted != found:
            problem = f"config.json asks for {name} {wanted:,}, these weights have {found:,}"
            raise DnabertSError(problem, path=path, hint="take config.json and weights from the same model")


def _check_names(what: str, names: Sequence[str], *, path: Path) -> None:
    """Raise a `DnabertSError` that shows the first of `names`, if there are any."""
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise DnabertSError(f"{what} '{names[0]}'{more}: not a DNABERT-2 encoder", path=path, hint=_STOCK_HINT)
