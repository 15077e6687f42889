"""Binnings beside each other as one PNG, by matplotlib where it is installed.

Purity and completeness of each binning, with their standard errors, and how many genomes it recovers -> two panels ->
a file. No display is needed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..io.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCHES = (11.0, 4.5)
_DPI = 120


@dataclass(frozen=True, slots=True)
class BinningPoint:
    """One binning: means and their standard errors, and recovered genomes by the name of the level."""

    name: str
    purity: tuple[float, float]
    completeness: tuple[float, float]
    recovered: Mapping[str, int]


def draw_binnings(path: Path, points: Sequence[BinningPoint]) -> None:
    """Draw completeness over purity, and the number of genomes recovered at each level."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    _draw_means(left, points)
    _draw_recovered(right, points)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI, metadata={"Software": None})


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
