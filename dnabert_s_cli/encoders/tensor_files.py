"""Named tensors to safetensors files and back, for layers that may not import safetensors themselves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from ..untrusted import library_reads


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors of any device; the same tensors give the same bytes."""
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(on_cpu, path, metadata={"format": "pt"})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Named tensors on the CPU.

    Raises:
        DnabertSError: not to be read.
    """
    with library_reads(path, problem="weights cannot be read"):
        return load_file(path)
