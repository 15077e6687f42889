"""How much memory this process can still take: the kernel's estimate, or the limit of a container or job if lower."""

from __future__ import annotations

import os
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_LIMITS = (  # most bytes, bytes in use: of a container (cgroup 2 and 1)
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"), Path("/sys/fs/cgroup/memory/memory.usage_in_bytes")),
)


def available_bytes() -> int:
    """Memory that this process can still take without swapping."""
    free = [_free_bytes()]
    for most, used in _LIMITS:
        limit, usage = _number(most), _number(used)
        if limit is not None and usage is not None:
            free.append(max(limit - usage, 0))
    return min(free)


def gib(n_bytes: int) -> str:
    """A number of bytes as a person reads it."""
    return f"{n_bytes / 2**30:,.1f} GiB"


def _free_bytes() -> int:
    """What the kernel thinks it can give; where it does not say, all there is."""
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    sizes = {name: rest.split()[0] for name, _, rest in (line.partition(":") for line in lines) if rest.split()}
    return int(sizes["MemAvailable"]) * 1024


def _number(path: Path) -> int | None:
    """The number in a file; None where there is none, or no limit."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
