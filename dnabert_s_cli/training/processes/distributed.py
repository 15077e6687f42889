"""Several processes as one batch: who we are, rows gathered with their gradient, gradients added up.

Each rank encodes its own pairs; `gather_rows` puts the projections of all ranks together; every rank computes the same
loss on them, whose gradient reaches only the rank's own rows; `sum_gradients` adds the ranks' gradients. Since the
loss is a function of all rows and each row of the parameters, the sum over ranks is the exact gradient of the global
loss, the same bits on every rank.

This is plain all-reduce rather than DistributedDataParallel. DDP averages, fires on every backward, and wants each
parameter used once per backward: gradient caching (many backwards a step), accumulation and activation checkpointing
each need a setting of their own there, and it broadcasts buffers such as ALiBi's slopes, which are computed and never
change. One all-reduce per step costs little compared with a contrastive step of long sequences.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import os
import signal
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.rendezvous import rendezvous

from ...errors import DnabertSError
from .environment import local_rank, n_processes, process_rank

_LOG = logging.getLogger(__name__)

_MEETING_S = 300  # for processes that were started together to find each other
_NOTICE_S = 10.0  # until it is said what is waited for
_PATIENCE = datetime.timedelta(days=7)  # one process may read a terabyte of input while the others wait


@dataclass(frozen=True, slots=True)
class World:
    """The processes that train together: this one's `rank`, how many they are, and the device this one computes on."""

    rank: int
    size: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """Whether this process writes the files."""
        return self.rank == 0


def join_world(device: torch.device) -> World:
    """Meet the other processes that torchrun started; alone, where it started none.

    Reads RANK, WORLD_SIZE and LOCAL_RANK, which torchrun sets. On CUDA each process takes the device of its local
    rank and speaks NCCL; on the CPU, gloo. One process alone needs no process group.

    Raises:
        DnabertSError: fewer GPUs than processes on this machine, or several processes on another kind of device.
    """
    size, rank = n_processes(), process_rank()
    if size == 1:
        return World(0, 1, device)
    if device.type not in ("cpu", "cuda"):
        raise DnabertSError(f"several processes cannot train on '{device.type}'", hint="use --device cpu or cuda")
    if device.type == "cuda":
        device = _own_gpu(local_rank())
        _meet("nccl", device_id=device)
    else:
        _meet("gloo")
    return World(rank, size, device)


def meet_others() -> World:
    """Meet the other processes only to agree on something, by way of the CPU; the work is then done by each alone."""
    size, rank = n_processes(), process_rank()
    if size > 1:
        _meet("gloo", timeout=_PATIENCE)
    return World(rank, size, torch.device("cpu"))


def own_device(device: torch.device) -> torch.device:
    """The device of one process of several: on CUDA the GPU of its local rank, made the current one.

    Raises:
        DnabertSError: fewer GPUs than processes on this machine, or several processes on another kind of device.
    """
    if device.type not in ("cpu", "cuda"):
        raise DnabertSError(f"several processes cannot share '{device.type}'", hint="use --device cpu or cuda")
    return _own_gpu(local_rank()) if device.type == "cuda" else device


def leave_world(world: World) -> None:
    """Part from the other processes; to be called by each at the end."""
    if world.size > 1:
        dist.destroy_process_group()


def gather_rows(local: Tensor, world: World) -> Tensor:
    """The rows of all ranks in rank order, this rank's own with their gradient. (B, ...) -> (size B, ...).

    Every rank must hold equally many rows.
    """
    if world.size == 1:
        return local
    parts = [torch.empty_like(local) for _ in range(world.size)]
    dist.all_gather(parts, local.detach().contiguous())
    parts[world.rank] = local
    return torch.cat(parts)


def sum_gradients(parameters: Iterable[nn.Parameter], world: World) -> None:
    """Add up `.grad` over the ranks, in place: one all-reduce per number format, in the order of the parameters.

    After the backward of a loss that every rank computed on gathered rows this is the exact gradient of that loss,
    with the same bits on every rank. A parameter without a gradient here counts as zero.
    """
    if world.size == 1:
        return
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    for dtype in dict.fromkeys(parameter.dtype for parameter in trained):
        gradients = [_gradient(parameter) for parameter in trained if parameter.dtype == dtype]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        sizes = [gradient.numel() for gradient in gradients]
        for gradient, total in zip(gradients, torch.split(flat, sizes), strict=True):
            gradient.copy_(total.view_as(gradient))


def sum_scalars(values: Sequence[float], world: World) -> list[float]:
    """Each value summed over the ranks, in float64: counts, times, losses."""
    if world.size == 1:
        return list(values)
    # NCCL reduces GPU tensors only; Apple's MPS, which knows no float64, never comes here
    sums = torch.tensor(values, dtype=torch.float64, device=world.device)
    dist.all_reduce(sums)
    return [float(total) for total in sums.tolist()]


def require_equal_parameters(modules: Sequence[nn.Module], world: World) -> None:
    """Make sure that all ranks start from the same numbers, which `sum_gradients` then keeps the same.

    Raises:
        DnabertSError: a rank differs from rank 0; raised on every rank alike.
    """
    if world.size == 1:
        return
    own = torch.tensor([_parameter_hash(modules)], dtype=torch.int64, device=world.device)
    hashes = gather_rows(own, world).tolist()
    differing = [rank for rank, found in enumerate(hashes) if found != hashes[0]]
    if differing:
        raise DnabertSError(
            f"process {differing[0]} starts from different weights than process 0",
            hint="give every machine the same model files and the same --seed",
        )


def _meet(backend: str, **options: Any) -> None:  # of torch.distributed.init_process_group
    """Wait for the other processes; meanwhile SIGTERM and Ctrl-C end this one at once, as nothing is written yet.

    Raises:
        DnabertSError: they do not come in time, or the variables of torchrun are not all there.
    """
    size, rank = n_processes(), process_rank()
    where = f"{os.environ.get('MASTER_ADDR', 'nowhere')}:{os.environ.get('MASTER_PORT', '')}"
    others = f"{size - 1} other {'process' if size == 2 else 'processes'} at {where} (WORLD_SIZE={size}, RANK={rank})"
    notice = threading.Timer(_NOTICE_S, _LOG.warning, (f"waiting for {others}, at most {_MEETING_S} s",))
    notice.daemon = True
    notice.start()
    try:
        with _ended_by_signals():
            limit = datetime.timedelta(seconds=_MEETING_S)
            store, _, _ = next(rendezvous("env://", rank, size, timeout=limit))
            dist.init_process_group(backend, store=store, rank=rank, world_size=size, **options)
    except (ValueError, RuntimeError, OSError) as error:  # torch's errors of stores are RuntimeErrors
        hint = "if nothing was started by torchrun, its variables are left over: unset RANK WORLD_SIZE LOCAL_RANK"
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise DnabertSError(f"could not meet {others}: {reason}", hint=hint) from error
    finally:
        notice.cancel()


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """While torch waits in C++, Python's own handlers are not called."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in handlers.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _own_gpu(number: int) -> torch.device:
    """The GPU of a process, made the current one."""
    n_gpus = torch.cuda.device_count()
    if number >= n_gpus:
        raise DnabertSError(
            f"process {number + 1} on this machine finds only {n_gpus} GPUs",
            hint="start as many processes as there are GPUs (--gpus)",
        )
    device = torch.device("cuda", number)
    torch.cuda.set_device(device)
    return device


def _gradient(parameter: nn.Parameter) -> Tensor:
    """The gradient of a parameter, made zero where there is none."""
    if parameter.grad is None:
        parameter.grad = torch.zeros_like(parameter)
    return parameter.grad


def _parameter_hash(modules: Sequence[nn.Module]) -> int:
    """A number of 63 bits over names, shapes and values of all parameters and saved buffers."""
    digest = hashlib.sha256()
    for module in modules:
        for name, tensor in module.state_dict().items():
            digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            digest.update(tensor.cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return int.from_bytes(digest.digest()[:8], "big") >> 1
