"""What the whole of `bin` takes on very large assemblies, stage by stage: seconds, processor time and memory.

Mutated real DNA (`mutated_genomes`) -> contigs of 2 kb and more, and depths in several samples -> the command as a
user calls it, watched from outside -> for each stage that it names seconds, processor seconds and peak memory; bins,
and genomes found. One line a size; all of it as JSON with `--json`.

    python benchmarks/bin_million.py --clades markers.fasta --genomes genomes/ --contigs 10000 100000 1000000

A size whose folder under `--work` is there already is not simulated anew, and nothing there is deleted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from os import sysconf
from pathlib import Path

import numpy as np
from machine import machine_facts
from mutated_genomes import Assembly, read_sources, simulate

_PER_GENOME = 200  # contigs
_WATCH_EVERY_S = 0.25
_OUTPUT = "bins"
_GOOD = ((0.9, 0.95), (0.5, 0.9))  # completeness and purity from which a genome counts as found
# beginnings of what the command says when a stage begins, and what the stage is called here
_STAGES = {
    "embedding halves": "halves",
    "embedding": "embedding",
    "finding marker": "marker genes",
    "exact neighbours": "neighbours",
    "approximate neighbours": "neighbours",
    "communities": "communities",
    "naming": "naming and writing",
    "drawing": "map and report",
}


@dataclass(slots=True)
class Stage:
    """One stage of the command: seconds and processor seconds so far, or in all; peak of its resident memory."""

    name: str
    seconds: float
    cpu_seconds: float
    peak_mb: float = 0.0


class Watch:
    """A process from outside: when stages begin, and how much memory each takes."""

    def __init__(self, pid: int) -> None:
        self.stages: list[Stage] = []
        self._status, self._stat = Path(f"/proc/{pid}/status"), Path(f"/proc/{pid}/stat")
        self._started, self._last_cpu = time.monotonic(), 0.0
        self._lock = threading.Lock()
        self.begin("reading and depth")

    def begin(self, name: str) -> None:
        """A stage begins, and the one before it ends; a stage that is named again goes on."""
        now, cpu = time.monotonic() - self._started, self._cpu_seconds()
        with self._lock:
            if self.stages and self.stages[-1].name == name:
                return
            self._end(now, cpu)
            self.stages.append(Stage(name, now, cpu))

    def finish(self) -> None:
        """The process has ended."""
        with self._lock:
            self._end(time.monotonic() - self._started, self._last_cpu)

    def look(self) -> None:
        """Note memory and processor time once more."""
        self._cpu_seconds()
        resident_mb = self._resident_mb()
        with self._lock:
            self.stages[-1].peak_mb = max(self.stages[-1].peak_mb, resident_mb)

    def _end(self, now: float, cpu: float) -> None:
        if self.stages:
            last = self.stages[-1]
            last.seconds, last.cpu_seconds = round(now - last.seconds, 1), round(cpu - last.cpu_seconds, 1)
            last.peak_mb = round(last.peak_mb)

    def _cpu_seconds(self) -> float:
        try:
            fields = self._stat.read_text().rpartition(")")[2].split()
        except OSError:
            return self._last_cpu
        self._last_cpu = (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")
        return self._last_cpu

    def _resident_mb(self) -> float:
        try:
            lines = self._status.read_text().splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS")), 0.0)


def run_watched(command: list[str], log: Path) -> list[Stage]:
    """Run a command, its stages told by what it says on standard error, which also goes to `log`."""
    with log.open("w", encoding="utf-8") as lines, subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        watch = Watch(run.pid)
        looking = threading.Thread(target=_look, args=(watch, run.poll))
        looking.start()
        assert run.stderr is not None, "it is a pipe"
        for line in run.stderr:
            lines.write(line)
            lines.flush()
            said = line.split(" INFO ", 1)[-1]
            name = next((name for start, name in _STAGES.items() if said.startswith(start)), None)
            if name is not None:
                watch.begin(name)
        run.wait()
        looking.join()
    watch.finish()
    if run.returncode:
        sys.exit(f"bin failed, see {log}")
    return watch.stages


def _look(watch: Watch, ended: Callable[[], int | None]) -> None:
    while ended() is None:
        watch.look()
        time.sleep(_WATCH_EVERY_S)


def genomes_found(assembly: Assembly, folder: Path) -> dict[str, object]:
    """Bins, and genomes of which a bin holds enough and little else, by contigs (all are about as long)."""
    genome_of = dict(line.split() for line in assembly.gold.read_text().splitlines())
    bin_of = dict(line.split() for line in (folder / "contig2bin.tsv").read_text().splitlines())
    genomes, of_genome = np.unique(list(genome_of.values()), return_inverse=True)
    bins, of_bin = np.unique([bin_of.get(name, "") for name in genome_of], return_inverse=True)
    cells, counts = np.unique(of_genome.astype(np.int64) * len(bins) + of_bin, return_counts=True)
    rows, columns = np.divmod(cells, len(bins))
    recall, purity = counts / np.bincount(of_genome)[rows], counts / np.bincount(of_bin)[columns]
    named = bins[columns] != ""
    found = {
        f"genomes_{100 * complete:.0f}_{100 * pure:.0f}": len(
            np.unique(rows[named & (recall >= complete) & (purity >= pure)])
        )
        for complete, pure in _GOOD
    }
    return {"bins": len(set(bin_of.values())), "binned_contigs": len(bin_of), "genomes": len(genomes), **found}


def measure(arguments: argparse.Namespace, n_contigs: int, work: Path) -> dict[str, object]:
    """Simulate, if need be, and bin one size."""
    folder = work / f"contigs_{n_contigs}"
    assembly = assembly_in(folder) if folder.is_dir() else None
    if assembly is None:
        folder.mkdir(parents=True)
        sources = read_sources(arguments.clades, arguments.genomes)
        n_genomes, n_samples = max(n_contigs // _PER_GENOME, 1), arguments.samples
        assembly = simulate(
            folder, sources, n_contigs=n_contigs, n_genomes=n_genomes, n_samples=n_samples, seed=arguments.seed
        )
        del sources
    output = folder / (_OUTPUT + ("_markers" if arguments.markers else ""))
    command = [sys.executable, "-m", "dnabert_s_cli", "bin", str(assembly.contigs), "-o", str(output), "--force"]
    command += ["--depth", str(assembly.depth), "-m", "2000", "--threads", str(arguments.threads)]
    command += [] if arguments.markers else ["--no-markers"]
    stages = run_watched(command, folder / f"{output.name}.log")
    return {
        "contigs": n_contigs,
        "bp": assembly.total_bp,
        "markers": arguments.markers,
        "threads": arguments.threads,
        "samples": arguments.samples,
        "seconds": round(sum(stage.seconds for stage in stages), 1),
        "cpu_seconds": round(sum(stage.cpu_seconds for stage in stages), 1),
        "peak_mb": max(stage.peak_mb for stage in stages),
        "stages": [asdict(stage) for stage in stages],
        "report_mb": round((output / "report.html").stat().st_size / 1e6, 1),
        **genomes_found(assembly, output),
    }


def assembly_in(folder: Path) -> Assembly:
    """One that an earlier run has simulated."""
    total_bp = sum(int(line.split("\t", 2)[1]) for line in (folder / "depth.tsv").read_text().splitlines()[1:])
    return Assembly(folder / "contigs.fa", folder / "depth.tsv", folder / "gold.tsv", total_bp)


def parse_arguments() -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clades", type=Path, help="FASTA of genes, named GENOME:PLACE, as MetaPhlAn's markers are")
    parser.add_argument("--genomes", type=Path, help="folder of genomes, one *.fa.gz each")
    parser.add_argument("--contigs", type=int, nargs="+", default=[10_000, 30_000, 100_000, 300_000, 1_000_000])
    parser.add_argument("--samples", type=int, default=10)
    parser.add_argument("--markers", action="store_true", help="with single-copy genes")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, help="folder for assemblies and bins; they are kept")
    parser.add_argument("--json", type=Path, help="file for the results")
    return parser.parse_args()


def main() -> None:
    """Measure every size, print and write."""
    arguments = parse_arguments()
    runs = []
    with tempfile.TemporaryDirectory() as temporary:
        for n_contigs in arguments.contigs:
            runs.append(measure(arguments, n_contigs, arguments.work or Path(temporary)))
            print(json.dumps(runs[-1]), flush=True)
            if arguments.json is not None:
                facts = machine_facts("scipy", "faiss-cpu", "scikit-network")
                content = {"benchmark": "bin_million", **facts, "runs": runs}
                arguments.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
