"""Output folders that appear whole or not at all, and of which only what a run of ours wrote is ever replaced.

A pipeline writes into a temporary folder in `<output>.partial`, which is locked meanwhile; when it is done, run.json
gets the list of all files, and one rename puts the folder in place.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DnabertSError
from .files import check_output
from .locks import LOCK_FILE, lock_folder
from .provenance import OUTPUTS_KEY, output_facts, write_run_json
from .resume import disk_full_as_error

OWN_MARK = "run.json"  # every finished folder holds one; no other folder is ever replaced
_HIDDEN = re.compile(r"\.[0-9a-f]{12}\..+")


@contextmanager
def atomic_folder(
    path: str | Path,
    *,
    force: bool,
    within: Path | None = None,
    on_existing: Callable[[], object] | None = None,
) -> Iterator[Path]:
    """A new folder that becomes `path` on success, and is removed on failure or Ctrl-C.

    An empty folder at `path` is replaced; a link is followed. With `force` so is a finished output of ours, at the very
    end.

    Args:
        within: a folder beside `path`, locked by the caller, to make the new one in; None to make and lock one.
        on_existing: called, once the lock is held, if `path` is there and `force` is not given; it may raise.

    Raises:
        DnabertSError: `path` exists and may not be replaced, its parent cannot be written, or another process is
            writing it.
    """
    target = Path(path).resolve()
    if on_existing is None:
        check_output_folder(path, force=force)
    with _workplace(target) if within is None else _given(within) as workplace:
        if on_existing is not None and not force and target.is_dir() and any(target.iterdir()):
            on_existing()
        check_output_folder(path, force=force)
        temporary = workplace / f".{secrets.token_hex(6)}.{target.name}"
        temporary.mkdir()
        try:
            with disk_full_as_error(Path(path), hint="free some space, then repeat the command"):
                yield temporary
                _list_outputs(temporary)
            _check_replaceable(path, force=force)  # once more: hours may have passed
            _put_in_place(temporary, target, path=path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def restore_output(path: str | Path) -> None:
    """Put back an output that a run killed between two renames had moved into `<output>.partial`."""
    target = Path(path).resolve()
    folder = target.with_name(f"{target.name}.partial")
    if folder.is_dir() and (folder / f"old.{target.name}").is_dir() and not target.exists():
        _restore_killed_run(folder, target)


def check_output_folder(path: str | Path, *, force: bool) -> None:
    """Fail now rather than after hours; errors as of `atomic_folder`."""
    check_output(path, force=force)
    _check_replaceable(path, force=force)


@contextmanager
def _workplace(target: Path) -> Iterator[Path]:
    """`<output>.partial`, locked, without what a killed run left in it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.with_name(f"{target.name}.partial")
    descriptor = lock_folder(folder)
    try:
        _sweep(folder)
        _restore_killed_run(folder, target)
        yield folder
    finally:
        _sweep(folder)
        (folder / LOCK_FILE).unlink(missing_ok=True)
        with suppress(OSError):  # something of the user's is in it: leave that
            folder.rmdir()
        os.close(descriptor)


@contextmanager
def _given(folder: Path) -> Iterator[Path]:
    yield folder


def _sweep(folder: Path) -> None:
    for path in folder.iterdir():
        if _HIDDEN.fullmatch(path.name):
            shutil.rmtree(path, ignore_errors=True)


def _restore_killed_run(folder: Path, target: Path) -> None:
    """Put back the output that a run killed between two renames had moved out of the way."""
    old = folder / f"old.{target.name}"
    if old.is_dir() and not target.exists():
        old.rename(target)
    elif old.is_dir():
        shutil.rmtree(old, ignore_errors=True)


def _list_outputs(folder: Path) -> None:
    """Let run.json, where there is one, name every file of the folder."""
    path = folder / OWN_MARK
    with suppress(OSError, ValueError):
        run = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(run, Mapping):
            files = [one for one in sorted(folder.rglob("*")) if one.is_file() and one != path]
            write_run_json(path, {**run, OUTPUTS_KEY: output_facts({one: one for one in files}, folder=folder)})


def _check_replaceable(path: str | Path, *, force: bool) -> None:
    folder = Path(path)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DnabertSError("is a file, not a folder", path=path, hint="choose another output folder")
    if not any(folder.iterdir()):
        return
    if not force:
        raise DnabertSError("already exists", path=path, hint="--force overwrites it")
    hint = "choose another output folder, or remove this one"
    if not (folder / OWN_MARK).is_file():
        problem = f"holds no {OWN_MARK}, so dnabert-s did not write it, and it is not replaced"
        raise DnabertSError(problem, path=path, hint=hint)
    own = _own_files(folder)
    if own is None:
        problem = f"its {OWN_MARK} does not list the files that the run wrote, so it is not replaced"
        raise DnabertSError(problem, path=path, hint=hint)
    foreign = _first_foreign(folder, own)
    if foreign is not None:
        problem = f"holds '{foreign}', which dnabert-s did not write, so it is not replaced"
        raise DnabertSError(problem, path=path, hint="move it elsewhere, or choose another output folder")


def _own_files(folder: Path) -> frozenset[str] | None:
    """Names, relative to the folder, of the files that its run wrote; None if it does not say."""
    try:
        run = json.loads((folder / OWN_MARK).read_text(encoding="utf-8"))
        return frozenset((OWN_MARK, *(str(one["path"]) for one in run[OUTPUTS_KEY])))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _first_foreign(folder: Path, own: frozenset[str]) -> str | None:
    """The first file, or link to a folder, that is not among those of the run; None if there is none."""
    for place, folders, names in os.walk(folder):
        for path in (Path(place) / name for name in sorted((*names, *folders))):
            name = path.relative_to(folder).as_posix()
            if name not in own and (path.is_symlink() or not path.is_dir()):
                return name
    return None


def _put_in_place(temporary: Path, target: Path, *, path: str | Path) -> None:
    if not target.exists() or not any(target.iterdir()):
        temporary.replace(target)
        return
    old = temporary.parent / f"old.{target.name}"
    target.rename(old)
    try:
        foreign = _first_foreign(old, _own_files(old) or frozenset())
        if foreign is not None:
            problem = f"holds '{foreign}', which came there meanwhile, so it is not replaced"
            raise DnabertSError(problem, path=path, hint="move it elsewhere, then repeat the command")
        temporary.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old)
