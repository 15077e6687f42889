"""Rate and memory of `dnabert-s embed -` over a stream of contigs that is never on disk.

Random contigs are written to the standard input of the command line, which runs as a process of its own; its memory is
noted as the stream is read, and its processor time next to the time that passed, since other work may share the
machine. Without --model a k-mer network of the usual sizes with random weights is taken. Prints one JSON object as the
last line.

    python benchmarks/embed_stream.py [--gbp 1] [--length 10000] [--model tnf-c]
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
from typing import Any

import numpy as np
import torch
from machine import machine_facts, peak_memory_mb

from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.folder import save_kmer_model
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights

_POOL_BP = 1 << 24  # random bases, of which every contig is a piece
_NOTES = 10  # of memory, in the course of the stream


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gbp", type=float, default=1.0)
    parser.add_argument("--length", type=int, default=10_000, help="mean length of a contig, in bases")
    parser.add_argument("--model", help="any model; a k-mer network with random weights if absent")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = arguments.model or str(_save_random_model(Path(folder) / "random-k-mer-network"))
        result = measure(Path(folder) / "emb.npy", model, total_bp=int(arguments.gbp * 1e9), mean_bp=arguments.length)
    print(
        f"{result['gbp']} Gbp in {result['seconds']} s: {result['mbp_per_s']} Mbp/s, "
        f"{result['mbp_per_cpu_s']} Mbp per second of processor time; {result['memory_mb'][-1]} MB at most"
    )
    shown = arguments.model or "k-mer network, random weights"
    print(json.dumps({"benchmark": "embed_stream", "model": shown, **result, **machine_facts()}))


def measure(output: Path, model: str, *, total_bp: int, mean_bp: int) -> dict[str, Any]:
    """Run the command on a stream of that many bases."""
    command = [sys.executable, "-m", "dnabert_s_cli", "embed", "-", "--model", model, "-o", str(output), "--quiet"]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    n_records, memory_mb = write_contigs(process, total_bp, mean_bp=mean_bp)
    if process.wait():
        raise SystemExit(process.returncode)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime
    assert np.load(output, mmap_mode="r").shape[0] == n_records, "one row a contig"
    return {
        "gbp": round(total_bp / 1e9, 2),
        "n_records": n_records,
        "mean_length_bp": mean_bp,
        "seconds": round(seconds, 1),
        "cpu_seconds": round(cpu_s, 1),
        "mbp_per_s": round(total_bp / 1e6 / seconds, 1),
        "mbp_per_cpu_s": round(total_bp / 1e6 / cpu_s, 1),
        "memory_mb": [*memory_mb, round(peak_memory_mb(resource.RUSAGE_CHILDREN))],  # at each tenth, and the most
    }


def write_contigs(process: subprocess.Popen[bytes], total_bp: int, *, mean_bp: int) -> tuple[int, list[int]]:
    """Stream contigs of half to one and a half times the mean length; how many, and the reader's memory at times."""
    assert process.stdin is not None, "it reads from here"
    generator = np.random.default_rng(0)
    pool = np.frombuffer(b"ACGT", dtype=np.uint8)[generator.integers(0, 4, _POOL_BP)].tobytes()
    n_records = written_bp = 0
    memory_mb: list[int] = []
    while written_bp < total_bp:
        length_bp = min(int(generator.integers(mean_bp // 2, mean_bp * 3 // 2)), total_bp - written_bp)
        start = int(generator.integers(0, _POOL_BP - length_bp))
        process.stdin.write(b">c%d\n%b\n" % (n_records, pool[start : start + length_bp]))
        n_records += 1
        written_bp += length_bp
        if written_bp >= (len(memory_mb) + 1) * total_bp / _NOTES:
            memory_mb.append(_resident_mb(process.pid))
    process.stdin.close()
    return n_records, memory_mb


def _resident_mb(process_id: int) -> int:
    """Resident memory of a process now; 0 where /proc does not tell."""
    status = Path(f"/proc/{process_id}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1000 for line in lines if line.startswith("VmRSS:")), 0)


def _save_random_model(folder: Path) -> Path:
    """A k-mer network of the default sizes."""
    network = KmerNetwork(KmerNetworkConfig())
    init_weights(network, torch.Generator().manual_seed(0))
    save_kmer_model(folder, network)
    return folder


if __name__ == "__main__":
    main()
