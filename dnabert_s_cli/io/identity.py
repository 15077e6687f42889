"""Whether outputs are other files than the inputs, and than one another: by what they are, not by how they are spelt.

Paths -> where they lead and which file lies there -> an error for the first output that is an input, or another output.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import DnabertSError

_STREAM = "-"
_MOST_FILES = 100_000  # of an input folder
_HINT = "name another output"

_Key = tuple[object, ...]


def check_apart(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path | None]) -> None:
    """See that no output of a run would replace one of its inputs or another of its outputs; None is left out.

    Links, hard links, `./` and the like make no difference; "-" is standard input or output; pipes and devices are
    free. An output that is a folder must not hold an input.

    Raises:
        DnabertSError: the first output that is not apart.
    """
    read = {key: str(path) for path in inputs if path is not None for key in _keys(path, stream=0)}
    written: dict[_Key, str] = {}
    for output in (path for path in outputs if path is not None):
        keys = _keys(output, stream=1)
        for key in keys:
            if key in read:
                other = "" if read[key] == str(output) else f", as {read[key]}"
                problem = f"is an input of this run{other}, and would be overwritten"
                raise DnabertSError(problem, path=output, hint=_HINT)
            if key in written:
                problem = f"is named as two outputs, of which one would be lost: {written[key]}, {output}"
                raise DnabertSError(problem, path=output, hint="give each output a name of its own")
        written.update(dict.fromkeys(keys, str(output)))
        _check_holds_none(output, read)


def files_of(path: str | Path | None) -> Iterator[str | Path]:
    """An input as the files that are read: of a folder all that lie in it, at any depth."""
    if path is None:
        return
    if str(path) == _STREAM or not Path(path).is_dir():
        yield path
        return
    n_files = 0
    for folder, _, names in os.walk(path):
        for name in names:
            yield Path(folder) / name
        n_files += len(names)
        if n_files > _MOST_FILES:
            return


def _keys(path: str | Path, *, stream: int) -> list[_Key]:
    """What tells a file from others; nothing for a pipe or a device."""
    try:
        state = os.fstat(stream) if str(path) == _STREAM else Path(path).stat()
    except OSError:
        return [] if str(path) == _STREAM else [(os.path.realpath(path),)]
    if str(path) == _STREAM:
        return [(state.st_dev, state.st_ino)] if stat.S_ISREG(state.st_mode) else []
    if not (stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)):
        return []
    return [(os.path.realpath(path),), (state.st_dev, state.st_ino)]


def _check_holds_none(output: str | Path, read: dict[_Key, str]) -> None:
    """Raise for a folder that holds an input."""
    if str(output) == _STREAM or not Path(output).is_dir():
        return
    inside = os.path.realpath(output) + os.sep
    for key, path in read.items():
        if isinstance(key[0], str) and key[0].startswith(inside):
            problem = f"holds an input of this run, {path}, which would be lost"
            raise DnabertSError(problem, path=output, hint=_HINT)
