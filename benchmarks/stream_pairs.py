"""Memory and rate of shuffled training batches from a CSV of pairs that is larger than memory should be.

A file of the asked size is made by repetition of random rows of two times 10 kb, put out of the page cache, opened
(which makes its index), opened again (which finds it), and read in random order by several numbers of threads, with
and without views that cost something. Each part runs in a process of its own, whose peak memory is that part's.
The last line is one JSON object. `--gigabytes 20` is the size that a real run has.
"""

from __future__ import annotations

import argparse
import datetime
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
from machine import cpu_model, peak_memory_mb

from dnabert_s_cli.io.pairs.index import row_offsets
from dnabert_s_cli.io.pairs.rows import PairFile
from dnabert_s_cli.training.augmentation import ViewSpec
from dnabert_s_cli.training.collator import PairStream

SEQUENCE_BP = 10_000
DISTINCT_ROWS = 2_000
BATCH = 48  # pairs, as in the paper
VIEWS = {
    "same_species": ViewSpec(),
    "mutate, cropped, either strand": ViewSpec("mutate", min_bp=2_000, max_bp=10_000, random_strand=True),
}
Result = TypeVar("Result")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--gigabytes", type=float, default=0.5)
    arguments.add_argument("--seconds", type=float, default=5.0, help="how long each setting is measured")
    arguments.add_argument("--folder", type=Path, help="where the file is made, on the disk to be measured")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "pairs.csv"
        print(f"writing {options.gigabytes} GB to {path}", file=sys.stderr)
        _alone(_write, path, options.gigabytes)
        report = {
            "benchmark": "stream_pairs",
            "date": datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat(),
            "cpu": cpu_model(),
            "cores": os.cpu_count(),
            "batch_pairs": BATCH,
            "opening": [_alone(_open, path, "first time, index made"), _alone(_open, path, "again")],
            "streaming": [
                _alone(_stream, path, views, n_workers, options.seconds)
                for views in VIEWS
                for n_workers in (0, 1, 2, 4)
            ],
        }
    print(json.dumps(report))


def _alone(work: Callable[..., Result], *arguments: object) -> Result:
    """The result of `work` in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        result = pool.apply(work, arguments)
    print(f"{work.__name__}: {result}", file=sys.stderr)
    return result


def _write(path: Path, gigabytes: float) -> None:
    rng = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, (DISTINCT_ROWS, 2 * SEQUENCE_BP), np.uint8)]
    rows = [
        b"%b,%b,genome%d\n" % (row[:SEQUENCE_BP], row[SEQUENCE_BP:], n) for n, row in enumerate(map(bytes, letters))
    ]
    with path.open("wb") as stream:
        while stream.tell() < gigabytes * 1e9:
            stream.write(rows[rng.integers(len(rows))])
        stream.flush()
        os.fsync(stream.fileno())
    _forget(path)


def _forget(path: Path) -> None:
    """Put a file out of the page cache, so that the disk is measured."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as stream:
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _open(path: Path, when: str) -> dict[str, object]:
    _forget(path)
    with _measured() as facts:
        started = time.perf_counter()
        row_offsets(path)
        facts["index_s"] = round(time.perf_counter() - started, 3)
        with PairFile(path) as pairs:
            facts["n_pairs"] = len(pairs)
    return {"when": when, "gigabytes": round(path.stat().st_size / 1e9, 2), **facts}


def _stream(path: Path, views: str, n_workers: int, seconds: float) -> dict[str, object]:
    _forget(path)
    with _measured() as facts, PairFile(path) as pairs:
        stream = PairStream(
            pairs, batch_size=BATCH, seed=0, rank=0, world_size=1, views=VIEWS[views], n_workers=n_workers
        )
        rate = _pairs_per_s(stream, seconds)
        facts["pairs_per_s"] = round(rate)
        facts["mb_per_s"] = round(rate * 2 * SEQUENCE_BP / 1e6, 1)
    return {"views": views, "n_workers": n_workers, **facts}


def _pairs_per_s(stream: PairStream, seconds: float) -> float:
    """Rate over at least so many seconds, of the first epoch and those after it."""
    batches = stream.batches(start_step=0, end_step=1 << 40)
    started = time.perf_counter()
    n_batches = 0
    while time.perf_counter() < started + seconds:
        next(batches)
        n_batches += 1
    rate = n_batches * BATCH / (time.perf_counter() - started)
    batches.close()  # type: ignore[attr-defined]  # it is a generator
    return rate


@contextmanager
def _measured() -> Iterator[dict[str, object]]:
    """Facts, to which the memory is added that was taken beyond what the imports had taken."""
    before = peak_memory_mb()
    facts: dict[str, object] = {}
    yield facts
    facts["peak_memory_mb"] = round(peak_memory_mb())
    facts["memory_taken_mb"] = round(peak_memory_mb() - before)


if __name__ == "__main__":
    main()
