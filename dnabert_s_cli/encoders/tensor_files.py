"""Named tensors to safetensors files and back, for layers that may not import safetensors themselves."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import DnabertSError
from ..untrusted import library_reads

# what safetensors and torch say where the system refuses to write: they pass on no error number
_FULL = re.compile(
    r"no space left|file too large|quota exceeded|file write failed|unexpected pos|requested and \d+ written", re.I
)
_SHOWN = 120


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors of any device; the same tensors give the same bytes."""
    on_cpu = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    path.touch()  # with the mode that the umask gives: the library's own is for this user alone
    mode = stat.S_IMODE(path.stat().st_mode)
    with library_writes(path):
        save_file(on_cpu, path, metadata={"format": "pt"})
    path.chmod(mode)


@contextmanager
def library_writes(path: Path) -> Iterator[None]:
    """A disk that is full, or a limit that is reached, while a library writes a file becomes a `DnabertSError`."""
    try:
        yield
    except Exception as error:
        said = " ".join(str(error).split())
        if not _FULL.search(said):
            raise
        hint = "free some space, or raise the limit (ulimit -f), then repeat the command with --resume"
        raise DnabertSError(f"cannot be written ({said[:_SHOWN]})", path=path, hint=hint) from error


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Named tensors on the CPU.

    Raises:
        DnabertSError: not to be read.
    """
    with library_reads(path, problem="weights cannot be read"):
        return load_file(path)
