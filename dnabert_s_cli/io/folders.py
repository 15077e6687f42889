"""Output folders that appear whole or not at all.

A pipeline writes into a temporary folder next to the final one; when it is done, one rename puts it in place.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DnabertSError
from .files import check_output

OWN_MARK = "run.json"  # every finished folder holds one; no other folder is ever replaced


@contextmanager
def atomic_folder(path: str | Path, *, force: bool, within: Path | None = None) -> Iterator[Path]:
    """A new folder next to `path` that becomes `path` on success, and is removed on failure or Ctrl-C.

    An empty folder at `path` is replaced; a link is followed. With `force` so is a finished output of
    ours, at the very end.

    Args:
        within: a folder on the same disk to make the new one in, instead of next to `path`.

    Raises:
        DnabertSError: `path` exists and may not be replaced, or its parent cannot be written.
    """
    check_output_folder(path, force=force)
    target = Path(path).resolve()
    temporary = (within or target.parent) / f".{secrets.token_hex(6)}.{target.name}"
    temporary.mkdir()
    try:
        yield temporary
        _check_replaceable(path, force=force)  # once more: hours may have passed
        _put_in_place(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_output_folder(path: str | Path, *, force: bool) -> None:
    """Fail now rather than after hours; errors as of `atomic_folder`."""
    check_output(path, force=force)
    _check_replaceable(path, force=force)


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
    if not (folder / OWN_MARK).is_file():
        problem = f"holds no {OWN_MARK}, so dnabert-s did not write it, and it is not replaced"
        raise DnabertSError(problem, path=path, hint="choose another output folder, or remove this one")


def _put_in_place(temporary: Path, target: Path) -> None:
    if not target.exists() or not any(target.iterdir()):
        temporary.replace(target)
        return
    old = target.with_name(f".{secrets.token_hex(6)}.old.{target.name}")
    target.rename(old)
    try:
        temporary.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old)
