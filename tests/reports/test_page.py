"""The report in a browser: it draws, asks nothing of the network, sorts, finds and marks, and names stay text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.bins.stats import BinName
from dnabert_s_cli.reports.columns import MapContigs
from dnabert_s_cli.reports.maps import write_map_html
from dnabert_s_cli.reports.report import ReportContent, RunFacts, write_report
from tests.browser import Page, needs_chromium, open_browser
from tests.reports.inputs import EVIL, bins_of, some_content, some_contigs

pytestmark = needs_chromium

_PAINTED = """(id) => {
  const canvas = document.getElementById(id);
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let n = 0;
  for (let k = 0; k < pixels.length; k += 4) {
    const [r, g, b, a] = pixels.slice(k, k + 4);
    if (a > 60 && Math.max(r, g, b) - Math.min(r, g, b) > 50) n += 1;
  }
  return n;
}"""
_CELLS = "[...document.querySelectorAll('#bin-table tbody tr')].map((row) => row.cells[%d].innerText)"
_FILL = """(id, value) => {
  const box = document.getElementById(id);
  box.value = value;
  box.dispatchEvent(new Event(box.tagName === "SELECT" ? "change" : "input"));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """One browser for all tests of this file."""
    with open_browser() as page:
        yield page


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with depth and quality."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(path, some_content(quality={1: (95.0, 1.0), 2: (60.0, 8.0), 3: (20.0, 0.0)}))
    return path


def _painted(browser: Page, canvas: str) -> int:
    return int(browser.run(f"({_PAINTED})('{canvas}')"))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1_280, 390], ids=["desktop", "phone"])
def test_all_plots_are_drawn_without_complaint_or_request(
    browser: Page, report: Path, width: int, *, dark: bool
) -> None:
    browser.open(report, width=width, dark=dark)
    assert min(_painted(browser, f"{name}-canvas") for name in ("map", "gc", "bins")) > 200
    assert browser.complaints == []
    assert browser.requests == [report.as_uri()]
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")


def test_a_name_with_markup_stays_text(browser: Page, report: Path) -> None:
    browser.open(report)
    browser.run(f"({_FILL})('search', '<img')")
    assert browser.run("document.querySelector('#found li span').innerText") == EVIL
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert browser.complaints == []


def test_the_table_sorts_by_a_column_and_back(browser: Page, report: Path) -> None:
    browser.open(report)
    browser.point("#bin-table th:nth-child(8) button", click=True)
    assert browser.run(_CELLS % 7) == ["95.0 %", "60.0 %", "20.0 %"]
    browser.point("#bin-table th:nth-child(8) button", click=True)
    assert browser.run(_CELLS % 7) == ["20.0 %", "60.0 %", "95.0 %"]
    assert browser.run("document.querySelector('#bin-table th:nth-child(8)').ariaSort") == "ascending"


def test_the_table_is_filtered_by_number_and_by_quality(browser: Page, report: Path) -> None:
    browser.open(report)
    browser.run(f"({_FILL})('filter', '3')")
    assert browser.run(_CELLS % 0) == ["bin.3"]
    browser.run(f"({_FILL})('filter', '')")
    browser.run(f"({_FILL})('quality', 'medium')")
    assert browser.run(_CELLS % 0) == ["bin.2"]


def test_a_bin_marked_in_the_table_is_marked_everywhere(browser: Page, report: Path) -> None:
    browser.open(report)
    before = _painted(browser, "map-canvas")
    browser.point("#bin-table tbody tr:nth-child(2) button", click=True)
    assert "bin.2" in browser.run("document.getElementById('chosen').innerText")
    assert _painted(browser, "map-canvas") < 0.7 * before
    browser.run("dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
    browser.settle()
    assert _painted(browser, "map-canvas") == before


def test_bins_are_coloured_by_phylum_on_request(browser: Page, tmp_path: Path) -> None:
    content = some_content()
    taxa = ["d__Bacteria;p__Bacillota", "", "d__Bacteria;p__Bacillota;c__Bacilli"]
    bins = [
        replace(row, taxon=BinName(taxon, "phylum", 0.9, "x", 0.9))
        for row, taxon in zip(content.bins, taxa, strict=True)
    ]
    write_report(tmp_path / "report.html", replace(content, bins=bins))
    browser.open(tmp_path / "report.html")
    swatches = "[...document.querySelectorAll('.swatch')].map((one) => one.style.background)"
    by_bin = browser.run(swatches)
    assert len(set(by_bin)) == 3
    browser.run(f"({_FILL})('colour-by', 'phylum')")
    first, unknown, third = browser.run(swatches)
    assert first == third != unknown
    assert "coloured by phylum" in browser.run("document.getElementById('map-note').innerText")
    browser.run(f"({_FILL})('colour-by', '')")
    assert browser.run(swatches) == by_bin
    assert "coloured by bin" in browser.run("document.getElementById('map-note').innerText")
    assert browser.complaints == []


def test_a_contig_is_found_by_name_and_its_bin_marked(browser: Page, report: Path) -> None:
    browser.open(report)
    browser.run(f"({_FILL})('search', 'contig_13')")
    browser.run("document.getElementById('search').dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter'}))")
    browser.settle()
    shown = browser.run("document.getElementById('chosen').innerText")
    assert "contig_13" in shown
    assert "bin.1" in shown  # 13 is 1 more than a multiple of four


def test_pointing_at_a_contig_says_its_name(browser: Page, tmp_path: Path) -> None:
    one = MapContigs(["only"], np.array([5_000]), np.array([0]), np.zeros((1, 2)), gc=np.array([0.5]))
    write_report(tmp_path / "report.html", ReportContent("one", one, [], RunFacts()))
    browser.open(tmp_path / "report.html")
    browser.point("#map-canvas")
    assert browser.run("document.getElementById('tip').innerText").split("\n")[:2] == ["only", "in no bin"]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_little_makes_a_page_without_complaint(browser: Page, tmp_path: Path, n: int) -> None:
    contigs = some_contigs(n, n_bins=0, samples=())
    write_report(tmp_path / "report.html", ReportContent("little", contigs, bins_of(contigs), RunFacts()))
    browser.open(tmp_path / "report.html")
    assert browser.complaints == []
    assert "This run found no bins." in browser.run("document.getElementById('bin-table').innerText")


def test_a_map_alone_is_drawn(browser: Page, tmp_path: Path) -> None:
    write_map_html(tmp_path / "map.html", some_contigs(), title="clusters")
    browser.open(tmp_path / "map.html")
    assert browser.complaints == []
    assert _painted(browser, "map-canvas") > 200
    assert browser.run(_CELLS % 0) == ["cluster 1", "cluster 2", "cluster 3"]
