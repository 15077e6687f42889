"""Memory and rate of `dnabert-s embed` over many short reads, end to end from FASTA to .npy.

Reads of equal length and random letters are written to a temporary file; the command line runs as a process of its
own, whose peak memory is what is reported. Prints one JSON object as the last line.

    python benchmarks/embed_reads.py [--reads 1000000] [--length 150] [--model tnf-c]
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

_BATCH = 10_000


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=1_000_000)
    parser.add_argument("--length", type=int, default=150)
    parser.add_argument("--model", default="tnf-c")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reads = Path(folder) / "reads.fa"
        write_reads(reads, arguments.reads, length_bp=arguments.length)
        command = [sys.executable, "-m", "dnabert_s_cli", "embed", str(reads), "--model", arguments.model]
        started = time.perf_counter()
        subprocess.run([*command, "--output", str(Path(folder) / "reads.npy"), "--quiet"], check=True)
        seconds = time.perf_counter() - started
    mbp = arguments.reads * arguments.length / 1e6
    result = {
        "benchmark": "embed_reads",
        "model": arguments.model,
        "n_reads": arguments.reads,
        "length_bp": arguments.length,
        "seconds": round(seconds, 1),
        "mbp_per_s": round(mbp / seconds, 1),
        **machine_facts(),
        "peak_memory_mb": round(peak_memory_mb(resource.RUSAGE_CHILDREN)),
    }
    print(f"{mbp:.0f} Mbp in {seconds:.1f} s, {result['mbp_per_s']} Mbp/s, {result['peak_memory_mb']} MB at most")
    print(json.dumps(result))


def write_reads(path: Path, n_reads: int, *, length_bp: int) -> None:
    """FASTA of random reads."""
    generator = np.random.default_rng(0)
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with path.open("wb") as file:
        for first in range(0, n_reads, _BATCH):
            batch = letters[generator.integers(0, 4, (min(_BATCH, n_reads - first), length_bp))]
            file.writelines(b">r%d\n%s\n" % (first + row, read.tobytes()) for row, read in enumerate(batch))


if __name__ == "__main__":
    main()
