"""Damage every format in every way, and count what comes of it: `make fuzz`.

    python -m tests.fuzz [--drawn N] [--only NAME]

Prints a line for each reader and kind of damage, bad cases, and peak memory; ends with 1 if there was a bad case.
"""

from __future__ import annotations

import argparse
import json
import logging
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.cases import GOOD, Tally, run_file_cases, run_folder_cases
from tests.fuzz.folders import make_folder_seeds
from tests.fuzz.seeds import make_seeds

OUTCOMES = ("read", "refused", "lost", "traceback", "hang")


def main() -> int:
    """Run all cases; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Damage every format in every way.")
    parser.add_argument("--drawn", type=int, default=700, help="flips, and edits, of each file")
    parser.add_argument("--only", default="", help="readers whose name holds this")
    arguments = parser.parse_args()
    logging.getLogger("dnabert_s_cli").setLevel(logging.CRITICAL)
    tally, started = Tally(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="dnabert-s-fuzz-") as name:
        folder, scratch = Path(name), Path(name) / "scratch"
        scratch.mkdir()
        (folder / "own").mkdir()
        for seed in make_seeds(folder):
            if arguments.only in seed.name:
                run_file_cases(seed, scratch, n_cuts=None, n_drawn=arguments.drawn, tally=tally)
                _show(tally, seed.name)
        for held in make_folder_seeds(folder / "own"):
            if arguments.only in held.name:
                run_folder_cases(held, scratch, n_cuts=None, n_drawn=arguments.drawn // 10, tally=tally)
                _show(tally, held.name)
    for line in tally.bad:
        sys.stdout.write(line + "\n")
    totals = {outcome: tally.of(outcome) for outcome in OUTCOMES}
    peak_mb = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    facts = {"cases": sum(totals.values()), **totals, "peak_mb": peak_mb, "seconds": round(time.monotonic() - started)}
    sys.stdout.write(json.dumps(facts) + "\n")
    return 0 if all(not totals[outcome] for outcome in OUTCOMES if outcome not in GOOD) else 1


def _show(tally: Tally, name: str) -> None:
    """A line for each kind of damage of one reader."""
    kinds = list(dict.fromkeys(kind for reader, kind, _ in tally.counts if reader == name))
    for kind in kinds:
        counts = "  ".join(f"{outcome} {tally.counts[name, kind, outcome]:>6,}" for outcome in OUTCOMES)
        sys.stdout.write(f"{name:<16} {kind:<8} {counts}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
