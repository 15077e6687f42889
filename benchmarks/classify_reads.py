"""Reads per second of `dnabert-s classify`, and its memory for a million reads.

Synthetic species that differ in composition are the references; random reads of each length are classified by the
command, FASTA to TSV and kreport, in a process of its own, start-up included; rates are per second of the clock and,
for a machine that others use, per second of CPU. Then the peak memory of a run over so
many reads of 150 bp, and of one over a tenth of them, which should be the same but for the names. The last line is one
JSON object.

    python benchmarks/classify_reads.py [--model tnf-c] [--labels 100] [--reads 1000000] [--methods centroid,knn]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from embed_reads import write_reads
from machine import machine_facts, peak_memory_mb

LENGTHS_BP = (150, 1_000, 10_000)
METHODS = ("centroid", "knn", "logistic")
_PROJECT = Path(__file__).resolve().parents[1]
_SHORT_BP = 150
_RECORDS_PER_LABEL = 10
_REFERENCE_BP = 10_000


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tnf-c")
    parser.add_argument("--labels", type=int, default=100)
    parser.add_argument("--reads", type=int, default=1_000_000, help="reads of 150 bp for the peak memory")
    parser.add_argument("--mbp", type=int, default=30, help="bases of each rate, in millions")
    parser.add_argument("--methods", default=",".join(METHODS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        _write_references(Path(folder), arguments.labels)
        rates: dict[str, dict[str, dict[str, int]]] = {}
        for method in arguments.methods.split(","):
            _fit(Path(folder), arguments.model, method=method)
            rates[method] = {}
            for length_bp in LENGTHS_BP:
                n_reads = arguments.mbp * 10**6 // length_bp
                wall_s, cpu_s = _classify(Path(folder), method, n_reads=n_reads, length_bp=length_bp)
                rates[method][str(length_bp)] = {"wall": round(n_reads / wall_s), "cpu": round(n_reads / cpu_s)}
                print(f"{method}, {length_bp} bp: {n_reads:,} reads in {wall_s:.1f} s, {cpu_s:.1f} of CPU", flush=True)
        first = arguments.methods.split(",")[0]
        memory = _peaks([*map(str, (arguments.labels, arguments.model, first))], arguments.reads)
    result = {
        "benchmark": "classify_reads",
        "model": arguments.model,
        "n_labels": arguments.labels,
        "reads_per_s": rates,
        "peak_mb_by_reads": memory,
        **machine_facts("scikit-learn"),
    }
    print(json.dumps(result))


def _peaks(setting: Sequence[str], n_reads: int) -> dict[str, int]:
    """Peak memory by number of reads, each in a process whose only large child is the command."""
    code = "import sys, classify_reads; classify_reads.print_peak(*sys.argv[1:])"
    found = {}
    for number in (n_reads // 10, n_reads):
        command = [sys.executable, "-c", code, *setting, str(number)]
        run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parent)
        found[str(number)] = int(run.stdout.splitlines()[-1])
        print(f"{number:,} reads: {found[str(number)]} MB at most", flush=True)
    return found


def print_peak(n_labels: str, model: str, method: str, n_reads: str) -> None:  # words of a command line, so positional
    """Print the peak memory, in MB, of fitting and of classifying so many reads."""
    with tempfile.TemporaryDirectory() as folder:
        _write_references(Path(folder), int(n_labels))
        _fit(Path(folder), model, method=method)
        _classify(Path(folder), method, n_reads=int(n_reads), length_bp=_SHORT_BP)
    print(round(peak_memory_mb(resource.RUSAGE_CHILDREN)))


def _write_references(folder: Path, n_labels: int) -> None:
    """Random DNA of a composition of its own for each label."""
    rng = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with (folder / "refs.fa").open("wb") as fasta, (folder / "labels.tsv").open("w") as labels:
        for label in range(n_labels):
            shares = rng.dirichlet(np.full(4, 20.0))
            for record in range(_RECORDS_PER_LABEL):
                fasta.write(b">s%d_%d\n%s\n" % (label, record, rng.choice(letters, _REFERENCE_BP, p=shares).tobytes()))
                labels.write(f"s{label}_{record}\tspecies {label}\n")


def _fit(folder: Path, model: str, *, method: str) -> None:
    options = ["--labels", str(folder / "labels.tsv"), "--model", model, "--method", method]
    _run(["fit", str(folder / "refs.fa"), *options, "-o", str(folder / f"{method}.clf")])


def _classify(folder: Path, method: str, *, n_reads: int, length_bp: int) -> tuple[float, float]:
    """Seconds of the command, on the clock and of all cores together."""
    reads = folder / "reads.fa"
    write_reads(reads, n_reads, length_bp=length_bp)
    outputs = ["-o", str(folder / "labels.out.tsv"), "--kreport", str(folder / "kreport.txt"), "--force"]
    started, used = time.perf_counter(), _children_s()
    _run([str(reads), "--classifier", str(folder / f"{method}.clf"), *outputs])
    return time.perf_counter() - started, _children_s() - used


def _children_s() -> float:
    """CPU seconds of all processes that this one has started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _run(arguments: Sequence[str]) -> None:
    command = [sys.executable, "-m", "dnabert_s_cli", "classify", *arguments, "--quiet"]
    subprocess.run(command, check=True, cwd=_PROJECT)


if __name__ == "__main__":
    main()
