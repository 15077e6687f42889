"""The three standard streams where they are closed, full or gone, and what the machine refuses, as errors for a person.

A stream that is closed is replaced before anything is opened, lest a file of ours gets its number and a library prints
into it. What is raised without the name of a file -> the one line that `run` shows.
"""

from __future__ import annotations

import errno
import io
import os
import pathlib
import re
import sys
from typing import Any

from ..errors import DnabertSError

_NAMES = ("input", "output", "error")
_MEMORY = re.compile(
    r"can't allocate memory|cannot allocate memory|bad_alloc|out of memory|failed to map segment|not enough memory",
    re.IGNORECASE,
)
_THREADS = re.compile(
    r"can't start new thread|thread(s)? (creation|could not be)|resource temporarily unavailable", re.I
)
_MEMORY_HINT = "use a machine or job with more memory, or raise its limit (ulimit -v)"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class _ClosedBytes(io.BufferedIOBase):
    """The bytes of a closed stream: there are none, and none are taken."""

    def __init__(self, name: str) -> None:
        self._problem = DnabertSError(f"standard {name} is closed", hint="give a file, or open the stream")

    def read(self, size: int | None = -1, /) -> bytes:
        """Refuse."""
        del size
        raise self._problem

    def read1(self, size: int = -1, /) -> bytes:
        """Refuse."""
        del size
        raise self._problem

    def write(self, content: Any, /) -> int:
        """Refuse."""
        del content
        raise self._problem


class _Closed(io.TextIOBase):
    """Standard input or output that was closed when the program began."""

    def __init__(self, name: str) -> None:
        self._bytes = _ClosedBytes(name)

    @property
    def buffer(self) -> io.BufferedIOBase:
        """Its bytes."""
        return self._bytes

    def write(self, text: str, /) -> int:
        """Refuse."""
        return self._bytes.write(text.encode())

    def fileno(self) -> int:
        """None, as Python says it."""
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def secure_streams() -> None:
    """Put something harmless in place of each standard stream that is closed."""
    for number in range(len(_NAMES)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
    if sys.stdin is None:
        sys.stdin = _Closed("input")
    if sys.stdout is None:
        sys.stdout = _Closed("output")
    if sys.stderr is None:
        sys.stderr = pathlib.Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  for as long as the program runs


def problem_of(error: Exception) -> DnabertSError | None:
    """What a person can do something about, as such an error; None for a defect of ours."""
    text = str(error)
    if isinstance(error, OSError) and error.errno in _FULL:
        place = {"path": error.filename} if error.filename else {}
        hint = "free some space, or raise the limit (ulimit -f), then repeat the command"
        return DnabertSError(f"cannot write: {error.strerror}", hint=hint, **place)
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return DnabertSError("out of memory", hint=_MEMORY_HINT)
    if isinstance(error, RuntimeError | ImportError | OSError) and _MEMORY.search(text):
        return DnabertSError(f"out of memory ({' '.join(text.split())[:120]})", hint=_MEMORY_HINT)
    if isinstance(error, RuntimeError | OSError) and _THREADS.search(text):
        hint = "raise the limits of the job (ulimit -u, ulimit -v), or use fewer --threads"
        return DnabertSError("the system allows no more threads", hint=hint)
    if isinstance(error, OSError):
        return DnabertSError(error.strerror or text, path=error.filename)
    return None
