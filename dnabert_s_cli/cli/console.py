"""What a person sees: messages, tables and progress on stderr; stdout carries results only.

Log records of the library and stages of a pipeline come in; rich lines go out, or plain ones where stderr is no
terminal, so that a SLURM log can be read and searched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, Progress, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ..errors import SHOWN_PROBLEMS, BadInputsError, DnabertSError, shown

_PLAIN_EVERY_S = 30.0
_FILE_WIDTH = 120  # columns of a table in a file or a log
_FIRST_AFTER_S = 10.0  # before that, rate and time left are guesses
_LEAST_SHARE = 0.01  # of the work, the same
_SHOWN_LINE = 4_000  # letters of a log line
_SCALES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))

stderr = Console(stderr=True, highlight=False)


def start_logging(*, quiet: bool, verbose: bool) -> None:
    """Send the library's log records to stderr: warnings only with `quiet`, everything with `verbose`."""
    handler: logging.Handler
    if stderr.is_terminal:
        handler = RichHandler(console=stderr, show_path=False, show_time=False, markup=False)
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%d %H:%M:%S"))
    handler.addFilter(_escape)
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    logger = logging.getLogger("dnabert_s_cli")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level)


def _escape(record: logging.LogRecord) -> bool:
    """Make a log line harmless to a terminal, whatever names stand in it."""
    record.msg, record.args = shown(record.getMessage(), most=_SHOWN_LINE), None
    return True


def say(message: str) -> None:
    """Log one line."""
    logging.getLogger("dnabert_s_cli").info(message)


def warn(message: str) -> None:
    """Log one line that is shown even with --quiet."""
    logging.getLogger("dnabert_s_cli").warning(message)


def show_error(error: DnabertSError | str) -> None:
    """`error: ...` on stderr, one line a problem, and what to do about each."""
    problems = error.problems if isinstance(error, BadInputsError) else (error,)
    for problem in problems[:SHOWN_PROBLEMS]:
        text = str(problem) if isinstance(problem, DnabertSError) else shown(problem)
        stderr.print(Text.assemble(("error: ", "bold red"), text), soft_wrap=True)
        if isinstance(problem, DnabertSError) and problem.hint:
            stderr.print(Text(f"hint: {shown(problem.hint)}"), soft_wrap=True)
    if len(problems) > SHOWN_PROBLEMS:
        stderr.print(f"and {len(problems) - SHOWN_PROBLEMS} more problems")


def show_table(  # noqa: PLR0917  title, columns, rows
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1
) -> None:
    """A table on stderr; the first `left` columns are words, the others numbers."""
    table = Table(title=Text(shown(title)), title_justify="left", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(Text(shown(column)), justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    wide = stderr if stderr.is_terminal else Console(stderr=True, highlight=False, width=max(stderr.width, _FILE_WIDTH))
    wide.print(table)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A result on stdout: aligned on a terminal, TSV with a header in a pipe."""
    stdout = Console(highlight=False)
    if not stdout.is_terminal:
        for row in (columns, *rows):
            typer.echo("\t".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(Text(shown(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    stdout.print(table)


def scaled(amount: float, unit: str) -> str:
    """A number as a person reads it: 87200000 bp -> 87.2 Mbp."""
    for scale, letter in _SCALES:
        if amount >= scale:
            return (
                f"{amount / scale:.3g} {letter}{unit}"
                if amount < 1000 * scale
                else f"{amount / scale:,.0f} {letter}{unit}"
            )
    return f"{amount:.3g} {unit}"


def percent(share: float) -> str:
    """A share as it is shown everywhere: 99.6 %."""
    return f"{100 * share:.1f} %"


def duration(seconds: float) -> str:
    """Seconds as h:mm:ss or m:ss; under a minute as seconds, under ten with a decimal."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d} min"


class Stages:
    """Progress of a pipeline as log lines: what a stage has to do, and then how far it is, now and then."""

    def __init__(self) -> None:
        self._stage, self._unit = "", ""
        self._total: int | None = None
        self._done = 0
        self._started = self._last_line = time.monotonic()

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """A stage begins."""
        self._stage, self._total, self._unit = stage, total, unit
        self._done = 0
        self._started = self._last_line = time.monotonic()
        say(f"{stage}: {scaled(total, unit)}" if total is not None else stage)

    def advance(self, amount: int) -> None:
        """So much more is done."""
        self._done += amount
        now = time.monotonic()
        wait_s = _FIRST_AFTER_S if self._last_line == self._started else _PLAIN_EVERY_S
        if now - self._last_line >= wait_s:
            self._line(now)

    def _line(self, now: float) -> None:
        elapsed = max(now - self._started, 1e-6)
        rate = self._done / elapsed
        text = f"{self._stage}: {scaled(self._done, self._unit)} done, {scaled(rate, self._unit)}/s"
        if self._total:
            text += f", {100 * self._done / self._total:.0f} %"
            if self._done >= _LEAST_SHARE * self._total:
                left = max(self._total - self._done, 0) / max(rate, 1e-9)
                text += f", about {duration(left)} left"
        say(text)
        self._last_line = now


class TimeLeft(TimeRemainingColumn):
    """The time left, once the estimate means something."""

    def render(self, task: Task) -> Text:
        """The estimate, or dashes."""
        is_early = (task.elapsed or 0) < _FIRST_AFTER_S or task.percentage < 100 * _LEAST_SHARE
        return Text("-:--:--", style="progress.remaining") if is_early and not task.finished else super().render(task)


class Bars:
    """Progress of a pipeline as a bar on the terminal, with rate and time left."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._unit = ""

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """A stage begins; the one before it is complete."""
        self._unit = unit
        self._task = self._bars.add_task(stage, total=total, rate="")

    def advance(self, amount: int) -> None:
        """So much more is done."""
        if self._task is None:
            return
        self._bars.advance(self._task, amount)
        task = self._bars.tasks[self._task]
        speed = task.finished_speed or task.speed or (task.completed / task.elapsed if task.elapsed else 0)
        self._bars.update(self._task, rate=f"{scaled(task.completed, self._unit)}  {scaled(speed, self._unit)}/s")


class Quiet:
    """No progress at all."""

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """Nothing."""

    def advance(self, amount: int) -> None:
        """Nothing."""


@contextmanager
def progress(*, quiet: bool) -> Iterator[Stages | Bars | Quiet]:
    """The way of showing progress that suits stderr: bars on a terminal, lines elsewhere, nothing with `quiet`."""
    if quiet:
        yield Quiet()
    elif not stderr.is_terminal:
        yield Stages()
    else:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[rate]}"),
            TextColumn("left"),
            TimeLeft(),
        )
        with Progress(*columns, console=stderr) as bars:
            yield Bars(bars)
