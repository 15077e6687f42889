"""Kill each command that writes at random moments, repeat it with --resume, and compare what it leaves.

Each command first runs unbroken; then it is started again and again with another output, killed by SIGKILL after a
random time, and at last left to its end. The files must be those of the unbroken run, to the byte but for dates and
timings; nothing else may be left; and the exit code must be 0.

    python -m tests.kills --kills 60 --seed 1      # prints a line for each command
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.kill_inputs import commands, write_inputs
from tests.locations import PROJECT

_VARYING = (
    "started_utc",
    "timings_s",
    "peak_memory_bytes",
    "argv",
    "request",
    "outputs",
    "outcome",
    "settings",
    "platform",
)
_PROGRAM = (sys.executable, "-m", "dnabert_s_cli")
_LONGEST_S = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one command: kills that hit it, runs, and what is wrong in the end."""

    name: str
    n_kills: int
    n_runs: int
    problems: tuple[str, ...]


def main() -> None:
    """Kill, compare, and exit with 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=60, help="over all commands")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--commands", default="", help="only these, as in: embed,bin")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = kill_all(Path(folder), arguments.kills, seed=arguments.seed, only=arguments.commands)
    for one in found:
        state = "; ".join(one.problems) or "the same files, no others, exit code 0"
        sys.stdout.write(f"{one.name}: {one.n_kills} kills in {one.n_runs} runs: {state}\n")
    n_kills, n_wrong = sum(one.n_kills for one in found), sum(bool(one.problems) for one in found)
    sys.stdout.write(f"{n_kills} kills, {n_wrong} commands with problems\n")
    sys.exit(any(one.problems for one in found))


def kill_all(folder: Path, n_kills: int, *, seed: int, only: str = "") -> list[Outcome]:
    """Kill every command, or those named in `only`, about `n_kills` times in all."""
    write_inputs(folder / "in")
    names = [name for name in commands(folder / "in", folder) if not only or name in only.split(",")]
    rng = random.Random(seed)
    each = -(-n_kills // len(names))
    return [kill_one(folder, name, each, rng=rng) for name in names]


def kill_one(folder: Path, name: str, n_kills: int, *, rng: random.Random) -> Outcome:
    """Kill one command so often, then let it end."""
    whole, broken = folder / name / "whole", folder / name / "broken"
    for place in (whole, broken):
        place.mkdir(parents=True)
    started = time.monotonic()
    _run(commands(folder / "in", whole)[name], timeout_s=_LONGEST_S)
    unbroken_s = time.monotonic() - started
    n_hit = n_runs = 0
    while n_hit < n_kills and n_runs < 3 * n_kills:
        n_runs += 1
        # the first half of a run is imports: most kills belong behind it
        after_s = unbroken_s * (rng.random() if n_runs % 4 == 0 else 0.4 + 0.65 * rng.random())
        n_hit += _run(commands(folder / "in", broken)[name], timeout_s=after_s, resume=True) is None
    code = _run(commands(folder / "in", broken)[name], timeout_s=_LONGEST_S, resume=True)
    problems = [] if code == 0 else [f"exit code {code}"]
    wanted, found = _content(whole), _content(broken)
    problems += [f"{path} is missing" for path in wanted.keys() - found.keys()]
    problems += [f"{path} is left over" for path in found.keys() - wanted.keys()]
    problems += [f"{path} differs" for path in wanted.keys() & found.keys() if wanted[path] != found[path]]
    return Outcome(name, n_hit, n_runs + 1, tuple(problems))


def _run(words: Sequence[object], *, timeout_s: float, resume: bool = False) -> int | None:
    """Exit code of a command; None if it was killed first."""
    more = ["--resume"] if resume else []
    command = [*_PROGRAM, *map(str, words), *more]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            return process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None


def _content(folder: Path) -> dict[str, str]:
    """Digest of each file, without what differs from run to run."""
    return {str(path.relative_to(folder)): _digest(path) for path in folder.rglob("*") if path.is_file()}


def _digest(path: Path) -> str:
    content = path.read_bytes()
    if path.name.endswith("run.json"):
        run = {key: value for key, value in json.loads(content).items() if key not in _VARYING}
        content = json.dumps(run, sort_keys=True).encode()
    if path.name in ("log.csv", "training_state.json", "README.md"):
        content = b""  # seconds, and the command line
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    main()
