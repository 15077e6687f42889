"""How well `dnabert-s bin` bins an assembly whose truth is known, and what it takes.

Each setting is one run of the command line; its contig2bin.tsv is scored against the gold standard: genomes at
>= 90 % completeness and >= 95 % purity, at >= 50 % and >= 90 %, and the mean F1 over genomes. Prints one JSON object
as the last line.

    python benchmarks/bin_assembly.py CONTIGS GOLD [--model tnf-c]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from machine import machine_facts, peak_memory_mb

from dnabert_s_cli.analysis.metrics import BinningScores, score_bins
from dnabert_s_cli.io.labels import read_labels
from dnabert_s_cli.io.sequences import read_sequences

_METHODS = ("kmedoid", "hdbscan")


def main() -> None:
    """Run, score, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contigs", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--model", default="tnf-c")
    arguments = parser.parse_args()
    lengths_bp = {record.id: len(record.sequence) for record in read_sequences([arguments.contigs])}
    gold = read_labels(arguments.gold)
    rows = {}
    for method in _METHODS:
        with tempfile.TemporaryDirectory() as folder:
            seconds = run_bin(arguments.contigs, Path(folder) / "out", arguments.model, method)
            scores = score(Path(folder) / "out" / "contig2bin.tsv", gold, lengths_bp)
        rows[method] = {
            "complete_90_pure_95": scores.n_recovered(min_completeness=0.90, min_purity=0.95),
            "complete_50_pure_90": scores.n_recovered(min_completeness=0.50, min_purity=0.90),
            "mean_f1": round(scores.mean_f1, 3),
            "n_bins": len(scores.bins),
            "seconds": round(seconds, 1),
        }
        print(method, rows[method])
    result = {
        "benchmark": "bin_assembly",
        "model": arguments.model,
        "n_genomes": len(scores.genomes),
        "n_contigs": len(lengths_bp),
        "rows": rows,
        **machine_facts("hdbscan", "scikit-learn"),
        "peak_memory_mb": round(peak_memory_mb(resource.RUSAGE_CHILDREN)),
    }
    print(json.dumps(result))


def run_bin(contigs: Path, output: Path, model: str, method: str) -> float:
    """Seconds of one run of the command line, start-up included."""
    command = [sys.executable, "-m", "dnabert_s_cli", "bin", str(contigs), "--model", model]
    command += ["--method", method, "--output", str(output), "--quiet"]
    started = time.perf_counter()
    subprocess.run(command, check=True)
    return time.perf_counter() - started


def score(contig2bin: Path, gold: dict[str, str], lengths_bp: dict[str, int]) -> BinningScores:
    """Scores over all contigs of the gold standard, those too short to be binned included."""
    bins = {name: int(label.removeprefix("bin.")) for name, label in read_labels(contig2bin).items()}
    names = [name for name in gold if name in lengths_bp]
    return score_bins(
        [gold[name] for name in names],
        [bins.get(name, 0) for name in names],
        lengths_bp=np.array([lengths_bp[name] for name in names]),
    )


if __name__ == "__main__":
    main()
