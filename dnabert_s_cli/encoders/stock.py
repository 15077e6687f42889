"""Any stock encoder of Hugging Face, as `hf:NAME`: a folder or hub id to a backbone, through transformers.

The files are found or fetched by hub.py; transformers only ever sees a folder. Its tokenizer is wrapped by
`WindowTokenizer`, its model by `StockBackbone`, and `Embedder` does the rest as for our own models.
"""

from __future__ import annotations

import inspect
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from ..errors import DnabertSError
from ..untrusted import library_reads, read_json_object, refuse_lfs_pointer
from .devices import device_name
from .dnabert.folder import hash_files
from .file_sets import FileSet, file_names
from .hub import fetch_snapshot, find_snapshot, parse_reference
from .stock_tokens import SAMPLE_DNA, WindowTokenizer, window_tokenizer

_FILES = FileSet(
    required=(
        ("config.json",),
        ("tokenizer_config.json", "tokenizer.json", "vocab.txt", "vocab.json", "spiece.model"),
        (
            "model.safetensors",
            "model.safetensors.index.json",
            "pytorch_model.bin",
            "pytorch_model.bin.index.json",
        ),
    ),
    optional=("*token*.json", "vocab*", "merges.txt", "*.model"),
)
_FILES_AND_CODE = replace(_FILES, optional=(*_FILES.optional, "*.py"))
# A padded batch takes windows of at least this share of its longest, so that at most a fifth of it is padding.
_SHORTEST_SHARE = 0.8
_OTHER_VERSION = "the model may need --trust-remote-code, a package of its own, or another version of transformers"


@dataclass(frozen=True, slots=True, eq=False)
class StockBackbone:
    """A model of transformers with its tokenizer, as `Embedder` uses it."""

    name: str
    fingerprint: str
    dim: int
    model: nn.Module
    tokenizer: WindowTokenizer
    n_at_once: int | None = None  # some of these models keep state while they compute

    def describe(self) -> dict[str, object]:
        """Device and number format, for provenance."""
        parameter = next(self.model.parameters())
        return {
            "device": device_name(parameter.device),
            "dtype": str(parameter.dtype).removeprefix("torch."),
            "transformers": transformers.__version__,
        }

    def tokenize(self, pieces: Sequence[str]) -> list[list[np.ndarray]]:
        """Token windows of each piece of DNA: several where it is longer than the model's context."""
        return self.tokenizer.windows(pieces)

    def mean_vectors(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Mean of the last layer over each window's tokens. B windows -> (B, D) float32."""
        means = np.empty((len(windows), self.dim), dtype=np.float32)
        share = _SHORTEST_SHARE if _takes_mask(self.model) else 1.0
        for rows in similar_lengths([len(window) for window in windows], shortest_share=share):
            means[rows] = self._padded_means([windows[row] for row in rows])
        return means

    @torch.inference_mode()
    def _padded_means(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        device = next(self.model.parameters()).device
        lengths = torch.tensor([len(window) for window in windows], device=device)  # (B,)
        token_ids = np.full((len(windows), int(lengths.max())), self.tokenizer.pad_id, dtype=np.int64)
        for row, window in enumerate(windows):
            token_ids[row, : len(window)] = window
        attended = torch.arange(token_ids.shape[1], device=device) < lengths[:, None]  # (B, L)
        hidden = last_hidden(self.model, torch.from_numpy(token_ids).to(device), attended=attended)  # (B, L, D)
        sums = hidden.float().masked_fill(~attended[..., None], 0.0).sum(dim=1)  # (B, D)
        means: np.ndarray = (sums / lengths[:, None]).cpu().numpy()
        return means


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A folder as transformers opens it; `random` are the parameters that the weights do not hold."""

    tokenizer: PreTrainedTokenizerBase
    model: PreTrainedModel
    random: Mapping[str, nn.Parameter]


def load_stock_backbone(
    name: str, *, device: torch.device, dtype: torch.dtype, trust_remote_code: bool = False
) -> StockBackbone:
    """Open a stock encoder, with everything that it needs checked on a short piece of DNA.

    Args:
        name: a folder, or `owner/name` or `owner/name@revision` on the hub; `hf:` before it is optional.
        device: where the model is to run.
        dtype: float32 or bfloat16; the vectors are float32 in any case.
        trust_remote_code: run Python code that comes with the model.

    Raises:
        DnabertSError: not to be found or fetched; needs code that is not trusted; no encoder of DNA.
    """
    name = name.removeprefix("hf:")
    folder = _find_folder(name, with_code=trust_remote_code)
    _check_files(folder)
    opened = _open_folder(folder, name, trust_remote_code=trust_remote_code)
    with library_reads(folder, problem=f"hf:{name} cannot be used", hint=_OTHER_VERSION):
        windows = window_tokenizer(opened.tokenizer, opened.model, name=name)
        with _quiet():
            dim = _check_model(opened, windows, name=name)
    files = _FILES_AND_CODE if trust_remote_code else _FILES
    fingerprint = hash_files([folder / file for file in files.choose(file_names(folder))])
    model: nn.Module = opened.model  # transformers wraps `to` without its types
    return StockBackbone(f"hf:{name}", fingerprint, dim, model.to(device=device, dtype=dtype), windows)


def last_hidden(model: nn.Module, token_ids: Tensor, *, attended: Tensor) -> Tensor:
    """The last layer. (B, L) int64, (B, L) bool -> (B, L, D)."""
    mask = {"attention_mask": attended.long()} if _takes_mask(model) else {}
    output = model(input_ids=token_ids, **mask)
    hidden = output[0] if isinstance(output, tuple) else getattr(output, "last_hidden_state", None)
    if not isinstance(hidden, Tensor) or hidden.shape[:2] != token_ids.shape or hidden.ndim != 3:
        raise DnabertSError(
            f"{type(model).__name__} gives no vector for each token (no last_hidden_state)",
            hint="name an encoder",
        )
    return hidden


def similar_lengths(lengths: Sequence[int], *, shortest_share: float) -> list[np.ndarray]:
    """Partition rows by length: the shortest of a group is at least that share of the longest.

    (B,) -> index arrays; rows of equal length keep their order.
    """
    order = np.argsort(-np.asarray(lengths), kind="stable")
    groups: list[list[int]] = []
    for row in order:
        if not groups or lengths[row] < shortest_share * lengths[groups[-1][0]]:
            groups.append([])
        groups[-1].append(int(row))
    return [np.array(group, dtype=np.int64) for group in groups]


def _takes_mask(model: nn.Module) -> bool:
    return "attention_mask" in inspect.signature(model.forward).parameters


def _find_folder(name: str, *, with_code: bool) -> Path:
    """The folder itself, or the one in the cache with the files of a hub id, fetched if need be."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if (lacking := _FILES.lacking(file_names(folder))) is not None:
            raise DnabertSError(f"not a model folder of transformers: it has no {lacking}", path=folder)
        return folder
    files = _FILES_AND_CODE if with_code else _FILES
    reference = parse_reference(name)
    found = find_snapshot(reference, files)
    if found is None or (with_code and not _has_its_code(found.path)):
        found = fetch_snapshot(reference, files)
    return found.path


def _check_files(folder: Path) -> None:
    """Raise a `DnabertSError` for files that a download has left empty or as a pointer, and for bad JSON."""
    for path in (folder / file for file in _FILES.choose(file_names(folder))):
        with library_reads(path), path.open("rb") as stream:
            head = stream.read(64)
        if not head:
            raise DnabertSError("is empty", path=path, hint="copy or download it again")
        refuse_lfs_pointer(head, path)
        if path.name == "config.json":
            read_json_object(path)


def _has_its_code(folder: Path) -> bool:
    """Whether the modules that config.json names are there; those of other repositories do not count."""
    auto_map = read_json_object(folder / "config.json").get("auto_map")
    auto_map = auto_map if isinstance(auto_map, dict) else {}
    modules = {str(target).split(".")[0] for target in auto_map.values() if "--" not in str(target)}
    return all((folder / f"{module}.py").is_file() for module in modules)


def _open_folder(folder: Path, name: str, *, trust_remote_code: bool) -> _Opened:
    """What the folder holds, in float32 on the CPU."""
    # Code may be kept in another repository; without code, nothing is left to fetch.
    options: dict[str, Any] = {"trust_remote_code": trust_remote_code, "local_files_only": not trust_remote_code}
    try:
        with _quiet():
            config = AutoConfig.from_pretrained(folder, **options)
            tokenizer = AutoTokenizer.from_pretrained(folder, **options)
            factory = _model_factory(config) if trust_remote_code else AutoModel
            model, report = factory.from_pretrained(folder, output_loading_info=True, weights_only=True, **options)
    except DnabertSError:
        raise
    except Exception as error:  # code of a model that was written for another version of it raises what it likes
        raise _open_error(error, folder, name=name) from error
    parameters = dict(model.float().eval().named_parameters())
    bad = next((key for key, value in parameters.items() if not bool(torch.isfinite(value).all())), None)
    if bad is not None:
        hint = "take another checkpoint: with these weights every vector is NaN"
        raise DnabertSError(f"'{bad}' of hf:{name} holds numbers that are not finite", path=folder, hint=hint)
    random = {key: parameters[key] for key in sorted(report["missing_keys"]) if key in parameters}
    encoder = model.get_encoder() if config.is_encoder_decoder else model.base_model
    return _Opened(tokenizer, encoder, random)


def _model_factory(config: PretrainedConfig) -> Any:
    """AutoModel, or where the model's own code offers no bare encoder, one with a head on it."""
    offered = getattr(config, "auto_map", None) or {}
    for factory in ("AutoModel", "AutoModelForMaskedLM", "AutoModelForCausalLM"):
        if factory in offered:
            return getattr(transformers, factory)
    return AutoModel


def _open_error(error: BaseException, folder: Path, *, name: str) -> DnabertSError:
    text = str(error).strip() or type(error).__name__
    if "trust_remote_code" in text:
        return DnabertSError(
            f"hf:{name} needs Python code that comes with the model",
            path=folder,
            hint="if you trust its authors to run code on this machine, add --trust-remote-code",
        )
    return DnabertSError(
        f"transformers {transformers.__version__} cannot open hf:{name}: {text.splitlines()[0][:200]}",
        path=folder,
        hint=_OTHER_VERSION,
    )


def _check_model(opened: _Opened, windows: WindowTokenizer, *, name: str) -> int:
    """Run a short piece of DNA through the model; returns D.

    A parameter that the weights lack was filled at random. That is harmless in a head which the vectors do not
    depend on, and ruinous elsewhere: the gradient tells which it is.
    """
    token_ids = torch.from_numpy(windows.windows([SAMPLE_DNA])[0][0])[None]  # (1, L)
    attended = torch.ones_like(token_ids, dtype=torch.bool)
    hidden = last_hidden(opened.model, token_ids, attended=attended)  # (1, L, D)
    learned = {key: value for key, value in opened.random.items() if value.requires_grad}
    gradients = torch.autograd.grad(hidden.sum(), list(learned.values()), allow_unused=True) if learned else ()
    used = [key for key, gradient in zip(learned, gradients, strict=True) if gradient is not None]
    if used:
        raise DnabertSError(
            f"the weights of hf:{name} lack {len(used)} parameters of {type(opened.model).__name__}, "
            f"such as '{used[0]}': they are for another architecture",
            hint="open DNABERT-2 and DNABERT-S without hf:; a model that brings its own code needs --trust-remote-code",
        )
    return int(hidden.shape[-1])


@contextmanager
def _quiet() -> Iterator[None]:
    """No advice, warnings or progress bars from transformers; its settings are put back afterwards."""
    verbosity = transformers_logging.get_verbosity()
    showed_bars = transformers_logging.is_progress_bar_enabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        transformers_logging.set_verbosity(logging.ERROR)
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
        try:
            yield
        finally:
            transformers_logging.set_verbosity(verbosity)
            if showed_bars:
                transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]  # theirs
