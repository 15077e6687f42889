"""Run by a test: break `bin` with SIGKILL at each of its steps in turn, and let another process resume it.

    python -m tests.cli.broken_bins FOLDER ARGUMENTS...

Leaves FOLDER/<step>/out for each step; a step is something put in place on the disk, or an array of which half is
written. Each run and each that resumes is a process of its own, forked so that torch is loaded once.
"""

from __future__ import annotations

import os
import pathlib
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import dnabert_s_cli.pipelines.bin.recipe  # noqa: F401  # loaded here for all processes
from dnabert_s_cli import defaults
from dnabert_s_cli.cli import run

CHUNK_RECORDS = 12
_steps_left = 0


def _breaking(change: Callable[..., Any], *, is_half_done: Callable[..., Any] | None = None) -> Callable[..., Any]:
    def changed(*args: Any, **options: Any) -> Any:
        global _steps_left
        _steps_left -= 1
        if _steps_left < 0:
            if is_half_done is not None:
                is_half_done(*args)
            os.kill(os.getpid(), signal.SIGKILL)
        return change(*args, **options)

    return changed


def _run_broken(arguments: list[str], n_steps: int) -> int:
    global _steps_left
    _steps_left = n_steps
    save = np.save
    np.save = _breaking(save, is_half_done=lambda path, rows: save(path, rows[: len(rows) // 2]))
    for name in ("rename", "replace"):
        setattr(pathlib.Path, name, _breaking(getattr(pathlib.Path, name)))
    return run(arguments)


def _in_child(work: Callable[[], int]) -> int:
    """Exit status of a forked process that does the work; negative for a signal."""
    child = os.fork()
    if child == 0:
        os._exit(work())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path, arguments: list[str]) -> None:
    defaults.CHUNK_RECORDS = CHUNK_RECORDS
    os.fsync = lambda fd: None  # noqa: ARG005 (its real name); kills are tested here, not power cuts
    for n_steps in range(1000):
        output = folder / str(n_steps) / "out"
        output.parent.mkdir(parents=True)
        whole = ["bin", *arguments, "-o", str(output)]
        status = _in_child(lambda whole=whole, n_steps=n_steps: _run_broken(whole, n_steps))  # type: ignore[misc]
        if status == 0:
            return
        assert status == -signal.SIGKILL
        # killed after the folder had its name, only what was kept is still to be removed
        flags = ["--resume", "--force"] if output.exists() else ["--resume"]
        assert _in_child(lambda resumed=[*whole, *flags]: run(resumed)) == 0, n_steps  # type: ignore[misc]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
