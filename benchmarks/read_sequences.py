"""Reading rates of our parsers against pysam.FastxFile, in Mbp per processor second.

10 kb contigs (lines of 60) and 150 bp reads are written to a temporary folder, as FASTA and FASTQ, plain and gzip, and
read by both in turn; the fastest of several runs after a warm-up. pysam.FastxFile checks nothing: no letters, no names.
`make bench` runs it; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
from machine import machine_facts

from dnabert_s_cli.io.sequences.formats import SequenceFile
from dnabert_s_cli.io.sequences.reading import read_sequences, scan_sequences

_LINE_BP = 60


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mbp", type=int, default=100, help="bases in each file, in millions")
    arguments.add_argument("--runs", type=int, default=3)
    options = arguments.parse_args()
    rates: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for path in _write_inputs(Path(folder), n_bp=options.mbp * 10**6):
            rates[path.name] = _measure(path, options.runs)
            print(path.name, "  ".join(f"{name} {rate:,.0f} Mbp/s" for name, rate in rates[path.name].items()))
    result = {"benchmark": "read_sequences", "unit": "Mbp per processor second", "mbp": options.mbp, "rates": rates}
    print(json.dumps({**result, **machine_facts("pysam")}))


def _measure(path: Path, n_runs: int) -> dict[str, float]:
    readers: dict[str, Callable[[], int]] = {
        "read_sequences": lambda: sum(len(record.sequence) for record in read_sequences([path])),
        "scan_sequences": lambda: scan_sequences([path]).total_bp,
        "parser alone": lambda: _parse(path),
        "pysam.FastxFile": lambda: _read_by_pysam(path),
    }
    n_bp = readers["scan_sequences"]()  # also warms the page cache
    seconds: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(n_runs):
        for name, read in readers.items():
            start = time.process_time()
            assert read() == n_bp, name
            seconds[name].append(time.process_time() - start)
    return {name: round(n_bp / min(times) / 1e6, 1) for name, times in seconds.items()}


def _parse(path: Path) -> int:
    with SequenceFile(path, reference_path=None, is_hashed=False) as file:
        return sum(len(record.sequence) for chunk in file.chunks() for record in chunk.records)


def _read_by_pysam(path: Path) -> int:
    with pysam.FastxFile(str(path), persist=False) as entries:
        return sum(len(entry.sequence or "") for entry in entries)


def _write_inputs(folder: Path, *, n_bp: int) -> list[Path]:
    paths = []
    for name, length_bp in (("contigs_10kb", 10_000), ("reads_150bp", 150)):
        for suffix in ("fa", "fq"):
            path = folder / f"{name}.{suffix}"
            content = _content(n_bp // length_bp, length_bp, is_fastq=suffix == "fq")
            path.write_bytes(content)
            packed = folder / f"{name}.{suffix}.gz"
            packed.write_bytes(gzip.compress(content, compresslevel=5))
            paths += [path, packed]
    return paths


def _content(n_records: int, length_bp: int, *, is_fastq: bool) -> bytes:
    letters = np.frombuffer(b"ACGT", np.uint8)
    generator = np.random.default_rng(0)
    sequences = letters[generator.integers(0, 4, (n_records, length_bp))]  # (n_records, length_bp)
    records = []
    for number, row in enumerate(sequences):
        sequence = row.tobytes()
        if is_fastq:
            records.append(b"@r%d\n%b\n+\n%b\n" % (number, sequence, b"I" * length_bp))
        else:
            lines = [sequence[i : i + _LINE_BP] for i in range(0, length_bp, _LINE_BP)]
            records.append(b">r%d\n%b\n" % (number, b"\n".join(lines) if length_bp > 1000 else sequence))
    return b"".join(records)


if __name__ == "__main__":
    main()
