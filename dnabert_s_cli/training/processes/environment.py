"""What a process knows about the others, from the environment that torchrun, or our own launcher, gives each.

Light to import: a command asks this before it loads anything else.
"""

from __future__ import annotations

import os


def is_launched() -> bool:
    """Whether this process is one of several that torchrun, or we, have started."""
    return "WORLD_SIZE" in os.environ


def process_rank() -> int:
    """Number of this process among those that work together, from 0."""
    return int(os.environ.get("RANK", "0"))


def n_processes() -> int:
    """How many processes work together, on all machines."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def local_processes() -> int:
    """Processes on this machine that share its cores."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
