"""Plots as PNG, by matplotlib where it is installed; no display is needed.

Rows of a training log -> curves over the steps. Purity, completeness and recovered genomes of binnings -> two panels.
Scores by model -> bars with a dot for each set, or curves, a panel for each protocol.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ..io.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Row = Mapping[str, float | None]
_CURVE_INCHES = (9.0, 4.0)
_BINNING_INCHES = (11.0, 4.5)
_SCORE_INCHES = (8.0, 4.5)
_PANEL_INCHES, _LEGEND_INCHES = 6.0, 2.0
_INCHES_PER_BAR = 0.45
_DPI = 120
_SMOOTHED = 50  # of at most so many windows: the mean curve over the loss of each step
_MARKERS = "osD^vP*X<>"  # so that curves differ without colour, too
_DASHES = ("-", "--", ":")
_DOT_SPREAD = 0.5  # of the bar, over which the sets' dots are laid out


@dataclass(frozen=True, slots=True)
class BinningPoint:
    """One binning: means and their standard errors, and recovered genomes by the name of the level."""

    name: str
    purity: tuple[float, float]
    completeness: tuple[float, float]
    recovered: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis says, and its ticks; no ticks: as matplotlib finds them."""

    label: str
    ticks: tuple[float, ...] = ()
    is_log: bool = False


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def draw_training_curves(path: Path, rows: Sequence[Row], *, names: Sequence[str]) -> None:
    """Draw `loss` and the columns `names` of `rows` over their `step`; `phase` colours the ground.

    Args:
        names: what was measured now and then, such as "val_loss"; columns without a value are left out.
    """
    measured = [name for name in names if any(row[name] is not None for row in rows)]
    figure = _figure(_CURVE_INCHES[0], _CURVE_INCHES[1] * (1 + bool(measured)))
    axes = figure.subplots(1 + bool(measured), 1, sharex=True, squeeze=False)[:, 0]
    _draw_loss(axes[0], [row for row in rows if row["loss"] is not None])
    if measured:
        _draw_measured(axes[1], rows, names=measured)
    axes[-1].set_xlabel("step")
    _save(figure, path)


def draw_binnings(path: Path, points: Sequence[BinningPoint]) -> None:
    """Draw completeness over purity, and the number of genomes recovered at each level."""
    figure = _figure(*_BINNING_INCHES)
    left, right = figure.subplots(1, 2)
    _draw_means(left, points)
    _draw_recovered(right, points)
    _save(figure, path, metadata={"Software": None})


def draw_bars(path: Path, values: Mapping[str, Sequence[float]], *, title: str, axis: Axis) -> None:
    """A bar for each model, as high as the mean of its values (one a set), each value a dot on it."""
    figure, (axes,) = _panels(max(_SCORE_INCHES[0], 1.5 + _INCHES_PER_BAR * len(values)))
    for place, sets in enumerate(values.values()):
        axes.bar(place, fmean(sets), color=f"C{place % 10}", alpha=0.75, width=0.7)
        shifts = [_DOT_SPREAD * ((index + 0.5) / len(sets) - 0.5) for index in range(len(sets))]
        axes.plot([place + shift for shift in shifts], list(sets), ".", color="0.15", markersize=5)
    axes.set_xticks(range(len(values)), list(values), rotation=30, ha="right")
    axes.set_ylabel(axis.label)
    axes.grid(axis="y", alpha=0.3)
    axes.set_title(title, fontsize="medium")
    _save(figure, path)


def draw_curves(
    path: Path, panels: Mapping[str, Mapping[str, Sequence[float]]], *, title: str, x: Axis, y: Axis
) -> None:
    """A curve for each model over `x.ticks`, in panels side by side; a model looks alike in all of them.

    Args:
        panels: by what stands over each, "" for nothing; curves by model.
    """
    figure, every = _panels(_PANEL_INCHES * len(panels) + _LEGEND_INCHES, n_panels=len(panels))
    names = list(dict.fromkeys(name for curves in panels.values() for name in curves))
    handles = {}
    for axes, (heading, curves) in zip(every, panels.items(), strict=True):
        for name, heights in curves.items():
            handles[name] = axes.plot(x.ticks, list(heights), label=name, **_look(names.index(name)))[0]
        if x.is_log:
            axes.set_xscale("log", base=2)
        axes.set_xticks(list(x.ticks), [f"{tick:g}" for tick in x.ticks])
        axes.set_xlabel(x.label)
        axes.grid(alpha=0.3)
        axes.set_title(heading or title, fontsize="medium")
    every[0].set_ylabel(y.label)
    every[0].set_ylim(bottom=0)  # of all panels, and now that all curves are there
    if any(panels):
        figure.suptitle(title, fontsize="medium")
    figure.legend([handles[name] for name in names], names, fontsize="small", loc="outside right center", frameon=False)
    _save(figure, path)


def _draw_loss(axes: Axes, rows: Sequence[Row]) -> None:
    steps, losses = _values(rows, "step"), _values(rows, "loss")
    axes.plot(steps, losses, color="0.75", linewidth=0.7, label="loss of each step")
    width = max(len(losses) // _SMOOTHED, 1)
    starts = range(0, len(losses), width)
    means = [sum(part) / len(part) for part in (losses[start : start + width] for start in starts)]
    axes.plot(steps[width - 1 :: width], means[: len(steps[width - 1 :: width])], color="C0", label="mean")
    mixed = [step for step, phase in zip(steps, _values(rows, "phase"), strict=True) if phase == 2]
    if mixed:
        axes.axvspan(mixed[0] - 0.5, mixed[-1] + 0.5, color="C1", alpha=0.1, label="phase II")
    axes.set_ylabel("loss")
    axes.legend()


def _draw_measured(axes: Axes, rows: Sequence[Row], *, names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        found = [row for row in rows if row[name] is not None]
        axes.plot(_values(found, "step"), _values(found, name), marker=".", color=f"C{place}", label=name)
    axes.legend()


def _values(rows: Sequence[Row], name: str) -> list[float]:
    return [value for row in rows if (value := row[name]) is not None]


def _draw_means(axes: Axes, points: Sequence[BinningPoint]) -> None:
    for place, point in enumerate(points):
        (x, x_error), (y, y_error) = point.purity, point.completeness
        style = f"oC{place % 10}"
        errors = _drawable(y_error), _drawable(x_error)
        axes.errorbar([x], [y], errors[0], errors[1], fmt=style, capsize=3, label=point.name)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("average purity of bins (bp)")
    axes.set_ylabel("average completeness of genomes (bp)")
    axes.grid(alpha=0.3)
    axes.legend()


def _draw_recovered(axes: Axes, points: Sequence[BinningPoint]) -> None:
    levels = list(points[0].recovered) if points else []
    width = 0.8 / max(len(points), 1)
    for place, point in enumerate(points):
        lefts = [level + place * width for level in range(len(levels))]
        bars = axes.bar(lefts, [point.recovered[level] for level in levels], width, align="edge", label=point.name)
        axes.bar_label(bars, fontsize=8)
    names = [">{}%, <{}%".format(*level.split("_")[1:]) for level in levels]
    axes.set_xticks([level + 0.4 for level in range(len(levels))], names, rotation=30, ha="right")
    axes.set_xlabel("completeness, contamination (bp)")
    axes.set_ylabel("genomes recovered")


def _drawable(error: float) -> float:
    return 0.0 if math.isnan(error) else error


def _look(place: int) -> dict[str, Any]:
    """Colour, marker and dashes, no two alike for some dozens of curves."""
    again, kind = divmod(place, len(_MARKERS))
    dashes = _DASHES[again % len(_DASHES)]
    return {"color": f"C{kind}", "marker": _MARKERS[kind - again], "linestyle": dashes, "markersize": 5}


def _panels(width: float, *, n_panels: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure, and its panels with one vertical axis."""
    figure = _figure(width, _SCORE_INCHES[1])
    return figure, list(figure.subplots(1, n_panels, sharey=True, squeeze=False)[0])


def _figure(width: float, height: float) -> Figure:
    """An empty figure; in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path, **more: Any) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI, **more)
