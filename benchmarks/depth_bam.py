"""Rate of `dnabert-s depth` on BAM files compared with jgi_summarize_bam_contig_depths, and how far the two agree.

Reads of 150 bp are simulated with mismatches, insertions, deletions, clips, duplicates and secondary records, on
contigs of 1.5 to 300 kb, and written as sorted BAM files. Both programs run as processes of their own on one core and
on all; where jgi_summarize_bam_contig_depths is not installed, only ours is measured. The last line is one JSON object.

    python benchmarks/depth_bam.py [--reads 600000] [--files 2] [--repeats 3]
    python benchmarks/depth_bam.py --bam a.bam b.bam c.bam     # files that are there, instead of simulated ones
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pysam
from machine import machine_facts

from dnabert_s_cli.io.depth import read_depth_table

PEER = "jgi_summarize_bam_contig_depths"
READ_BP = 150
LEAST_BP, MOST_BP = 1_500, 300_000
CIGARS = ("150M", "150M", "150M", "70M2D80M", "60M1I89M", "30S120M", "140M10S", "75M75S")
GAPS = (0, 0, 0, 2, 1, 0, 0, 0)
FLAGS = (99, 147, 83, 163, 0x400, 0x100, 0x800)
FLAG_SHARES = (0.235, 0.235, 0.235, 0.235, 0.02, 0.02, 0.02)


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reads", type=int, default=600_000, help="in each file")
    parser.add_argument("--files", type=int, default=2)
    parser.add_argument("--megabases", type=float, default=20.0, help="of all contigs")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, os.cpu_count() or 1}))
    parser.add_argument("--bam", type=Path, nargs="+", help="sorted BAM files, instead of simulated ones")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = options.bam or simulated_files(folder, options)
        report: dict[str, object] = {
            "benchmark": "depth_bam",
            "are_simulated": options.bam is None,
            "n_files": len(paths),
            "n_reads": sum(map(n_records, paths)),
            "megabytes": round(sum(path.stat().st_size for path in paths) / 1e6, 1),
            "n_contigs": n_contigs(paths[0]),
            "seconds": seconds_of_all(paths, folder, threads=options.threads, n_repeats=options.repeats),
        }
        if shutil.which(PEER):
            report["agreement"] = agreement(folder)
    print(json.dumps({**report, **machine_facts("pysam")}))


def simulated_files(folder: Path, options: argparse.Namespace) -> list[Path]:
    """BAM files of simulated reads, one for each sample."""
    lengths_bp = contig_lengths(int(options.megabases * 1e6))
    paths = [folder / f"sample{number}.bam" for number in range(options.files)]
    for seed, path in enumerate(paths):
        write_bam(path, lengths_bp, n_reads=options.reads, seed=seed)
    return paths


def n_records(path: Path) -> int:
    """Records of a BAM file, unmapped ones included."""
    return int(str(pysam.view("-c", str(path))))


def n_contigs(path: Path) -> int:
    """Contigs in the header of a BAM file."""
    with pysam.AlignmentFile(str(path), "rb") as file:
        return int(file.nreferences)


def contig_lengths(total_bp: int) -> list[int]:
    """Lengths spread evenly over the orders of magnitude, about `total_bp` together."""
    generator = np.random.default_rng(0)
    lengths: list[int] = []
    while sum(lengths) < total_bp:
        lengths.append(int(np.exp(generator.uniform(np.log(LEAST_BP), np.log(MOST_BP)))))
    return lengths


def write_bam(path: Path, lengths_bp: Sequence[int], *, n_reads: int, seed: int) -> None:
    """Sorted reads at random places of contigs, each contig with a depth of its own."""
    generator = np.random.default_rng(seed)
    weights = np.array(lengths_bp) * generator.lognormal(sigma=1.0, size=len(lengths_bp))
    contigs = np.sort(generator.choice(len(lengths_bp), n_reads, p=weights / weights.sum()))
    room = np.array(lengths_bp)[contigs] - READ_BP - max(GAPS)
    starts = (generator.random(n_reads) * room).astype(np.int64)
    starts = starts[np.lexsort((starts, contigs))]
    kinds = generator.integers(len(CIGARS), size=n_reads)
    edits = generator.poisson(2.0, n_reads) + np.array(GAPS)[kinds]
    flags = generator.choice(FLAGS, n_reads, p=FLAG_SHARES)
    header = pysam.AlignmentHeader.from_references([f"contig_{n}" for n in range(len(lengths_bp))], list(lengths_bp))
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)
    with pysam.AlignmentFile(str(path), "wb", header=header) as file:
        for row in range(n_reads):
            read = pysam.AlignedSegment(header)
            read.query_name = f"simulated:{seed}:{row}"
            read.flag, read.reference_id, read.reference_start = int(flags[row]), int(contigs[row]), int(starts[row])
            read.mapping_quality, read.cigarstring = 60, CIGARS[kinds[row]]
            read.query_sequence = letters[generator.integers(0, 4, READ_BP)].tobytes().decode()
            read.query_qualities_str = "F" * 100 + ":" * 30 + "," * 20
            read.set_tags([("NM", int(edits[row])), ("MD", "150"), ("AS", 140), ("XS", 20)])
            file.write(read)


def seconds_of_all(
    paths: Sequence[Path], folder: Path, *, threads: Sequence[int], n_repeats: int
) -> dict[str, dict[str, float]]:
    """Median seconds of each program from start to end, by number of threads, and those of the processor."""
    names = [str(path) for path in paths]
    ours = [sys.executable, "-m", "dnabert_s_cli", "depth", *names, "--quiet", "--force"]
    commands = {f"dnabert-s, {n} threads": [*ours, "-o", str(folder / "ours.tsv"), "-t", str(n)] for n in threads}
    environments = {name: dict(os.environ) for name in commands}
    if shutil.which(PEER):
        for n in threads:
            commands[f"jgi, {n} threads"] = [PEER, "--outputDepth", str(folder / "jgi.tsv"), *names]
            environments[f"jgi, {n} threads"] = {**os.environ, "OMP_NUM_THREADS": str(n)}
    return {name: _median(commands[name], environments[name], n_repeats=n_repeats) for name in commands}


def _median(command: Sequence[str], environment: dict[str, str], *, n_repeats: int) -> dict[str, float]:
    elapsed, processor = [], []
    for _ in range(n_repeats):
        started, before = time.perf_counter(), _processor_seconds()
        subprocess.run(command, check=True, capture_output=True, env=environment)
        elapsed.append(time.perf_counter() - started)
        processor.append(_processor_seconds() - before)
    print(f"{command[0]} {command[-1]}: {[round(one, 2) for one in elapsed]} s", flush=True)
    return {"elapsed": round(statistics.median(elapsed), 2), "processor": round(statistics.median(processor), 2)}


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def agreement(folder: Path) -> dict[str, float]:
    """Largest differences between the two tables, over that of theirs or, where it is small, over one."""
    ours, theirs = read_depth_table(folder / "ours.tsv"), read_depth_table(folder / "jgi.tsv")
    assert ours.names == theirs.names
    assert ours.samples == theirs.samples
    assert ours.variance is not None
    assert theirs.variance is not None
    return {
        "mean": float(np.max(np.abs(ours.mean - theirs.mean) / np.maximum(theirs.mean, 1))),
        "variance": float(np.max(np.abs(ours.variance - theirs.variance) / np.maximum(theirs.variance, 1))),
    }


if __name__ == "__main__":
    main()
