"""Plots of an evaluation as PNG, by matplotlib where it is installed.

Numbers by model -> bars with a dot for each set, or a curve for each model -> a file. No display is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

from .files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = (8.0, 4.5)
_INCHES_PER_BAR = 0.45
_DPI = 120
_MARKERS = "osD^vP*X<>"  # so that curves differ without colour, too
_DOT_SPREAD = 0.5  # of the bar, over which the sets' dots are laid out


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis says, and its ticks; no ticks: as matplotlib finds them."""

    label: str
    ticks: tuple[float, ...] = ()
    is_log: bool = False


def draw_bars(path: Path, values: Mapping[str, Sequence[float]], *, title: str, axis: Axis) -> None:
    """A bar for each model, as high as the mean of its values (one a set), each value a dot on it."""
    figure, axes = _figure(max(_INCHES[0], 1.5 + _INCHES_PER_BAR * len(values)))
    for place, sets in enumerate(values.values()):
        axes.bar(place, fmean(sets), color=f"C{place % 10}", alpha=0.75, width=0.7)
        shifts = [_DOT_SPREAD * ((index + 0.5) / len(sets) - 0.5) for index in range(len(sets))]
        axes.plot([place + shift for shift in shifts], list(sets), ".", color="0.15", markersize=5)
    axes.set_xticks(range(len(values)), list(values), rotation=30, ha="right")
    axes.set_ylabel(axis.label)
    axes.grid(axis="y", alpha=0.3)
    axes.set_title(title, fontsize="medium")
    _save(figure, path)


def draw_curves(path: Path, curves: Mapping[str, Sequence[float]], *, title: str, x: Axis, y: Axis) -> None:
    """A curve for each model over `x.ticks`."""
    figure, axes = _figure(_INCHES[0])
    for place, (name, heights) in enumerate(curves.items()):
        marker = _MARKERS[place % len(_MARKERS)]
        axes.plot(x.ticks, list(heights), marker=marker, color=f"C{place % 10}", markersize=5, label=name)
    if x.is_log:
        axes.set_xscale("log", base=2)
    axes.set_xticks(list(x.ticks), [f"{tick:g}" for tick in x.ticks])
    axes.set_xlabel(x.label)
    axes.set_ylabel(y.label)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.set_title(title, fontsize="medium")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    _save(figure, path)


def _figure(width: float) -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, _INCHES[1]), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)
