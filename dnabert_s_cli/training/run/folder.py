"""The output folder of a run: best/, last/, step-N/ and log.csv, written by one process at a time.

A checkpoint is filled under a hidden name and takes its places by renaming; places of one step share their files (hard
links where the disk has them). A process killed at any moment leaves whole checkpoints under their names, or one of
them for a moment under a hidden name only: `newest` finds it there, and `adopt` puts it back.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ...errors import DnabertSError
from ...io.files import check_output
from ...io.locks import lock_folder
from ...io.resume import disk_full_as_error
from .checkpoint import whole_checkpoint_step

BEST, LAST = "best", "last"
LOG_FILE, PLOT_FILE, RUN_FILE = "log.csv", "loss.png", "run.json"
_STEP_FOLDER = re.compile(r"step-(\d+)")
_HIDDEN = re.compile(r"\.[0-9a-f]{12}\..+")  # being written, or on its way out
_OUTPUTS = (BEST, LAST, LOG_FILE, PLOT_FILE, RUN_FILE, "tensorboard")
_LOCK_FILE = ".lock"
_PATIENCE_S = 20.0  # for the processes of a killed run to notice and end


class RunFolder:
    """Checkpoints of one run; for the first process only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def log_path(self) -> Path:
        """The CSV with one row a step."""
        return self.path / LOG_FILE

    @property
    def plot_path(self) -> Path:
        """The curves of the log."""
        return self.path / PLOT_FILE

    @property
    def run_json_path(self) -> Path:
        """How the run was made."""
        return self.path / RUN_FILE

    def outputs(self) -> list[Path]:
        """Everything that a run may replace here."""
        steps = [path for path in self._children() if _STEP_FOLDER.fullmatch(path.name)]
        return [*(self.path / name for name in _OUTPUTS), *steps]

    def make(self, *, may_exist: bool) -> None:
        """Make the folder, if it is not there.

        Raises:
            DnabertSError: something is in it and may not be, or it cannot be written.
        """
        self._check_free(may_exist=may_exist)
        check_output(self.path, force=True)
        if self.path.is_file():
            raise DnabertSError("is a file, not a folder", path=self.path, hint="choose another output folder")
        self.path.mkdir(exist_ok=True)

    def clear(self) -> None:
        """Remove what an earlier run left."""
        for path in self._children():
            own = path.name in _OUTPUTS or _STEP_FOLDER.fullmatch(path.name)
            if own or _HIDDEN.fullmatch(path.name):
                _remove(path)

    @contextlib.contextmanager
    def locked(self, *, may_exist: bool = True) -> Iterator[None]:
        """Keep every other run out of the folder, which is removed at the end if nothing is in it.

        Args:
            may_exist: go on where another run has left something; its processes get some time to end.

        Raises:
            DnabertSError: another run works here, or has finished here and `may_exist` is false.
        """
        descriptor = lock_folder(self.path, name=_LOCK_FILE, patience_s=_PATIENCE_S if may_exist else 0.0)
        try:
            self._check_free(may_exist=may_exist)  # once more, now that nobody else works here
        except DnabertSError:
            os.close(descriptor)
            raise
        try:
            yield
        except BaseException:
            if self.newest() is None:  # nothing to resume from
                self.clear()
            raise
        finally:
            (self.path / _LOCK_FILE).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something is in it
                self.path.rmdir()
            os.close(descriptor)

    def newest(self) -> Path | None:
        """The whole checkpoint with most steps, hidden ones included; of several `last` first. None without any."""
        steps = [(whole_checkpoint_step(path), path) for path in self._children() if path.is_dir()]
        whole = [(step, path.name == LAST, path) for step, path in steps if step is not None]
        return max(whole)[2] if whole else None

    def adopt(self, checkpoint: Path, *, is_best: bool) -> Path:
        """Finish what a killed run began: put its newest checkpoint where it belongs, then remove hidden remains.

        Returns the folder to resume from, which is `last`.

        Args:
            is_best: it is the best of its run; `best` is written before `last`.
        """
        last = self.path / LAST
        if checkpoint != last:
            for name in (BEST, LAST) if is_best else (LAST,):
                self._place(checkpoint, name)
        for path in self._children():
            if _HIDDEN.fullmatch(path.name):
                _remove(path)
        return last

    def save(self, write: Callable[[Path], None], names: Iterable[str]) -> None:
        """Write one checkpoint, and put it under each of these names."""
        filled = self._hidden("new")
        filled.mkdir()
        try:
            with disk_full_as_error(self.path):
                write(filled)
                for name in names:
                    self._place(filled, name)
        finally:
            _remove(filled)

    def prune(self, n_kept: int) -> None:
        """Remove the oldest folders step-N beyond `n_kept`."""
        found = [(int(match[1]), path) for path in self._children() if (match := _STEP_FOLDER.fullmatch(path.name))]
        for _, path in sorted(found)[: max(len(found) - n_kept, 0)]:
            _remove(path)

    def _place(self, checkpoint: Path, name: str) -> None:
        """Put a copy under `name`, in place of what is there; nothing to do for what has that name."""
        if checkpoint == self.path / name:
            return
        copy, target, old = self._hidden(name), self.path / name, self._hidden(f"old.{name}")
        shutil.copytree(checkpoint, copy, copy_function=_link_or_copy)
        if target.exists():
            target.rename(old)
        copy.rename(target)
        _remove(old)

    def _hidden(self, name: str) -> Path:
        return self.path / f".{secrets.token_hex(6)}.{name}"

    def _children(self) -> list[Path]:
        return sorted(self.path.iterdir()) if self.path.is_dir() else []

    def _check_free(self, *, may_exist: bool) -> None:
        if self._is_taken() and not may_exist:
            hint = "continue the run with --resume, or start over with --force"
            raise DnabertSError("already exists", path=self.path, hint=hint)

    def _is_taken(self) -> bool:
        return any(path.name != _LOCK_FILE for path in self._children()) or self.path.is_file()


def step_folder(step: int) -> str:
    """Name of the checkpoint of a step."""
    return f"step-{step}"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _link_or_copy(source: str, target: str) -> object:
    """A second name of a file, or a copy where the file system has no such."""
    try:
        os.link(source, target)
    except OSError:
        return shutil.copy2(source, target)
    return target
