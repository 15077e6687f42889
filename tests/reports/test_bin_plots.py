from __future__ import annotations

import math
from pathlib import Path

import pytest

from dnabert_s_cli.reports.plots import BinningPoint, draw_binnings

pytest.importorskip("matplotlib")

POINTS = [
    BinningPoint("one", (0.9, 0.02), (0.5, 0.1), {"recovered_50_10": 4, "recovered_90_5": 1}),
    BinningPoint("none", (math.nan, math.nan), (0.0, math.nan), {"recovered_50_10": 0, "recovered_90_5": 0}),
]


def test_a_png_is_drawn_also_of_a_binning_without_bins(tmp_path: Path) -> None:
    draw_binnings(tmp_path / "p.png", POINTS)
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_points_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        draw_binnings(tmp_path / name, POINTS)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
