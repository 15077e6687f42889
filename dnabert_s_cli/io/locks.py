"""A folder that one process at a time works in.

The lock is the kernel's: it ends with the process that holds it, however that ends, and a lock file left behind by a
killed one keeps nobody out.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
from contextlib import suppress
from pathlib import Path

from ..errors import DnabertSError

LOCK_FILE = "lock"
_LOG = logging.getLogger(__name__)
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)  # some network file systems


def lock_folder(folder: Path) -> int:
    """Make the folder if need be, and keep every other process out until the descriptor returned is closed.

    Raises:
        DnabertSError: another process works here.
    """
    while True:
        folder.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):  # a process that ended just now has removed the folder
            descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            if _holds(descriptor, folder):
                return descriptor


def _holds(descriptor: int, folder: Path) -> bool:
    """Lock an open file, and whether it is still that of the folder; it is closed where not."""
    is_ours = False
    try:
        _flock(descriptor, folder)
        is_ours = os.path.samestat(os.fstat(descriptor), (folder / LOCK_FILE).stat())
    finally:
        if not is_ours:
            os.close(descriptor)
    return is_ours


def _flock(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        hint = "wait for it, or write to another file"
        raise DnabertSError("another process is writing here", path=folder, hint=hint) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _LOG.warning("%s: this file system has no locks; start no second run here", folder)
