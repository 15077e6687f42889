"""Curves of a training run as one PNG, by matplotlib where it is installed.

Rows of numbers -> loss with its phases, and what was measured, over the steps -> a file. No display is needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ..io.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, float | None]
_INCHES = (9.0, 4.0)
_DPI = 120
_SMOOTHED = 50  # of at most so many windows: the mean curve over the loss of each step


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def draw_training_curves(path: Path, rows: Sequence[Row], *, names: Sequence[str]) -> None:
    """Draw `loss` and the columns `names` of `rows` over their `step`; `phase` colours the ground.

    Args:
        names: what was measured now and then, such as "val_loss"; columns without a value are left out.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    measured = [name for name in names if any(row[name] is not None for row in rows)]
    figure = Figure(figsize=(_INCHES[0], _INCHES[1] * (1 + bool(measured))), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1 + bool(measured), 1, sharex=True, squeeze=False)[:, 0]
    _draw_loss(axes[0], [row for row in rows if row["loss"] is not None])
    if measured:
        _draw_measured(axes[1], rows, names=measured)
    axes[-1].set_xlabel("step")
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=_DPI)


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
