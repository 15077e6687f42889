"""Run by a test: break a run with SIGKILL at each of its steps in turn, and let another process resume it.

    python -m tests.io.broken_runs FOLDER SUFFIX

Leaves FOLDER/<step>/ for each step; a step is a change on the disk, and a write is broken off half way.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.io.chunks import three_chunks, write_chunks

_steps_left = 0


def _step() -> bool:
    """Count a step; whether it is the last one."""
    global _steps_left
    _steps_left -= 1
    return _steps_left < 0


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _breaking(change: Callable[..., Any]) -> Callable[..., Any]:
    def changed(*args: Any, **options: Any) -> Any:
        if _step():
            _die()
        return change(*args, **options)

    return changed


def _breaking_write(write: Callable[..., Any]) -> Callable[..., Any]:
    def written(descriptor: int, content: memoryview, offset: int) -> int:
        if _step():
            write(descriptor, content[: len(content) // 2], offset)
            _die()
        return int(write(descriptor, content, offset))

    return written


def _run_broken(path: Path, n_steps: int) -> None:
    global _steps_left
    _steps_left = n_steps
    os.pwrite = _breaking_write(os.pwrite)
    os.ftruncate = _breaking(os.ftruncate)
    shutil.copyfile = _breaking(shutil.copyfile)
    for name in ("mkdir", "replace", "rmdir", "unlink", "write_text"):
        setattr(pathlib.Path, name, _breaking(getattr(pathlib.Path, name)))
    write_chunks(path, three_chunks())


def _resume(path: Path) -> None:
    is_finished = path.exists() and not (path.parent / f"{path.name}.partial" / "state.json").exists()
    if not is_finished:
        write_chunks(path, three_chunks(), resume=True)


def _in_child(work: Callable[[], None]) -> int:
    """Exit status of a forked process that does the work; negative for a signal."""
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path, suffix: str) -> None:
    os.fsync = lambda fd: None  # noqa: ARG005 (its real name); kills are tested here, not power cuts
    for n_steps in range(1000):
        path = folder / str(n_steps) / f"emb{suffix}"
        path.parent.mkdir()
        status = _in_child(lambda path=path, n_steps=n_steps: _run_broken(path, n_steps))  # type: ignore[misc]
        if status == 0:
            return
        assert status == -signal.SIGKILL
        resumed = _in_child(lambda path=path: _resume(path))  # type: ignore[misc]
        assert resumed == 0, n_steps


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
