"""What a process knows about the others, from the environment that torchrun, or our own launcher, gives each.

Light to import: a command asks this before it loads anything else.
"""

from __future__ import annotations

import os

from ...errors import DnabertSError

_HINT = "torchrun sets it; if nothing was started that way, it is left over: unset RANK WORLD_SIZE LOCAL_RANK"
_MOST = 1 << 20


def is_launched() -> bool:
    """Whether this process is one of several that torchrun, or we, have started."""
    return "WORLD_SIZE" in os.environ


def process_rank() -> int:
    """Number of this process among those that work together, from 0."""
    return _number("RANK", 0)


def n_processes() -> int:
    """How many processes work together, on all machines."""
    return max(_number("WORLD_SIZE", 1), 1)


def local_processes() -> int:
    """Processes on this machine that share its cores."""
    return max(_number("LOCAL_WORLD_SIZE", 1), 1)


def local_rank() -> int:
    """Number of this process among those on this machine, from 0."""
    return _number("LOCAL_RANK", 0)


def _number(name: str, default: int) -> int:
    """The number in an environment variable.

    Raises:
        DnabertSError: it holds something else.
    """
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(_MOST)):
        raise DnabertSError(f"the environment variable {name} is '{text}', not a number of processes", hint=_HINT)
    return int(text)
