"""How an output was made: one JSON object next to each output, its run.json.

A pipeline calls `describe_run` when its work is done, and hands the result to the writer of its output or to
`write_run_json`.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import math
import os
import platform
import resource
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from .. import __version__
from .files import atomic_path

OUTPUTS_KEY, REQUEST_KEY = "outputs", "request"  # of run.json: files of the run with their sizes; a digest
_PROGRAM = "dnabert-s"
# module -> distribution; named only where the run has loaded the module, as importing it here would be slow
_PACKAGES = {
    "Bio": "biopython",
    "faiss": "faiss-cpu",
    "hdbscan": "hdbscan",
    "isal": "isal",
    "numpy": "numpy",
    "pyarrow": "pyarrow",
    "pyhmmer": "pyhmmer",
    "pysam": "pysam",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "sknetwork": "scikit-network",
    "tokenizers": "tokenizers",
    "torch": "torch",
    "transformers": "transformers",
    "zstandard": "zstandard",
}
_DIFFERS_EACH_RUN = ("started_utc", "timings_s", "peak_memory_bytes", REQUEST_KEY)


def describe_run(
    *,
    argv: Sequence[str],
    command: str,
    seed: int,
    encoder: Mapping[str, object],
    inputs: Sequence[Mapping[str, object]],
    settings: Mapping[str, object],
    timings_s: Mapping[str, float],
) -> dict[str, object]:
    """Everything needed to repeat the run that ends now, as plain JSON values.

    Args:
        encoder: name, fingerprint and what else tells the model apart; empty where none was used.
        inputs: one mapping for each input file, with its path and SHA-256.
        timings_s: seconds of each step. The start is reckoned back from now by "total", or by their sum.
    """
    elapsed_s = timings_s.get("total", math.fsum(timings_s.values()))
    started = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=elapsed_s)
    description = {
        "program": _PROGRAM,
        "version": __version__,
        "command": command,
        "argv": list(argv),
        "seed": seed,
        "encoder": encoder,
        "inputs": inputs,
        "settings": settings,
        "started_utc": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "timings_s": timings_s,
        "peak_memory_bytes": peak_memory_bytes(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for module, name in _PACKAGES.items() if module in sys.modules},
    }
    return {key: plain_value(value) for key, value in description.items()}


def output_facts(files: Mapping[Path, Path], *, folder: Path) -> list[dict[str, object]]:
    """What run.json in `folder` says of output files.

    Args:
        files: final path of each, relative to `folder` or not -> where it is now.
    """
    return [
        {"path": Path(os.path.relpath(final, folder)).as_posix(), "bytes": now.stat().st_size}
        for final, now in files.items()
    ]


def peak_memory_bytes() -> int:
    """The most memory that this process has held so far, its children not counted."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def write_run_json(path: str | Path, provenance: Mapping[str, object]) -> None:
    """Write `run_json` of `provenance`, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(run_json(provenance), encoding="utf-8")


def run_json(provenance: Mapping[str, object]) -> str:
    """Indented JSON with sorted keys and a last line end; NaN and infinity become null."""
    text = json.dumps(plain_value(provenance), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def repeatable_part(provenance: Mapping[str, object]) -> dict[str, object]:
    """`provenance` without what differs from run to run, for files that must come out the same each time."""
    return {key: value for key, value in provenance.items() if key not in _DIFFERS_EACH_RUN}


def plain_value(value: object) -> object:
    """`value` as JSON knows it: paths as text, numpy numbers as numbers, what is not finite as None."""
    if isinstance(value, np.generic | np.ndarray):
        return plain_value(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str | Path):
        text = str(value)
        return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    if value is None or isinstance(value, int | float):
        return value
    raise TypeError(f"not a value for run.json: {value!r}")


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"  # run from a source tree, or installed under another name
