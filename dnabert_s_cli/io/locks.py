"""A folder, or a file, that one process at a time works in.

The lock is the kernel's: it ends with the process that holds it, however that ends, and a lock file left behind by a
killed one keeps nobody out.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import DnabertSError

LOCK_FILE = "lock"
_LOG = logging.getLogger(__name__)
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)  # some network file systems
_POLL_S = 0.1


def lock_folder(folder: Path, *, name: str = LOCK_FILE, patience_s: float = 0.0) -> int:
    """Make the folder if need be, and keep every other process out until the descriptor returned is closed.

    Args:
        name: of the lock file in the folder.
        patience_s: how long to wait for a process that is ending.

    Raises:
        DnabertSError: another process works here.
    """
    deadline = time.monotonic() + patience_s
    while True:
        folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # a process that ended just now has removed the folder
            descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            if _holds(descriptor, folder / name, deadline=deadline):
                return descriptor


@contextmanager
def waiting_lock(path: Path) -> Iterator[None]:
    """Hold the lock of a file of this user's, after the process that holds it now."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _holds(descriptor: int, path: Path, *, deadline: float) -> bool:
    """Lock an open file, and whether it is still the one of that path; it is closed where not."""
    is_ours = False
    try:
        while not _flock(descriptor, path.parent):
            if time.monotonic() >= deadline:
                hint = "wait for it, or choose another output"
                raise DnabertSError("another process is writing here", path=path.parent, hint=hint)
            time.sleep(_POLL_S)
        is_ours = os.path.samestat(os.fstat(descriptor), path.stat())
    finally:
        if not is_ours:
            os.close(descriptor)
    return is_ours


def _flock(descriptor: int, folder: Path) -> bool:
    """Whether the lock was free; true, with a warning, where the file system has none."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _LOG.warning("%s: this file system has no locks; do not start a second run here", folder)
    return True
