"""How well `dnabert-s bin` bins an assembly whose truth is known, and what it takes, compared with MetaBAT2.

Each setting is one process of the command line, whose seconds, processor seconds and peak memory are its own; its
bins are scored against the gold standard: genomes at >= 90 % completeness and >= 95 % purity, at >= 50 % and >= 90 %,
and the mean F1 over genomes. With a jgi depth table: without depth, with its first sample, and with all. MetaBAT2 runs
where `metabat2` is on the path, right after ours of the same depth. Prints one JSON object as the last line.

    python benchmarks/bin_assembly.py CONTIGS GOLD [--model kmer-s] [--depth TABLE]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import machine_facts

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.scores.metrics import BinningScores, score_bins
from dnabert_s_cli.io.files import open_input
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences.reading import read_sequences

_PAPER_METHODS = ("kmedoid", "hdbscan")  # they have no use for depth
_MIN_CONTIG_BP = 1_500
_JGI_BEFORE, _JGI_PER_SAMPLE = 3, 2  # columns


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: a name, the command up to where its output goes, and whether it is MetaBAT2's."""

    name: str
    command: tuple[str, ...]
    is_metabat: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process took."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


def main() -> None:
    """Run, score, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contigs", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--model", default="kmer-s")
    parser.add_argument("--depth", type=Path, help="jgi table of one sample or more")
    arguments = parser.parse_args()
    lengths_bp = {record.id: len(record.sequence) for record in read_sequences([arguments.contigs])}
    gold = read_labels(arguments.gold)
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for setting in settings(arguments, Path(folder)):
            output = Path(folder) / "out"
            taken = run([*setting.command, "bin/bin" if setting.is_metabat else str(output)], cwd=Path(folder))
            bins = metabat_bins(Path(folder) / "bin") if setting.is_metabat else own_bins(output / "contig2bin.tsv")
            rows[setting.name] = row(score(bins, gold, lengths_bp), taken)
            print(setting.name, rows[setting.name], flush=True)
            shutil.rmtree(Path(folder) / "bin" if setting.is_metabat else output)
    result = {
        "benchmark": "bin_assembly",
        "model": arguments.model,
        "n_genomes": len(set(gold.values())),
        "n_contigs": len(lengths_bp),
        "rows": rows,
        **machine_facts("hdbscan", "scikit-learn", "scikit-network", "faiss-cpu"),
    }
    print(json.dumps(result))


def settings(arguments: argparse.Namespace, folder: Path) -> list[Setting]:
    """All rows; tables of depth of fewer samples are written into the folder."""
    contigs = str(arguments.contigs.absolute())
    own = (sys.executable, "-m", "dnabert_s_cli", "bin", contigs, "--model", arguments.model, "--quiet")
    found = [
        Setting(f"{method}, no depth, no markers", (*own, "--no-markers", "--method", method, "--output"))
        for method in _PAPER_METHODS
    ]
    metabat = shutil.which("metabat2")
    for name, table in depth_tables(arguments.depth, folder).items():
        depth = () if table is None else ("--depth", str(table))
        found.append(Setting(f"louvain, {name}, no markers", (*own, *depth, "--no-markers", "--output")))
        if metabat is not None:
            sizes = ("-m", str(_MIN_CONTIG_BP), "-s", str(defaults.MIN_BIN_BP), "--seed", "1")
            depth = () if table is None else ("-a", str(table))
            found.append(Setting(f"MetaBAT2, {name}", (metabat, "-i", contigs, *depth, *sizes, "-o"), is_metabat=True))
        depth = () if table is None else ("--depth", str(table))
        found.append(Setting(f"louvain, {name}, markers", (*own, *depth, "--output")))
    return found


def depth_tables(table: Path | None, folder: Path) -> dict[str, Path | None]:
    """No table; one of the first sample; one of all, if there are more: plain text, as MetaBAT2 wants it."""
    tables: dict[str, Path | None] = {"no depth": None}
    if table is None:
        return tables
    with open_input(table) as file:
        lines = [line.decode().rstrip("\n").split("\t") for line in file]
    n_samples = (len(lines[0]) - _JGI_BEFORE) // _JGI_PER_SAMPLE
    for name, n_kept in {"1 sample": 1, f"{n_samples} samples": n_samples}.items():
        n_columns = _JGI_BEFORE + _JGI_PER_SAMPLE * n_kept
        path = folder / f"depth_{n_kept}.tsv"
        path.write_text("".join("\t".join(line[:n_columns]) + "\n" for line in lines))
        tables[name] = path
    return tables


def run(command: list[str], *, cwd: Path) -> Taken:
    """Run to the end, start-up included."""
    paths = [str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    peak = usage.ru_maxrss / 1e6 if sys.platform == "darwin" else usage.ru_maxrss * 1024 / 1e6
    return Taken(seconds, usage.ru_utime + usage.ru_stime, peak)


def own_bins(contig2bin: Path) -> dict[str, int]:
    """Number of the bin of each binned contig."""
    return {name: int(label.removeprefix("bin.")) for name, label in read_labels(contig2bin).items()}


def metabat_bins(folder: Path) -> dict[str, int]:
    """The same of MetaBAT2's FASTA files."""
    paths = sorted(folder.glob("bin.*.fa"))
    return {record.id: number for number, path in enumerate(paths, start=1) for record in read_sequences([path])}


def row(scores: BinningScores, taken: Taken) -> dict[str, float]:
    """What one setting reached and took."""
    return {
        "complete_90_pure_95": scores.n_recovered(min_completeness=0.90, min_purity=0.95),
        "complete_50_pure_90": scores.n_recovered(min_completeness=0.50, min_purity=0.90),
        "mean_f1": round(scores.mean_f1, 3),
        "n_bins": len(scores.bins),
        "seconds": round(taken.seconds, 1),
        "cpu_seconds": round(taken.cpu_seconds, 1),
        "peak_mb": round(taken.peak_mb),
    }


def score(bins: dict[str, int], gold: dict[str, str], lengths_bp: dict[str, int]) -> BinningScores:
    """Scores over all contigs of the gold standard, those too short to be binned included."""
    names = [name for name in gold if name in lengths_bp]
    return score_bins(
        [gold[name] for name in names],
        [bins.get(name, 0) for name in names],
        lengths_bp=np.array([lengths_bp[name] for name in names]),
    )


if __name__ == "__main__":
    main()
