"""Rates of the k-mer encoder against sequence length, in Mbp/s.

Random DNA of one length at a time: counting canonical k-mers alone; counts, profiles and a network of the given widths
(random weights) through `KmerEncoder`; and the `dnabert-s embed` command from a FASTA file to .npy, also without its
start-up, which is what one short record takes. The best of some runs each, on all usable cores. The last line is one
JSON object.

    python benchmarks/kmer_rate.py [--kmers 6] [--mbp 200] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from machine import machine_facts

from dnabert_s_cli.encoders.devices import use_threads
from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.folder import open_kmer_folder, save_kmer_model
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from dnabert_s_cli.encoders.kmer.profile import profile_counts

LENGTHS_BP = (150, 1_000, 5_000, 20_000, 100_000)
_CHUNK_BP = 4_000_000  # what the command embeds at a time
_CHUNK_RECORDS = 8_192
_SHORT_READ_SHARE = 8  # reads get an eighth of the bases: they take that much longer


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kmers", default="6", help="comma-separated, such as 4,5,6")
    parser.add_argument("--mbp", type=int, default=200, help="bases in each FASTA file, in millions")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    config = KmerNetworkConfig(kmers=tuple(int(k) for k in arguments.kmers.split(",")))
    with tempfile.TemporaryDirectory() as folder:
        model = _save_random_model(Path(folder) / "model", config)
        command = [sys.executable, "-m", "dnabert_s_cli", "embed", "--quiet", "--force", "--model", str(model)]
        command += ["-o", str(Path(folder) / "emb.npy")]
        startup_s = _seconds(lambda: _run(command, _write_fasta(Path(folder), 1, length_bp=1000)), arguments.runs)
        rates = {}
        for length_bp in LENGTHS_BP:
            n_records = arguments.mbp * 10**6 // length_bp // (_SHORT_READ_SHARE if length_bp <= 1000 else 1)
            fasta = _write_fasta(Path(folder), n_records, length_bp=length_bp)
            seconds_s = _seconds(lambda fasta=fasta: _run(command, fasta), arguments.runs)  # type: ignore[misc]  # bound now
            mbp = n_records * length_bp / 1e6
            rates[length_bp] = {
                **_rates_in_memory(model, length_bp, n_runs=arguments.runs),
                "command": round(mbp / seconds_s, 1),
                "command_after_startup": round(mbp / max(seconds_s - startup_s, 1e-9), 1),
            }
            print(
                f"{length_bp:7d} bp ",
                "  ".join(f"{way} {rate:.1f}" for way, rate in rates[length_bp].items()),
                flush=True,
            )
    facts = {"kmers": arguments.kmers, "n_inputs": config.n_inputs, "hidden": config.hidden, "dim": config.dim}
    result = {"benchmark": "kmer_rate", "unit": "Mbp/s", **facts, "rates": rates}
    print(json.dumps({**result, "startup_s": round(startup_s, 2), **machine_facts()}))


def _save_random_model(folder: Path, config: KmerNetworkConfig) -> Path:
    """A network with random weights, where the command can open it."""
    network = KmerNetwork(config)
    init_weights(network, torch.Generator().manual_seed(0))
    save_kmer_model(folder, network)
    return folder


def _rates_in_memory(model: Path, length_bp: int, *, n_runs: int) -> dict[str, float]:
    """Mbp/s of counting and of the whole encoder, on as much as the command embeds at a time."""
    threads = use_threads(0)
    encoder = open_kmer_folder(model, name="random", threads=threads)
    sequences = _random_dna(min(_CHUNK_BP // length_bp, _CHUNK_RECORDS), length_bp)
    mbp = len(sequences) * length_bp / 1e6
    config = encoder.network.config
    return {
        "counting": round(mbp / _seconds(lambda: profile_counts(sequences, config, threads=threads), n_runs), 1),
        "encoder": round(mbp / _seconds(lambda: encoder.embed(sequences), n_runs), 1),
    }


def _seconds(work: Callable[[], object], n_runs: int) -> float:
    """The least time of some runs: what other programs take comes on top of it."""
    taken = []
    for _ in range(n_runs):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _run(command: Sequence[str], fasta: Path) -> None:
    subprocess.run([*command, str(fasta)], check=True, cwd=Path(__file__).resolve().parents[1])


def _write_fasta(folder: Path, n_records: int, *, length_bp: int) -> Path:
    """A FASTA file with one line per sequence."""
    path = folder / "sequences.fa"
    with path.open("w", encoding="ascii") as file:
        written = 0
        while written < n_records:
            for dna in _random_dna(min(n_records - written, _CHUNK_BP // length_bp), length_bp, seed=written):
                file.write(f">r{written}\n{dna}\n")
                written += 1
    return path


def _random_dna(n_records: int, length_bp: int, *, seed: int = 0) -> list[str]:
    letters = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(seed).integers(0, 4, (n_records, length_bp))]
    return [row.tobytes().decode() for row in letters]


if __name__ == "__main__":
    main()
