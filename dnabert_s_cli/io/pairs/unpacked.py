"""Compressed files that must be read at random places: unpacked once, shared by all processes of a machine.

compressed file -> `FOLDER/dnabert-s-UID/KEY`, the key made of path, size and time of change -> opened by every process
that needs it, and removed when the first of them closes it: those that have it open keep it. One that was killed
leaves it for its successor to use.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ...errors import DnabertSError
from ..files import BLOCK_BYTES, atomic_path, open_input
from ..locks import waiting_lock
from ..resume import disk_full_as_error
from .index import Offsets, index_path_of, row_offsets

_LOG = logging.getLogger(__name__)
_DISK_FULL_HINT = "unpack the file yourself, or choose a larger folder: TMPDIR=/scratch dnabert-s ..."


class UnpackedRows:
    """A compressed text file, unpacked to disk; close it to remove the copy.

    Attributes:
        fileno: descriptor of the copy, open for reading.
        offsets: of its rows, as `row_offsets` gives them.
    """

    def __init__(self, path: Path, *, folder: Path | None) -> None:
        """Unpack `path`, or take up the copy that another process has made.

        Args:
            folder: where the copy goes; None for that of temporary files (TMPDIR).

        Raises:
            DnabertSError: the content is damaged, or the folder is full or cannot be used.
        """
        own = _own_folder(folder or Path(tempfile.gettempdir()))
        self.path = own / f"{_key(path)}.csv"
        self._lock_path = own / f"{_key(path)}.lock"
        while True:
            with waiting_lock(self._lock_path), disk_full_as_error(own, hint=_DISK_FULL_HINT):
                if not self.path.exists():
                    self._unpack(path)
                with suppress(FileNotFoundError):  # a process that ended just now has removed the copy
                    self.offsets: Offsets = row_offsets(self.path)
                    self.fileno = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
                    return

    def close(self) -> None:
        """Close the copy and take its name away."""
        os.close(self.fileno)
        for path in (self.path, index_path_of(self.path), self._lock_path):
            path.unlink(missing_ok=True)

    def _unpack(self, path: Path) -> None:
        _LOG.info("%s is compressed: unpacking it once, to %s", path, self.path)
        with atomic_path(self.path) as temporary:
            with open_input(path) as packed, temporary.open("wb") as plain:
                shutil.copyfileobj(packed, plain, BLOCK_BYTES)
            _LOG.info("unpacked %.1f MB, removed at the end", temporary.stat().st_size / 1e6)


def _key(path: Path) -> str:
    state = path.stat()
    text = f"{path.resolve()}\0{state.st_size}\0{state.st_mtime_ns}"
    return hashlib.blake2b(os.fsencode(text), digest_size=12).hexdigest()


def _own_folder(parent: Path) -> Path:
    """A folder that only this user can write, so that nobody else can put a file there under our name."""
    folder = parent / f"dnabert-s-{os.getuid()}"
    hint = "choose another folder for temporary files: TMPDIR=/scratch dnabert-s ..."
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise DnabertSError(f"cannot be made: {error.strerror}", path=folder, hint=hint) from error
    state = folder.lstat()
    if state.st_uid != os.getuid() or not folder.is_dir() or folder.is_symlink():
        raise DnabertSError("belongs to another user", path=folder, hint=hint)
    return folder
