"""What each command costs before it does anything: processor time and memory of `--help` and of a minimal run.

Each command line runs in a process of its own on one thread; the least processor time of some runs counts, so that
other work on the machine matters little. Minimal runs have some twenty short sequences, or the small BAM files of the
tests; what they take is imports, the built-in model, and writing. Last, `bin` on examples/contigs.fa.gz. The last line
is one JSON object. With --write, the table of docs/commands/index.md is made from benchmarks/results/startup.json.

    python benchmarks/startup.py [--runs 3]
    python benchmarks/startup.py --write
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
BAM = HOME / "tests" / "data" / "bam"
EXAMPLE = HOME / "examples" / "contigs.fa.gz"
PAGE = HOME / "docs" / "commands" / "index.md"
RESULT = HOME / "benchmarks" / "results" / "startup.json"
BEGIN = "<!-- made by benchmarks/startup.py: begin -->"
END = "<!-- made by benchmarks/startup.py: end -->"
NETWORK = HOME / "examples" / "kmer_network.json"
HELP = (
    "",
    "bin",
    "depth",
    "catalogue",
    "classify",
    "embed",
    "merge",
    "cluster",
    "pairs",
    "train",
    "evaluate",
    "doctor",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="measure nothing: refresh the table in docs/commands/")
    options = parser.parse_args()
    if options.write:
        before, after = (PAGE.read_text(encoding="utf-8").split(mark)[side] for mark, side in ((BEGIN, 0), (END, 1)))
        PAGE.write_text(f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}", encoding="utf-8")
    else:
        print(json.dumps(measured(options.runs)))


def table() -> str:
    """Processor time and memory of each command, in Markdown."""
    result: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    helps, minimal, example = result["help"], result["minimal"], result["bin_example"]
    rows = [("`dnabert-s --help`", helps["dnabert-s"])]
    slowest = max((one for name, one in helps.items() if name != "dnabert-s"), key=lambda one: one["cpu_ms"])
    rows.append(("`dnabert-s COMMAND --help`, the slowest of them", slowest))
    rows += [(f"`{name}`, a small input", one) for name, one in minimal.items()]
    rows.append(("`bin examples/contigs.fa.gz`, 9 Mbp, one thread", example))
    lines = [f"| {name} | {one['cpu_ms'] / 1000:.1f} s | {one['peak_mb']} MB |" for name, one in rows]
    machine = f"{result['cpu']}, {result['date']}, Python {result['python']}"
    head = ["| Run | Processor time | Memory |", "| --- | --- | --- |"]
    return "\n".join([f"Measured by `benchmarks/startup.py` on {machine}:", "", *head, *lines])


def measured(runs: int) -> dict[str, object]:
    """What all runs take, and on what machine."""
    from machine import machine_facts  # beside this program; the tests import it from elsewhere

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        helps = {command or "dnabert-s": least(folder, [*command.split(), "--help"], runs) for command in HELP}
        minimal = {
            command: least(folder, [*command.split(), *words], runs) for command, words in minimal_runs(folder).items()
        }
        example = least(folder, ["bin", EXAMPLE, "-t", "1"], 1)
    result = {"benchmark": "startup", "runs": runs, "help": helps, "minimal": minimal, "bin_example": example}
    return {**result, **machine_facts()}


def write_inputs(folder: Path) -> None:
    """Two species of ten sequences, two genomes, pairs, labels and a part of a table."""
    draw = random.Random(0)
    records = [(f"r{n}", "".join(draw.choices("ACGT" if n % 2 else "AACCGT", k=2000))) for n in range(20)]
    (folder / "reads.fa").write_text("".join(f">{name}\n{sequence}\n" for name, sequence in records))
    (folder / "labels.tsv").write_text("".join(f"{name}\tspecies{n % 2}\n" for n, (name, _) in enumerate(records)))
    (folder / "genomes").mkdir()
    for n in range(2):
        genome = "".join(draw.choices("ACGT", k=20_000))
        (folder / "genomes" / f"g{n}.fa").write_text(f">g{n} Genus species{n}\n{genome}\n")
    rows = (
        f"{first},{second},{n}\n" for n, ((_, first), (_, second)) in enumerate(zip(records, records[2:], strict=False))
    )
    (folder / "pairs.csv").write_text("".join(rows))
    run(folder, ["embed", "reads.fa", "--shard", "0/1"], folder / "shard.npy")


def minimal_runs(folder: Path) -> dict[str, list[object]]:
    """The words of a small run of each command, but for its output."""
    return {
        "bin": [BAM / "contigs.fa", "-m", "500"],
        "depth": [BAM / "sample1.bam"],
        "catalogue": [f"A={folder / 'reads.fa'}"],
        "classify": ["reads.fa"],
        "embed": ["reads.fa"],
        "merge": ["shard.npy"],
        "cluster": ["reads.fa"],
        "pairs": ["genomes", "--length", "500"],
        "train": ["--train", "pairs.csv", "--init", NETWORK, "--max-steps", "1", "--batch", "4"],
        "evaluate clustering": ["reads.fa", "--labels", "labels.tsv", "--models", "kmer-s"],
        "simulate clustering": ["genomes", "--fragments", "5", "--length", "500"],
        "models info": [],
        "doctor": [],
    }


def least(folder: Path, words: list[object], n_runs: int) -> dict[str, float]:
    """The least processor time, and the peak memory, of some runs of a command line."""
    has_output = "--help" not in words and str(words[0]) not in ("models", "doctor")
    suffix = {"embed": ".npy", "merge": ".npy", "pairs": ".csv", "catalogue": ".fa"}.get(str(words[0]), ".out")
    found = []
    for number in range(n_runs):
        output = folder / f"{'_'.join(map(str, words[:2])).replace('/', '-')}{number}{suffix}" if has_output else None
        found.append(run(folder, words, output))
    best: dict[str, float] = {
        "cpu_ms": round(1000 * min(seconds for seconds, _ in found)),
        "peak_mb": round(max(mb for _, mb in found)),
    }
    print(" ".join(map(str, words)), best, file=sys.stderr)
    return best


def run(folder: Path, words: list[object], output: Path | None) -> tuple[float, float]:
    """Processor seconds and peak memory, in MB, of one run."""
    program = [sys.executable, "-m", "dnabert_s_cli", *map(str, words), *(("-o", str(output)) if output else ())]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(HOME)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(program, cwd=folder, env=environment, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit((folder / "log").read_text())
    peak = usage.ru_maxrss if sys.platform == "darwin" else usage.ru_maxrss * 1024
    return usage.ru_utime + usage.ru_stime, peak / 1e6


if __name__ == "__main__":
    main()
