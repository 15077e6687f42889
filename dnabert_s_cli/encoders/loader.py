"""The one place that turns the name of a model into an encoder.

A name is a built-in (`kmer-s`), a folder in upstream's shape or with a k-mer network, `hf:` and any stock Hugging Face
encoder, `dna2vec:` and a file of k-mer vectors, or a hub id or its alias (`dnabert-s`). No code from a model folder is
ever executed, except where the caller allows it for `hf:`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

import torch

from .. import defaults
from ..errors import DnabertSError
from .composition import COMPOSITIONS
from .devices import default_batch_tokens, device_name, resolve_device, resolve_dtype
from .dnabert.folder import open_model_folder
from .embedder import Backbone, Embedder, Encoder
from .hub import ALIASES, locate_model
from .kmer.folder import built_in_names, find_kmer_folder, open_kmer_folder
from .word_vectors import WORDS_PREFIX, open_word_vectors

STOCK_PREFIX = "hf:"


def default_model() -> str:
    """The model used when none is named: the environment variable DNABERT_S_MODEL, else `kmer-s`."""
    return os.environ.get(defaults.MODEL_VARIABLE) or defaults.MODEL


def builtin_models() -> tuple[str, ...]:
    """Names of the encoders that need no download."""
    return (*built_in_names(), *COMPOSITIONS)


def load_encoder(  # noqa: PLR0917  device and dtype by position: the form that users of other loaders know
    model: str | Path | None = None,
    device: str = defaults.DEVICE,
    dtype: str = defaults.DTYPE,
    *,
    window_bp: int | None = None,
    overlap_bp: int = defaults.OVERLAP_BP,
    strand: str = defaults.STRAND,
    batch_tokens: int = defaults.BATCH_TOKENS,
    trust_remote_code: bool = False,
) -> Encoder:
    """A ready encoder: `.embed(sequences) -> (N, D) float32`, `.dim`, `.name`, `.fingerprint`.

    Args:
        model: built-in name, folder, hub id or alias, `hf:` and a stock encoder, or `dna2vec:` and a file; None for
            `default_model()`.
        device: auto, cpu, cuda, cuda:N or mps; compositions and k-mer networks run on the CPU whatever it is.
        dtype: auto (bfloat16 where the hardware computes in it), float32 or bfloat16.
        window_bp: longest piece a transformer sees at once; None for what suits the model.
        overlap_bp: bases that neighbouring windows share.
        strand: "forward", or "both" for the mean with the reverse complement.
        batch_tokens: most tokens in a batch; 0 for what suits the device.
        trust_remote_code: let an `hf:` model run code that comes with it.

    Raises:
        DnabertSError: the model, the device or the number format is not available.
    """
    if strand not in ("forward", "both"):
        raise DnabertSError(f"unknown strand '{strand}'", hint="use forward or both")
    if overlap_bp >= (window_bp or defaults.WINDOW_BP):
        hint = "use a smaller --overlap"
        raise DnabertSError(f"an overlap of {overlap_bp} bp leaves nothing of the window", hint=hint)
    on_device = resolve_device(device)
    number_format = resolve_dtype(dtype, on_device)
    name = str(model) if model is not None else default_model()
    if name in COMPOSITIONS:
        return replace(COMPOSITIONS[name], strand=strand, threads=torch.get_num_threads())
    if name.startswith(WORDS_PREFIX):
        words = Path(name.removeprefix(WORDS_PREFIX)).expanduser()
        return open_word_vectors(words, name=name, strand=strand, threads=torch.get_num_threads())
    if kmer_folder := find_kmer_folder(name):
        return open_kmer_folder(kmer_folder, name=name, threads=torch.get_num_threads(), strand=strand)
    backbone = _open_backbone(name, on_device, dtype=number_format, trust_remote_code=trust_remote_code)
    return Embedder(
        backbone,
        batch_tokens=batch_tokens or default_batch_tokens(on_device),
        window_bp=window_bp or defaults.WINDOW_BP,
        overlap_bp=overlap_bp,
        strand=strand,
    )


def describe_choice(model: str | None, *, device: str, dtype: str) -> str:
    """What `load_encoder` would open and where it would run, in a few words: `kmer-s (built in), CPU, float32`.

    Raises:
        DnabertSError: no such model, device or number format.
    """
    name = model or default_model()
    is_folder = Path(name).expanduser().is_dir()
    kind = "built in" if name in builtin_models() else "folder" if is_folder else "Hugging Face hub"
    if name.startswith(WORDS_PREFIX):
        kind = "file"
    if name.startswith(WORDS_PREFIX) or name in COMPOSITIONS or find_kmer_folder(name):
        return f"{name} ({kind}), CPU, float32"
    if kind != "folder":
        _check_name(name)
    on_device = resolve_device(device)
    shown = "CPU" if on_device.type == "cpu" else device_name(on_device)
    return f"{name} ({kind}), {shown}, {str(resolve_dtype(dtype, on_device)).removeprefix('torch.')}"


def _check_name(name: str) -> None:
    """Raise a `DnabertSError` unless this may be a model on the hub, a stock one, or a path that is there."""
    if name in ALIASES or name.startswith(STOCK_PREFIX) or Path(name).expanduser().exists():
        return
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise DnabertSError(f"no model '{name}'", hint=_names_for(name))


def _names_for(name: str) -> str:
    """A hint for a model name that does not exist."""
    known = [*builtin_models(), *ALIASES]
    near = get_close_matches(name.lower(), known, n=1)
    every = f"use one of {', '.join(known)}, a folder, a hub id such as owner/name, hf:NAME, or {WORDS_PREFIX}FILE"
    return f"did you mean {near[0]}? Or {every}" if near else every


def _open_backbone(name: str, device: torch.device, *, dtype: torch.dtype, trust_remote_code: bool) -> Backbone:
    """The token model of that name."""
    if name.startswith(STOCK_PREFIX):
        from .stock import load_stock_backbone  # here: transformers takes seconds to import, and few need it

        stock_name = name.removeprefix(STOCK_PREFIX)
        return load_stock_backbone(stock_name, device=device, dtype=dtype, trust_remote_code=trust_remote_code)
    folder = Path(name).expanduser()
    if folder.is_dir():
        return open_model_folder(folder, name=name, device=device, dtype=dtype)
    if folder.exists():
        raise DnabertSError("a model is a folder, this is a file", path=name)
    _check_name(name)
    located = locate_model(name)
    return open_model_folder(located.path, name=name, device=device, dtype=dtype)
