"""The files for MultiQC: what they hold, and that MultiQC itself joins those of two runs."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dnabert_s_cli.io.bins.stats import BinStats
from dnabert_s_cli.reports.multiqc import SampleRow, write_multiqc


def a_bin(number: int, completeness: float | None, contamination: float | None) -> BinStats:
    return BinStats(number, 3, 1000, 400, 500, completeness=completeness, contamination=contamination)


GOOD = (a_bin(1, 95.0, 1.0), a_bin(2, 90.0, 5.0), a_bin(3, 40.0, 0.0))
SAMPLE = SampleRow(name="gut1", bins=GOOD, n_contigs=8, total_bp=4000, short_bp=70, n_with_depth=6)
UNKNOWN = SampleRow(
    name="gut2", bins=(a_bin(1, None, None),), n_contigs=2, total_bp=1000, short_bp=None, n_with_depth=None
)


def read(folder: Path, *rows: SampleRow) -> dict[str, Any]:
    write_multiqc(folder, rows)
    return {path.name.removesuffix("_mqc.json"): json.loads(path.read_text()) for path in folder.iterdir()}


def test_bins_are_counted_by_quality(tmp_path: Path) -> None:
    data = read(tmp_path, SAMPLE, UNKNOWN)["bins"]["data"]
    assert data["gut1"] == {"high": 1, "medium": 1, "low": 1, "unknown": 0}
    assert data["gut2"] == {"high": 0, "medium": 0, "low": 0, "unknown": 1}


def test_bases_add_up_to_the_assembly(tmp_path: Path) -> None:
    data = read(tmp_path, SAMPLE, UNKNOWN)["bins_bases"]["data"]
    assert data == {"gut1": {"binned": 3000, "unbinned": 1000, "short": 70}, "gut2": {"binned": 1000, "unbinned": 0}}


def test_what_is_not_known_is_left_out_of_the_summary(tmp_path: Path) -> None:
    data = read(tmp_path, SAMPLE, UNKNOWN)["bins_summary"]["data"]
    assert data["gut1"] == {"n_bins": 3, "n_high_quality": 1, "binned": 75.0, "with_depth": 75.0}
    assert data["gut2"] == {"n_bins": 1, "binned": 100.0}


def test_every_value_has_a_category_or_a_column(tmp_path: Path) -> None:
    sections = read(tmp_path, SAMPLE)
    for name in ("bins", "bins_bases"):
        assert set(sections[name]["data"]["gut1"]) == set(sections[name]["categories"])
    columns = {key for column in sections["bins_summary"]["pconfig"] for key in column}
    assert set(sections["bins_summary"]["data"]["gut1"]) == columns


def test_sections_have_ids_of_their_own_and_one_parent(tmp_path: Path) -> None:
    sections = read(tmp_path, SAMPLE)
    assert len({section["id"] for section in sections.values()}) == 3
    plots = [section for section in sections.values() if section["plot_type"] == "bargraph"]
    assert {section["parent_id"] for section in plots} == {"dnaberts"}
    assert len({section["pconfig"]["id"] for section in plots}) == 2


def test_multiqc_joins_the_rows_of_two_runs(tmp_path: Path) -> None:
    pytest.importorskip("multiqc")
    for row in (SAMPLE, UNKNOWN):
        (tmp_path / row.name).mkdir()
        write_multiqc(tmp_path / row.name, [row])
    subprocess.run(
        [sys.executable, "-m", "multiqc", "--strict", "--outdir", "page", *(row.name for row in (SAMPLE, UNKNOWN))],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    with (tmp_path / "page" / "multiqc_data" / "multiqc_general_stats.txt").open() as stream:
        rows = {row["Sample"]: row for row in csv.DictReader(stream, delimiter="\t")}
    n_bins = next(name for name in rows["gut1"] if name.endswith("n_bins"))
    assert {name: float(row[n_bins]) for name, row in rows.items()} == {"gut1": 3, "gut2": 1}
    page = (tmp_path / "page" / "multiqc_report.html").read_text()
    assert page.count('id="dnaberts_bins_plot"') == 1
    assert page.count('id="dnaberts_bases_plot"') == 1
