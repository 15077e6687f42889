"""Cases of damage, run one by one in this process, and what came of each.

read      all records that the damaged file holds came back, or all of the whole one
refused   a `DnabertSError`
lost      fewer records than the file begins, or others than a file with check sums holds, without a word
traceback anything else that was raised
hang      no end within the time of the watchdog
"""

from __future__ import annotations

import faulthandler
import random
import shutil
import signal
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TypeVar

from dnabert_s_cli.errors import DnabertSError
from tests.fuzz.folders import FolderSeed, numbers_of
from tests.fuzz.mutations import Damage, content_edits, edits, flips, truncations
from tests.fuzz.seeds import Seed

_Case = TypeVar("_Case")
WATCHDOG_S = 20
_SMALL_BYTES = 8_000  # of larger files not every truncation is tried
_NO_CHECK_SUMS = ("npy", "parquet", "ids of npy", "run.json", "classifier")  # or words of which little depends
_HARD_S = 120  # for what hangs outside Python, where no signal is handled
GOOD = ("read", "refused")


class HangError(BaseException):
    """The watchdog has barked."""


@dataclass(slots=True)
class Tally:
    """Cases by reader, kind of damage and outcome, and the first bad ones."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)

    def add(self, name: str, kind: str, *, outcome: str, detail: str) -> None:
        """Count a case."""
        self.counts[name, kind, outcome] += 1
        if outcome not in GOOD and len(self.bad) < 200:
            self.bad.append(f"{outcome}: {name}, {kind}: {detail}")

    def of(self, outcome: str) -> int:
        """How many cases came out so."""
        return sum(count for (_, _, one), count in self.counts.items() if one == outcome)


def run_file_cases(seed: Seed, scratch: Path, *, n_cuts: int | None, n_drawn: int, tally: Tally) -> None:
    """Damage one file: `n_cuts` of its truncations (None: all), and so many flips, edits and edits of its content."""
    content = seed.path.read_bytes()
    wanted = seed.reader(seed.path)
    for path in (*seed.beside, seed.path):
        shutil.copy(path, scratch / path.name)
    target = scratch / seed.path.name
    draw = random.Random(seed.name)
    for kind, damaged in _damages(content, draw, seed=seed, n_cuts=n_cuts, n_drawn=n_drawn):
        target.write_bytes(damaged)
        outcome, detail, found = _run(seed, target)
        if outcome == "read" and _is_loss(seed, damaged, kind=kind, found=found, wanted=wanted):
            outcome, detail = "lost", f"{len(found)} of {len(wanted)} records; {damaged[:60]!r}"
        tally.add(seed.name, kind, outcome=outcome, detail=detail)


def run_folder_cases(seed: FolderSeed, scratch: Path, *, n_cuts: int | None, n_drawn: int, tally: Tally) -> None:
    """Damage each file of a folder in turn."""
    wanted = seed.reader(_fresh(seed, scratch))
    for name in seed.files:
        content = (seed.folder / name).read_bytes()
        draw = random.Random(f"{seed.name} {name}")
        damages = list(_drawn(truncations(content), draw, n_cuts)) if n_cuts is not None else _thinned(content)
        damages += islice(flips(content, draw), n_drawn) if content else ()
        damages += islice(edits(content, draw), n_drawn) if content else ()
        if name.endswith(".json"):
            damages += [("values", one) for one in _drawn(iter(numbers_of(seed.folder / name)), draw, n_cuts)]
        for kind, damaged in damages:
            folder = _fresh(seed, scratch)
            (folder / name).write_bytes(damaged)
            outcome, detail, found = _run(seed, folder)
            if outcome == "read" and kind == "cut" and found != wanted and seed.name != "bin --resume":
                outcome, detail = "lost", f"{name} of {len(damaged)} bytes"
            tally.add(seed.name, kind, outcome=outcome, detail=f"{name}: {detail}")


def _damages(content: bytes, draw: random.Random, *, seed: Seed, n_cuts: int | None, n_drawn: int) -> Iterator[Damage]:
    cuts = truncations(content) if len(content) <= _SMALL_BYTES else iter(_thinned(content))
    yield from _drawn(cuts, draw, n_cuts)
    yield from islice(flips(content, draw), n_drawn)
    yield from islice(edits(content, draw), n_drawn)
    if seed.has_blocks:
        yield from islice(content_edits(content, draw), n_drawn)


def _drawn(cases: Iterator[_Case], draw: random.Random, n_cases: int | None) -> list[_Case]:
    """All cases, or so many of them."""
    every = list(cases)
    return every if n_cases is None else draw.sample(every, min(n_cases, len(every)))


def _thinned(content: bytes) -> list[Damage]:
    """Truncations: all of the first and last hundred bytes, some hundred between."""
    step = max(100, len(content) // 300)
    ends = [end for end in range(len(content)) if end < 100 or end > len(content) - 100 or end % step == 0]
    return [("cut", content[:end]) for end in ends]


def _is_loss(seed: Seed, damaged: bytes, *, kind: str, found: list[object], wanted: list[object]) -> bool:
    """Whether what was read without an error is less than the bytes hold."""
    if seed.begun is not None:
        return len(found) < seed.begun(damaged)
    if kind == "content":
        return False  # another whole file: what it holds is not known
    if seed.name in (
        "npy",
        "parquet",
        "ids of npy",
        "run.json",
        "classifier",
    ):  # no check sums, or words that say little
        return len(found) != len(wanted)
    return found != wanted


def _run(seed: Seed | FolderSeed, path: Path) -> tuple[str, str, list[object]]:
    try:
        with _watched():
            return "read", "", seed.reader(path)
    except DnabertSError as error:
        text = str(error)
        is_shown = not any(letter in text for letter in "\x00\x07\x1b") and len(text) < 100_000
        return ("refused" if is_shown else "traceback"), text[:200], []
    except HangError:
        return "hang", "", []
    except BaseException as error:  # a panic is no Exception
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        return (
            "traceback",
            f"{type(error).__name__}: {str(error)[:120]} at {Path(last.filename).name}:{last.lineno}",
            [],
        )


@contextmanager
def _watched() -> Iterator[None]:
    """Raise `HangError` after some seconds, and end the process where even that is not heard."""

    def bark(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise HangError

    before = signal.signal(signal.SIGALRM, bark)
    signal.setitimer(signal.ITIMER_REAL, WATCHDOG_S)
    faulthandler.dump_traceback_later(_HARD_S, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _fresh(seed: FolderSeed, scratch: Path) -> Path:
    """A copy of the whole folder."""
    folder = scratch / "folder"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(seed.folder, folder)
    return folder
