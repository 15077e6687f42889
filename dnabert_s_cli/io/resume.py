"""What every unfinished run that can be resumed shares: when it may be, and what to do on a full disk."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import DnabertSError

RESTART_HINT = "--force without --resume starts over"
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def require_same_settings(before: Mapping[str, object], now: Mapping[str, object], *, path: Path) -> None:
    """Raise `DnabertSError` for the first setting, a JSON value, in which an unfinished run at `path` differs."""
    for name in dict.fromkeys((*now, *before)):
        if before.get(name) != now.get(name):
            problem = f"the unfinished run had {name} {before.get(name)!r}, this one has {now.get(name)!r}"
            raise DnabertSError(problem, path=path, hint=f"resume with the same settings; {RESTART_HINT}")


@contextmanager
def disk_full_as_error(folder: Path, *, hint: str = "free some space, then repeat with --resume") -> Iterator[None]:
    """A full disk becomes a `DnabertSError` that names the folder and says how to continue."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise DnabertSError(f"cannot write: {error.strerror}", path=folder, hint=hint) from error
