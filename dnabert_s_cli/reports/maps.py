"""A map of vectors and their clusters as a picture, or as a page to look around in.

Places, labels and lengths -> a PNG by matplotlib, where it is installed, or one HTML file that needs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..io.bins.stats import summarise_bins
from ..io.files import atomic_path
from .columns import MapContigs, page_columns
from .html import escaped, part, write_page
from .marks import LIGHT, neighbourly_colours, thickest_spots, unit_square

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INCHES = 8.0
_DPI = 150
_NONE_COLOUR = "#b3b9bf"
_LABEL_ROOM = 0.025  # of the map's side, between two numbers
_POINT_AREA = 3.0  # square points, of a sequence of 2 kbp


def write_map_png(path: str | Path, contigs: MapContigs, *, title: str = "") -> None:
    """Draw each record at its place: area by length, colour and number by cluster, grey in none.

    Needs matplotlib; ask `plots.can_draw` first.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_INCHES, _INCHES), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    if title:
        axes.set_title(title, loc="left", parse_math=False)
    if len(contigs.names):
        _draw_points(axes, contigs)
    else:
        axes.text(0.5, 0.5, "nothing to show", ha="center", color="0.4")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI, metadata={"Software": None})


def write_map_html(
    path: str | Path,
    contigs: MapContigs,
    *,
    title: str,
    subtitle: str = "",
    program: str = "dnabert-s",
    noun: str = "cluster",
    record: str = "sequence",
    seed: int = 0,
) -> None:
    """Write one page with the map, a search by name and a table of the clusters.

    Args:
        seed: of the sample of records, where there are too many to show all.
    """
    slots = {
        "title": escaped(title),
        "program": escaped(program),
        "subtitle": escaped(subtitle),
        "search": part("search", record=record),
        "map": part("map", record=record, noun=noun),
        "table": part("table", noun=noun),
    }
    bins = summarise_bins(contigs.bins, contigs.lengths_bp, gc=contigs.gc, depth=contigs.depth)
    data = page_columns(contigs, bins, noun=noun, prefix=f"{noun} ", record=record, seed=seed)
    write_page(path, "map", slots=slots, data=data)


def _draw_points(axes: Axes, contigs: MapContigs) -> None:
    places = unit_square(contigs.xy)
    numbers = np.unique(contigs.bins[contigs.bins > 0]).tolist()
    spots = thickest_spots(places, contigs.lengths_bp, bins=contigs.bins, numbers=numbers)
    areas = np.clip(_POINT_AREA * (np.maximum(contigs.lengths_bp, 1) / 2_000) ** 0.72, 1.0, 150.0)
    none = contigs.bins <= 0
    axes.scatter(places[none, 0], places[none, 1], s=areas[none], color=_NONE_COLOUR, alpha=0.55, linewidths=0)
    colour_of = np.zeros(max(numbers, default=0) + 1, dtype=np.int64)
    colour_of[numbers] = neighbourly_colours(spots)
    order = np.flatnonzero(~none)[np.argsort(contigs.bins[~none], kind="stable")]
    colours = np.array(LIGHT)[colour_of[contigs.bins[order]]] if len(order) else []
    axes.scatter(places[order, 0], places[order, 1], s=areas[order], c=colours, alpha=0.8, linewidths=0)
    _draw_numbers(axes, contigs, spots=spots, numbers=numbers)


def _draw_numbers(axes: Axes, contigs: MapContigs, *, spots: np.ndarray, numbers: list[int]) -> None:
    """The number of each cluster, large ones first, where it covers no other."""
    from matplotlib.patheffects import withStroke

    sizes = np.bincount(np.maximum(contigs.bins, 0), contigs.lengths_bp)[numbers] if numbers else np.zeros(0)
    drawn: list[np.ndarray] = []
    for place in np.argsort(-sizes, kind="stable").tolist():
        if any(np.abs(other - spots[place]).max() < _LABEL_ROOM for other in drawn):
            continue
        drawn.append(spots[place])
        halo = [withStroke(linewidth=2.5, foreground="white")]
        style: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 8,
            "fontweight": "bold",
            "color": "#1c2024",
        }
        x, y = spots[place].tolist()
        axes.text(x, y, str(numbers[place]), path_effects=halo, **style)
