"""Several processes on this machine: the same command line once for each, under torch's elastic agent.

arguments -> N processes that find each other by the environment (`join_world`) -> their exit code. This is what
`torchrun --standalone --nproc-per-node N -m dnabert_s_cli ...` does, without its words; for several machines use that.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from ...errors import DnabertSError
from .agreement import LAUNCHER_VARIABLE

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
_AGENT = "torch.distributed.elastic"
_SHUTDOWN_VARIABLE = "TORCH_ELASTIC_SHUTDOWN_TIMEOUT"
_SHUTDOWN_S = 60  # for the current step and the checkpoint after it


def check_gpus(n_gpus: int) -> None:
    """Raise a `DnabertSError` unless that many GPUs are there."""
    if n_gpus > torch.cuda.device_count():
        found = torch.cuda.device_count()
        raise DnabertSError(
            f"{n_gpus} GPUs asked for, found {found}",
            hint="`dnabert-s doctor` shows what this machine has; --processes N uses the CPU",
        )


def launch(arguments: Sequence[str], *, n_processes: int) -> int:
    """Run `python -m dnabert_s_cli ARGUMENTS...` in several processes; returns the exit code, 0 if all went well.

    A process that fails has said why; the others are ended. Signals are passed on to all, waited for, and raised again.

    Raises:
        DnabertSError: a process was killed.
    """
    with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder, _quiet_agent():
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=n_processes,
            run_id=uuid.uuid4().hex,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=0,
            logs_specs=DefaultLogsSpecs(log_dir=folder),
        )
        stopped_by: int | None = None
        try:
            elastic_launch(config, sys.executable)("-m", "dnabert_s_cli", *arguments)
        except ChildFailedError as error:
            return _exit_code(error)
        except SignalException as error:
            stopped_by = int(error.sigval)
    if stopped_by is not None:
        signal.raise_signal(stopped_by)
    return 0


def _exit_code(error: ChildFailedError) -> int:
    """That of the process that failed first."""
    rank, failure = error.get_first_failure()
    code = int(failure.exitcode)
    if code < 0:
        name = signal.Signals(-code).name
        hint = "out of memory?" if -code == signal.SIGKILL else None
        raise DnabertSError(f"process {rank} was ended by {name}", hint=hint)
    return code


@contextmanager
def _quiet_agent() -> Iterator[None]:
    """Without the agent's own messages; signals and environment as before afterwards."""
    handlers = {number: signal.getsignal(number) for number in _FORWARDED}
    environment = {name: os.environ.get(name) for name in (LAUNCHER_VARIABLE, _SHUTDOWN_VARIABLE)}
    levels = {name: logging.getLogger(name).level for name in list(logging.root.manager.loggerDict) if _AGENT in name}
    os.environ[LAUNCHER_VARIABLE] = str(os.getpid())
    os.environ.setdefault(_SHUTDOWN_VARIABLE, str(_SHUTDOWN_S))
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        for name, value in environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for number, handler in handlers.items():
            signal.signal(number, handler)
