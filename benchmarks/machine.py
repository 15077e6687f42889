"""Facts about the machine and the versions, for every benchmark's result."""

from __future__ import annotations

import datetime
import os
import platform
import resource
import sys
from importlib import metadata
from pathlib import Path


def machine_facts(*packages: str) -> dict[str, object]:
    """Date, processor, cores, Python and package versions, and this process's peak memory so far."""
    names = ("torch", "numpy", *packages)
    return {
        "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in names},
        "peak_memory_mb": round(peak_memory_mb()),
    }


def cpu_model() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def peak_memory_mb(who: int = resource.RUSAGE_SELF) -> float:
    """Largest resident size of this process (or, with RUSAGE_CHILDREN, of its largest child) in MB."""
    peak = resource.getrusage(who).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
