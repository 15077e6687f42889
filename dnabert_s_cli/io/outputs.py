"""The files that one run writes: locked and checked before any work, put in place together when all is done.

    <output>.partial/lock         held while a process works on <output>
    <output>.partial/<name>       the output, or a file that goes with it, in the making
    <output>.partial/finished     which files are whole and what they become, while they get their names

A run that is killed while its files get their names is finished by the next one; whatever else a killed run leaves is
removed by it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from ..errors import DnabertSError
from .files import check_output, is_special
from .locks import LOCK_FILE, lock_folder
from .provenance import OUTPUTS_KEY, output_facts, write_run_json
from .resume import disk_full_as_error

_STREAM = "-"
_FULL_HINT = "free some space, or raise the limit (ulimit -f), then repeat the command"
_FINISHED = "finished"
_HIDDEN = re.compile(r"\.[0-9a-f]{12}\..+")


class OutputFiles:
    """The output files of one run; a context manager.

        with OutputFiles([table, summary], sides=[run_json], force=force) as files:
            write(files.at(table))

    Left without an error, every file that was made gets its name, the first output last; left by one, nothing stays.
    """

    def __init__(
        self,
        paths: Iterable[Path | None],
        *,
        sides: Sequence[Path] = (),
        force: bool,
        on_existing: Callable[[], object] | None = None,
    ) -> None:
        """Name the outputs; nothing is made before it is entered.

        Args:
            paths: that the user named, the main one first; None and "-" are left out.
            sides: files that go with one of them, in the same folder.
            force: replace what is there.
            on_existing: called, once all is locked, if the main output is there and `force` is not given; it may raise.
        """
        named = [path for path in paths if path is not None and str(path) != _STREAM]
        self._given = [path for path in named if not is_special(path)]
        self._targets = {path: Path(path).resolve() for path in (*self._given, *sides)}
        self._force = force
        self._on_existing = on_existing
        self._open = ExitStack()
        self._locked: list[Path] = []

    def __enter__(self) -> OutputFiles:
        """Lock every output, then see whether it may be written.

        Raises:
            DnabertSError: an output exists and `force` is false, cannot be written, or another process is writing it.
        """
        for path in self._given:  # before a folder is made beside it
            check_output(path, force=self._force or bool(self._on_existing) or _partial(self._targets[path]).is_dir())
        try:
            for path in self._given:
                folder = _partial(self._targets[path])
                self._open.callback(os.close, lock_folder(folder))
                self._locked.append(folder)
            self._finish_killed_run()
            for folder in self._locked:
                self._sweep(folder)
            if self._on_existing and not self._force and self._given and self._given[0].exists():
                self._on_existing()
            for path in self._targets:
                check_output(path, force=self._force)
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(  # noqa: PLR0917  Python prescribes the signature
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._put_in_place()
            elif self._given:
                with disk_full_as_error(self._given[0], hint=_FULL_HINT):
                    assert error is not None, "as there is a kind"
                    raise error
        finally:
            self._release()

    def at(self, path: Path) -> Path:
        """Where to write the file that becomes `path`; a pipe or a device is written as it is."""
        target = self._targets.get(path)
        if target is None:
            return path
        folder = _partial(target)
        if folder not in self._locked:  # it goes with an output beside it
            folder = next(one for one in self._locked if one.parent == target.parent)
        return folder / target.name

    def record(self, run_path: Path, run: Mapping[str, object]) -> None:
        """Write the run.json that goes with the outputs, with the files made so far and their sizes."""
        made = {path: self.at(path) for path in self._targets if path != run_path and self.at(path).is_file()}
        write_run_json(self.at(run_path), {**run, OUTPUTS_KEY: output_facts(made, folder=run_path.parent)})

    def _put_in_place(self) -> None:
        made = [(self.at(path), path) for path in self._targets if self.at(path).exists()]
        if not made:
            return
        moves = [(str(temporary), str(self._targets[path])) for temporary, path in reversed(made)]
        note = self._locked[0] / _FINISHED
        if len(moves) > 1:  # one alone is put in place by a single step
            with disk_full_as_error(made[0][1], hint=_FULL_HINT):
                note.with_suffix(".new").write_text(json.dumps(moves), encoding="utf-8")
                note.with_suffix(".new").replace(note)
        for temporary, path in reversed(made):
            try:
                temporary.replace(self._targets[path])
            except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
                raise DnabertSError(f"cannot be written: {error.strerror}", path=path) from error
        note.unlink(missing_ok=True)

    def _finish_killed_run(self) -> None:
        """Give their names to the whole files of a run that was killed while it did so."""
        note = self._locked[0] / _FINISHED if self._locked else None
        if note is None or not note.is_file():
            return
        with suppress(ValueError, TypeError):
            for temporary, target in json.loads(note.read_text(encoding="utf-8")):
                if Path(temporary).is_file():
                    Path(temporary).replace(target)
        note.unlink()

    def _sweep(self, folder: Path) -> None:
        """Remove what a killed run, or this one, has left in a folder of ours; a file of the user's stays."""
        own = {_FINISHED, f"{_FINISHED}.new", *(target.name for target in self._targets.values())}
        for path in folder.iterdir():
            if _HIDDEN.fullmatch(path.name) and path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name in own or _HIDDEN.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def _release(self) -> None:
        for folder in self._locked:
            self._sweep(folder)
            (folder / LOCK_FILE).unlink(missing_ok=True)
            with suppress(OSError):  # something of the user's is in it: leave that
                folder.rmdir()
        self._locked.clear()
        self._open.close()


def _partial(target: Path) -> Path:
    return target.with_name(f"{target.name}.partial")
