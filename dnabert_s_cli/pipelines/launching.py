"""Several processes of one command: whether to start them, and which of them speaks.

Kept apart from the pipelines that run in them, so that the process that only starts and watches stays light.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import DnabertSError
from ..training.processes.environment import is_launched, n_processes, process_rank


def launch_processes(arguments: Sequence[str], *, gpus: int, processes: int) -> int | None:
    """Start the same command in several processes, if that is asked for and not yet done; their exit code, else None.

    Raises:
        DnabertSError: fewer GPUs than asked for, or a process was killed.
    """
    if gpus > 1 and processes > 1:
        raise DnabertSError("either --gpus or --processes", hint="--processes is for the CPU")
    if is_launched() or max(gpus, processes) == 1:
        return None
    from ..training.processes.launch import check_gpus, launch  # late: torch and its agent take seconds to import

    if gpus > 1:
        check_gpus(gpus)
    return launch(arguments, n_processes=max(gpus, processes))


def is_one_of_several() -> bool:
    """Whether other processes do their part of the same command."""
    return n_processes() > 1


def is_first_process() -> bool:
    """Whether this process is alone, or the one of several that speaks and writes."""
    return process_rank() == 0
