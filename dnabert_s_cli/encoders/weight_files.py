"""Weights of a model folder to named tensors: one file or several parts with an index, safetensors or torch's own.

Nothing in a folder is ever executed. Before a file is opened it is checked for what downloads leave in its place
(nothing, or a pointer of git-lfs) and for sizes that it cannot hold; afterwards names lose the prefixes that wrappers
put before them, and every tensor must be one of finite floats.
"""

from __future__ import annotations

import pickle
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from ..errors import DnabertSError
from ..untrusted import library_reads, read_json_object, refuse_lfs_pointer, require_room

WEIGHT_FILES = (  # in order of preference
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_INDEX = ".index.json"
_PREFIXES = ("module.", "_orig_mod.", "model.", "bert.")  # of DataParallel, torch.compile, Lightning, and heads on BERT
_NESTED = ("state_dict", "model_state_dict", "model")  # where checkpoints of training keep the weights
_HEAD_BYTES = 64
_SHOWN = 80  # letters of a name in a message
_CODE = re.compile(r"(?:GLOBAL|global) ([\w.]+)")
_DOWNLOAD = "copy or download it again"


def weight_parts(path: Path) -> list[Path]:
    """The files that hold the tensors of `path`: itself, or behind it, the parts that an index names.

    Raises:
        DnabertSError: the index is damaged, or a part is missing; names the first.
    """
    if not path.name.endswith(_INDEX):
        return [path]
    file_of = read_json_object(path).get("weight_map")
    if not isinstance(file_of, dict) or not file_of or not all(isinstance(name, str) for name in file_of.values()):
        raise DnabertSError("is no index of weights: it has no 'weight_map'", path=path, hint=_DOWNLOAD)
    names = list(dict.fromkeys(file_of.values()))
    there = {one.name for one in path.parent.iterdir() if one.is_file()}
    for name in names:
        if name not in there:
            hint = "download all parts of the model into one folder"
            raise DnabertSError(f"names '{name[:_SHOWN]}', which is not there", path=path, hint=hint)
    return [path, *(path.parent / name for name in names)]


def read_weights(path: Path) -> dict[str, Tensor]:
    """Named tensors on the CPU, without the prefixes of wrappers.

    Args:
        path: a file of weights, or the index of several.

    Raises:
        DnabertSError: empty, damaged, no tensors of finite floats, a name that comes twice, or a file that would have
            to run code to be read.
    """
    named: dict[str, Tensor] = {}
    for part in weight_parts(path):
        if part.name.endswith(_INDEX):
            continue
        for name, tensor in _read_file(part).items():
            bare = _bare(name)
            if bare in named:
                raise DnabertSError(f"holds '{bare}' twice", path=part)
            _check_tensor(tensor, bare, path=part)
            named[bare] = tensor
    return named


def _read_file(path: Path) -> Mapping[str, Tensor]:
    with library_reads(path), path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    if not head:
        raise DnabertSError("the file of weights is empty", path=path, hint=_DOWNLOAD)
    refuse_lfs_pointer(head, path)
    require_room(path.stat().st_size, path, what="the weights")
    problem = "weights cannot be read: truncated or damaged"
    if path.suffix == ".safetensors":
        with library_reads(path, problem=problem, hint=_DOWNLOAD):
            return load_file(path)
    _check_archive(path)
    try:
        with library_reads(path, problem=problem, hint=_DOWNLOAD):
            loaded = torch.load(path, map_location="cpu", weights_only=True)
    except DnabertSError as error:
        raise _without_advice(error, path) from error.__cause__
    nested = next((loaded[key] for key in _NESTED if isinstance(loaded.get(key), dict)), loaded) if _is(loaded) else {}
    tensors = {name: tensor for name, tensor in nested.items() if isinstance(name, str)}
    if not tensors or len(tensors) < len(nested) or not all(isinstance(one, Tensor) for one in tensors.values()):
        raise DnabertSError("not a file of named tensors", path=path)
    return tensors


def _is(loaded: object) -> bool:
    return isinstance(loaded, dict)


def _without_advice(error: DnabertSError, path: Path) -> DnabertSError:
    """The same without torch's advice to load the file unsafely."""
    cause = error.__cause__
    if not isinstance(cause, pickle.UnpicklingError):
        return error
    code = _CODE.search(str(cause))
    if code is None:
        return DnabertSError("weights cannot be read: truncated or damaged", path=path, hint=_DOWNLOAD)
    problem = f"weights cannot be read: they would have to run '{code[1]}', and nothing in a model is executed"
    return DnabertSError(problem, path=path, hint="ask its author for safetensors")


def _check_archive(path: Path) -> None:
    """See that torch's archive, which it stores as it is, asks for no more memory than it has bytes."""
    if not zipfile.is_zipfile(path):
        return
    problem = "weights cannot be read: truncated or damaged"
    with library_reads(path, problem=problem, hint=_DOWNLOAD), zipfile.ZipFile(path) as archive:
        n_bytes = sum(member.file_size for member in archive.infolist())
    if n_bytes > path.stat().st_size:
        problem = f"is packed, which torch never does: {n_bytes:,} bytes in {path.stat().st_size:,}"
        raise DnabertSError(problem, path=path, hint="unpack it and pack it again without compression")


def _bare(name: str) -> str:
    while prefix := next((one for one in _PREFIXES if name.startswith(one)), None):
        name = name.removeprefix(prefix)
    return name


def _check_tensor(tensor: Tensor, name: str, *, path: Path) -> None:
    """Raise a `DnabertSError` unless it is a plain array of finite floats."""
    if tensor.layout != torch.strided or tensor.is_quantized or not (tensor.is_floating_point() or _is_count(tensor)):
        raise DnabertSError(f"'{name}' is no array of floats", path=path)
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        raise DnabertSError(f"'{name}' claims more numbers than the file holds", path=path, hint=_DOWNLOAD)
    if not bool(torch.isfinite(tensor).all()):
        problem = f"'{name}' holds numbers that are not finite"
        raise DnabertSError(problem, path=path, hint="take another checkpoint: with these weights every vector is NaN")


def _is_count(tensor: Tensor) -> bool:
    """Whether it is what batch normalisation counts, or positions, which nothing here uses."""
    return not tensor.is_complex() and tensor.dtype != torch.bool
