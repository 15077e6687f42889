"""What an evaluation found, on disk: a long table, the same as JSON, and tables that a person reads.

Scores, one for each task, protocol, model, set and metric -> `results.tsv`, one line each, and `results.json`, which
holds each seed's value and how all was made. Models that could not run have a line and a reason in both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, stdev

from ..files import atomic_path
from ..provenance import write_run_json

_COLUMNS = ("task", "protocol", "model", "set", "metric", "mean", "sd", "n", "note")


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one model on one set; `values` has one number for each seed, or the only one."""

    task: str
    protocol: str
    model: str
    set: str
    metric: str
    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return fmean(self.values)

    @property
    def sd(self) -> float | None:
        """Standard deviation over the seeds; None for one value."""
        return stdev(self.values) if len(self.values) > 1 else None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A model that could not run, or not to its end, and why; `is_failure`: because its code broke."""

    model: str
    reason: str
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table for a person: `n_words` columns of words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_words: int


def write_scores(path: Path, scores: Sequence[Score], *, skipped: Sequence[Skipped]) -> None:
    """TSV with a header: a line for each score, then one for each model that was skipped or failed."""
    lines = ["\t".join(_COLUMNS)]
    for one in scores:
        numbers = (f"{one.mean:.6g}", "" if one.sd is None else f"{one.sd:.6g}", str(len(one.values)))
        lines.append("\t".join((one.task, one.protocol, one.model, one.set, one.metric, *numbers, "")))
    for model in skipped:
        what = "failed" if model.is_failure else "skipped"
        lines.append("\t".join(("", "", model.model, "", what, "", "", "0", _one_line(model.reason))))
    _write_lines(path, lines)


def write_results_json(
    path: Path, scores: Sequence[Score], *, skipped: Sequence[Skipped], provenance: Mapping[str, object]
) -> None:
    """One JSON object: `scores` with every seed's value, `skipped`, and `run`, which says how they were made."""
    rows = [{**asdict(one), "mean": one.mean, "sd": one.sd} for one in scores]
    write_run_json(path, {"scores": rows, "skipped": [asdict(one) for one in skipped], "run": provenance})


def write_markdown(path: Path, tables: Sequence[TextTable]) -> None:
    """Each table under its title."""
    lines: list[str] = []
    for table in tables:
        marks = ["---" if place < table.n_words else "---:" for place in range(len(table.columns))]
        lines += [f"### {table.title}", "", _markdown_row(table.columns), _markdown_row(marks)]
        lines += [*(_markdown_row(row) for row in table.rows), ""]
    _write_lines(path, lines[:-1])


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_one_line(cell).replace('|', '/') for cell in cells)} |"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")
