"""The folder `<output>.partial` in which a run of several stages keeps what is finished, until all is.

    lock                 held while a process works here
    <stage>/made-from.json   digests of the inputs and settings that the stage depends on
    <stage>/...          what it made
    .<random>.<name>     in the making; the folder of a stage gets its name by one rename

Facts of a stage -> its folder, if an earlier run has finished it from the same, or an error that says what differs.
A stage may also grow in its own folder, if what it writes there can be resumed by itself.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import cast

from ..errors import DnabertSError
from ..untrusted import read_json_object, reason_of
from .folders import check_output_folder
from .locks import LOCK_FILE, lock_folder
from .provenance import plain_value
from .resume import RESTART_HINT, require_same_settings

logger = logging.getLogger(__name__)

_FACTS_FILE = "made-from.json"
_HIDDEN = re.compile(r"\.[0-9a-f]{12}\..+")


@dataclass(frozen=True, slots=True)
class StageFacts:
    """What a stage depends on.

    Args:
        inputs: what they are, in a user's words and the plural -> digests of them.
        settings: by name, as values that JSON knows.
    """

    inputs: Mapping[str, Sequence[str]]
    settings: Mapping[str, object]


class StageFolder:
    """What is kept next to the folder `output` until it is complete; a context manager.

        with StageFolder(output, resume=True, force=False) as kept:
            folder = kept.find("halves", facts)      # None: make it, then
            with kept.keep("halves", facts) as folder: ...

    Left without an error, it is removed. Left by one, or by Ctrl-C, it stays for a later run, unless no stage has been
    begun.
    """

    def __init__(self, output: Path, *, resume: bool, force: bool) -> None:
        """Name the folder; nothing is made before it is entered.

        Args:
            resume: continue an unfinished run, if there is one.
            force: overwrite a finished output, and without `resume` an unfinished run too.
        """
        target = Path(output).resolve()
        self.path = target.with_name(f"{target.name}.partial")
        self._output = output
        self._resume, self._force = resume, force
        self._lock_fd = -1

    def __enter__(self) -> StageFolder:
        """Make and lock the folder.

        Raises:
            DnabertSError: the output exists; an unfinished run exists and neither `resume` nor `force` was given; or
                another process works here.
        """
        if not self.path.exists():
            check_output_folder(self._output, force=self._force)
        elif not (self._resume or self._force):
            hint = "continue it with --resume, or start over with --force"
            raise DnabertSError("an unfinished run exists", path=self.path, hint=hint)
        try:
            self._lock_fd = lock_folder(self.path)
            self._sweep(everything=not self._resume)
        except BaseException:  # Ctrl-C or SIGTERM; Python calls __exit__ only for what has been entered
            self._leave(everything=False)
            raise
        return self

    def __exit__(  # noqa: PLR0917  Python prescribes the signature
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave(everything=kind is None)

    def _leave(self, *, everything: bool) -> None:
        """Remove everything, or all that no run can resume from, then the folder unless a stage is left; unlock it."""
        if self._lock_fd < 0:  # nothing is ours yet; a folder that is not empty may be another process's
            with suppress(OSError):
                self.path.rmdir()
            return
        self._sweep(everything=everything)
        if self._stages():
            logger.info("%s: finished steps are kept there; continue with --resume", self.path)
        else:
            (self.path / LOCK_FILE).unlink(missing_ok=True)
            with suppress(OSError):  # something of the user's is in it: leave that
                self.path.rmdir()
        os.close(self._lock_fd)

    def has(self, stage: str) -> bool:
        """Whether an earlier run has begun or finished the stage, from whatever it was."""
        return (self.path / stage / _FACTS_FILE).is_file()

    def find(self, stage: str, facts: StageFacts) -> Path | None:
        """The folder of a stage that an earlier run made from the same; None if there is none.

        Raises:
            DnabertSError: it was made from something else.
        """
        if not self.has(stage):
            return None
        self._check(stage, facts)
        return self.path / stage

    @contextmanager
    def keep(self, stage: str, facts: StageFacts) -> Iterator[Path]:
        """An empty folder to fill, which becomes that of the stage; on failure it vanishes."""
        if (self.path / stage).exists():
            problem = f"is no whole step of a run: {_FACTS_FILE} is missing"
            raise DnabertSError(problem, path=self.path / stage, hint="remove it, then repeat the command")
        temporary = self._hidden(stage)
        temporary.mkdir()
        try:
            yield temporary
            text = json.dumps(_plain(facts), indent=1, sort_keys=True)
            (temporary / _FACTS_FILE).write_text(text, encoding="utf-8")
            for path in temporary.iterdir():
                _sync(path)
            temporary.rename(self.path / stage)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    def grow(self, stage: str, facts: StageFacts) -> Path:
        """The folder of a stage that grows by itself, begun by this run or an earlier one; errors as of `find`."""
        if not self.has(stage):
            with self.keep(stage, facts):
                pass
        self._check(stage, facts)
        return self.path / stage

    def _check(self, stage: str, facts: StageFacts) -> None:
        path = self.path / stage / _FACTS_FILE
        try:
            before = read_json_object(path)
            settings, inputs = (dict(cast("Mapping[str, object]", before[name])) for name in ("settings", "inputs"))
        except (DnabertSError, ValueError, TypeError, KeyError) as error:
            raise DnabertSError(f"cannot be read: {reason_of(error)}", path=path, hint=RESTART_HINT) from error
        now = _plain(facts)
        require_same_settings(settings, now["settings"], path=self.path)
        for what in dict.fromkeys((*now["inputs"], *inputs)):
            if now["inputs"].get(what) != inputs.get(what):
                hint = f"resume with the same input; {RESTART_HINT}"
                raise DnabertSError(f"the unfinished run was made from other {what}", path=self.path, hint=hint)

    def _sweep(self, *, everything: bool) -> None:
        """Remove what no run can resume from, or everything we wrote."""
        stages = self._stages()
        for path in self.path.iterdir():
            is_empty = path in stages and len(list(path.iterdir())) == 1
            if _HIDDEN.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)
            elif path in stages and (everything or is_empty):
                hidden = self._hidden(path.name)  # first: a stage that is half removed must not pass for whole
                path.rename(hidden)
                shutil.rmtree(hidden, ignore_errors=True)

    def _stages(self) -> list[Path]:
        """Folders of stages that are finished or growing."""
        return [path for path in self.path.iterdir() if self.has(path.name)]

    def _hidden(self, name: str) -> Path:
        return self.path / f".{secrets.token_hex(6)}.{name}"


def discard_stages(output: Path) -> None:
    """Remove what a run kept that was killed when its output was in place already; nothing if there is nothing."""
    unfinished = StageFolder(output, resume=True, force=True)
    if unfinished.path.exists():
        with unfinished:
            pass


def _plain(facts: StageFacts) -> dict[str, dict[str, object]]:
    """Facts as they come back from JSON."""
    plain: dict[str, dict[str, object]] = json.loads(json.dumps(plain_value(asdict(facts))))
    return plain


def _sync(path: Path) -> None:
    """Wait until a file is on the disk: a power cut must not leave an empty one under its name."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
