"""Which hardware to use: device, number format, threads and how many tokens fit.

Names from the command line ("auto", "cuda:1", "bfloat16") become torch objects here, once, with an error that says
what is absent.
"""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TypeVar

import torch
from huggingface_hub import constants

from ..errors import DnabertSError
from ..threads import usable_cores

_In = TypeVar("_In")
_Out = TypeVar("_Out")

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

_SHOWN_PACKAGES = (
    "dnabert-s",
    "transformers",
    "tokenizers",
    "huggingface_hub",
    "numpy",
    "scikit-learn",
    "hdbscan",
    "pysam",
    "pyarrow",
)
_CPU_TOKENS_PER_GIB = 1_024
_MAX_CPU_TOKENS = 2_048  # enough to fill the matrix units of the one core that computes a batch
_CPU_BATCHES_PER_GIB = 1  # side by side, each with its activations
_MIN_TOKENS = 1_024
_CUDA_TOKENS_PER_GIB = 2_048  # at hidden size 768: activations of one layer, with attention's bias, stay well below
_MAX_CUDA_TOKENS = 65_536
_CUDA_BATCHES = 2
_MALLOC_OPTIONS = ((-8, 1), (-3, 1 << 30), (-1, 2**31 - 1))  # M_ARENA_MAX, M_MMAP_THRESHOLD, M_TRIM_THRESHOLD


def resolve_device(name: str) -> torch.device:
    """The device of that name; "auto" takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        DnabertSError: no such device here.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DnabertSError(f"unknown device '{name}'", hint="use auto, cpu, cuda, cuda:N or mps") from error
    if device.type == "cuda":
        _check_cuda(name, device)
    elif device.type == "mps" and not torch.backends.mps.is_available():
        raise DnabertSError("device 'mps' asked for, but this is not an Apple GPU", hint="use --device auto or cpu")
    elif device.type not in ("cpu", "mps"):
        raise DnabertSError(f"unknown device '{name}'", hint="use auto, cpu, cuda, cuda:N or mps")
    return device


def resolve_dtype(name: str, device: torch.device) -> torch.dtype:
    """The number format of that name; "auto" is bfloat16 where the device computes in it, else float32."""
    if name == "auto":
        return torch.bfloat16 if computes_bfloat16(device) else torch.float32
    if name not in DTYPES:
        raise DnabertSError(f"unknown dtype '{name}'", hint=f"use auto, {', '.join(DTYPES)}")
    return DTYPES[name]


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 matrices itself, rather than by way of float32."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    return device.type == "cpu" and not cpu_flags().isdisjoint({"avx512_bf16", "amx_bf16", "bf16"})


def cpu_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Instruction sets of the processor as Linux names them; empty elsewhere."""
    if not path.exists():
        return frozenset()
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):  # x86, Arm
            return frozenset(value.split())
    return frozenset()


def keep_freed_memory() -> None:
    """Let glibc keep what is freed for what is asked for next; nothing happens with another C library.

    It would give the activations of each layer back to the system and ask for them again, a page at a time, which costs
    5 to 15 % of the time of a batch. One arena for all threads: those of their own hold 64 MB at most.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        for parameter, value in _MALLOC_OPTIONS:
            mallopt(parameter, value)


def device_name(device: torch.device) -> str:
    """The device as a person knows it: `cpu`, `mps`, or the model of the GPU."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def use_threads(threads: int) -> int:
    """Let torch, tokenizers and OpenMP use that many threads (0: every core of this process), and say how many."""
    n_threads = threads or usable_cores()
    torch.set_num_threads(n_threads)
    for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):  # read by libraries that start later
        os.environ[variable] = str(n_threads)
    return n_threads


def batches_at_once(device: torch.device) -> int | None:
    """How many batches are under way: on the CPU one for each thread, as far as memory goes; None: one.

    On CUDA two, so that one is laid out and copied while the device computes the other.
    """
    if device.type != "cpu":
        return _CUDA_BATCHES if device.type == "cuda" else None
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return max(1, min(torch.get_num_threads(), int(gib * _CPU_BATCHES_PER_GIB)))


@contextmanager
def side_by_side(
    n_at_once: int | None,
) -> Iterator[Callable[[Callable[[_In], _Out], Iterable[_In]], Iterable[_Out]]]:
    """A `map` that works on so many items at a time, each on one thread alone; None: on one after the other.

    A matrix product that is split among threads may add up in another order; split by items, no number depends on how
    many threads there are. What has not begun is dropped when the context is left.
    """
    if n_at_once is None:
        yield map
        return
    with one_torch_thread():
        pool = ThreadPoolExecutor(n_at_once)
        try:
            yield pool.map
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Matrix products on the calling thread alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def default_batch_tokens(device: torch.device) -> int:
    """A token budget from the device's whole memory (not what is free now: same machine, same batches)."""
    if device.type == "cuda":
        gib = torch.cuda.get_device_properties(device).total_memory / 2**30
        return max(_MIN_TOKENS, min(int(gib * _CUDA_TOKENS_PER_GIB), _MAX_CUDA_TOKENS))
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return max(_MIN_TOKENS, min(int(gib * _CPU_TOKENS_PER_GIB), _MAX_CPU_TOKENS))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the device or the machine had no memory left; torch says so of the CPU only in words."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def _check_cuda(name: str, device: torch.device) -> None:
    """Raise a `DnabertSError` unless this CUDA device is there."""
    if not torch.cuda.is_available():
        built = f"CUDA {torch.version.cuda}" if torch.version.cuda else "the CPU only"
        raise DnabertSError(
            f"device '{name}' asked for, but no CUDA device is usable (torch {torch.__version__}, built for {built})",
            hint="use --device auto or cpu; `dnabert-s doctor` shows what this machine has",
        )
    if (device.index or 0) >= torch.cuda.device_count():
        raise DnabertSError(
            f"device '{name}' asked for, but there are only {torch.cuda.device_count()} CUDA devices",
            hint="devices are counted from cuda:0",
        )


def hardware_facts() -> list[tuple[str, str]]:
    """What `doctor` shows: device, number format, threads, versions and caches, each as (what, how it is here)."""
    device = resolve_device("auto")
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU only"
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return [
        ("device", f"{device} ({device_name(device)})"),
        ("CUDA devices", ", ".join(gpus) or "none"),
        ("bfloat16 in hardware", "yes" if computes_bfloat16(device) else "no"),
        ("dtype by default", str(resolve_dtype("auto", device)).removeprefix("torch.")),
        ("batch by default", f"{default_batch_tokens(device):,} tokens"),
        ("threads", f"{usable_cores()} usable cores"),
        ("torch build", f"{torch.__version__}, {build}"),
        *[(name, _version(name)) for name in _SHOWN_PACKAGES],
        ("python", platform.python_version()),
        ("hub cache", constants.HF_HUB_CACHE),
        ("hub", f"{constants.ENDPOINT}{' (offline)' if constants.HF_HUB_OFFLINE else ''}"),
    ]


def _version(package: str) -> str:
    """The installed version of a package, or that it is absent."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
