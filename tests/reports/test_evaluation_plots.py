"""Plots of an evaluation as PNG."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.reports.plots import Axis, can_draw, draw_bars, draw_curves

pytestmark = pytest.mark.skipif(not can_draw(), reason="needs matplotlib")


@pytest.mark.parametrize("n_models", [1, 25])
def test_bars_of_any_number_of_models_are_drawn(tmp_path: Path, n_models: int) -> None:
    values = {f"model {place}": [0.1, 0.2 + place / 100] for place in range(n_models)}
    draw_bars(tmp_path / "a.png", values, title="T", axis=Axis("ARI"))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("n_models", [1, 25])
def test_curves_are_drawn_to_the_same_bytes_each_time(tmp_path: Path, n_models: int) -> None:
    curves = {f"model {place}": [0.1, 0.2 + place / 100] for place in range(n_models)}
    for name in ("a.png", "b.png"):
        draw_curves(
            tmp_path / name,
            {"paper": curves, "sound": curves},
            title="T",
            x=Axis("shots", (1, 20), is_log=True),
            y=Axis("F1"),
        )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
