"""Maps as pictures and as pages of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.reports.columns import MapContigs
from dnabert_s_cli.reports.maps import write_map_html, write_map_png
from dnabert_s_cli.reports.plots import can_draw
from tests.reports.inputs import EVIL, some_contigs

needs_matplotlib = pytest.mark.skipif(not can_draw(), reason="needs matplotlib")


@needs_matplotlib
@pytest.mark.parametrize("n_bins", [0, 1, 30])
@pytest.mark.parametrize("n", [0, 1, 200])
def test_any_number_of_records_is_drawn(tmp_path: Path, n: int, n_bins: int) -> None:
    write_map_png(tmp_path / "map.png", some_contigs(n, n_bins=n_bins), title="a $b")
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


@needs_matplotlib
def test_the_picture_has_the_colours_of_its_clusters(tmp_path: Path) -> None:
    from matplotlib.image import imread

    write_map_png(tmp_path / "map.png", some_contigs(400))
    pixels = imread(tmp_path / "map.png")[:, :, :3].reshape(-1, 3)
    coloured = np.ptp(pixels, axis=1) > 0.2
    assert coloured.sum() > 500
    assert (~coloured).mean() > 0.5


@needs_matplotlib
def test_the_picture_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        write_map_png(tmp_path / name, some_contigs())
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_the_page_names_clusters_and_escapes_its_title(tmp_path: Path) -> None:
    write_map_html(tmp_path / "map.html", some_contigs(), title=EVIL)
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "Table of clusters" in page
    assert '"prefix":"cluster "' in page
    assert "<img" not in page


def test_a_page_of_nothing_is_written(tmp_path: Path) -> None:
    nothing = MapContigs([], np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros((0, 2)))
    write_map_html(tmp_path / "map.html", nothing, title="none")
    assert '"total":0' in (tmp_path / "map.html").read_text(encoding="utf-8")
