"""Plots of an evaluation as PNG, by matplotlib where it is installed.

Numbers by model -> bars with a dot for each set, or curves for each model, a panel for each protocol -> a file. No
display is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from ..io.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = (8.0, 4.5)
_PANEL_INCHES, _LEGEND_INCHES = 6.0, 2.0
_INCHES_PER_BAR = 0.45
_DPI = 120
_MARKERS = "osD^vP*X<>"  # so that curves differ without colour, too
_DASHES = ("-", "--", ":")
_DOT_SPREAD = 0.5  # of the bar, over which the sets' dots are laid out


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis says, and its ticks; no ticks: as matplotlib finds them."""

    label: str
    ticks: tuple[float, ...] = ()
    is_log: bool = False


def draw_bars(path: Path, values: Mapping[str, Sequence[float]], *, title: str, axis: Axis) -> None:
    """A bar for each model, as high as the mean of its values (one a set), each value a dot on it."""
    figure, (axes,) = _figure(max(_INCHES[0], 1.5 + _INCHES_PER_BAR * len(values)))
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
    figure, every = _figure(_PANEL_INCHES * len(panels) + _LEGEND_INCHES, n_panels=len(panels))
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


def _look(place: int) -> dict[str, Any]:
    """Colour, marker and dashes, no two alike for some dozens of curves."""
    again, kind = divmod(place, len(_MARKERS))
    dashes = _DASHES[again % len(_DASHES)]
    return {"color": f"C{kind}", "marker": _MARKERS[kind - again], "linestyle": dashes, "markersize": 5}


def _figure(width: float, *, n_panels: int = 1) -> tuple[Figure, list[Axes]]:
    """An empty figure, and its panels with one vertical axis."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, _INCHES[1]), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, n_panels, sharey=True, squeeze=False)[0])


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)
