"""`evaluate bins`: the figures are AMBER's, whatever form binnings and gold standard have."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import pytest

from dnabert_s_cli import defaults
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.evaluate.bins import BinsInput, BinsReport, Levels, evaluate_bins
from tests import amber
from tests.locations import GOLDEN, needs_shared

AMBER_PROGRAM = shutil.which("amber.py")
LEVELS = Levels.parse(defaults.RECOVERED_COMPLETENESS, defaults.RECOVERED_CONTAMINATION)
Figures = dict[str, dict[str, float]]
needs_amber = pytest.mark.skipif(AMBER_PROGRAM is None, reason="needs amber.py of cami-amber on the PATH")


def _golden(case: str) -> Figures:
    figures: Figures = json.loads((GOLDEN / "amber.json").read_text())[case]
    return figures


def _evaluate(folder: Path, contigs: list[amber.Contig]) -> BinsReport:
    gold, binnings = amber.write_case(folder, contigs)
    return evaluate_bins(BinsInput(tuple(binnings.values()), gold, names=tuple(binnings)), LEVELS)


def _assert_equal(report: BinsReport, expected: Figures) -> None:
    assert [one.name for one in report.scored] == list(expected)
    for one in report.scored:
        row = one.row()
        assert {name: row[name] for name in expected[one.name]} == pytest.approx(expected[one.name], abs=1e-9)


def test_figures_are_those_that_amber_found(tmp_path: Path) -> None:
    _assert_equal(_evaluate(tmp_path, amber.example_contigs()), _golden("example"))


@needs_shared
def test_figures_of_24_genomes_are_those_that_amber_found(tmp_path: Path) -> None:
    _assert_equal(_evaluate(tmp_path, amber.shared_contigs()), _golden("shared"))


@needs_amber
def test_golden_figures_are_what_amber_says_today(tmp_path: Path) -> None:
    assert AMBER_PROGRAM is not None
    found = amber.run_amber(AMBER_PROGRAM, *amber.write_case(tmp_path, amber.example_contigs()))
    assert {name: pytest.approx(figures) for name, figures in _golden("example").items()} == found


GOLD = "contig\tgenome\tlength\na1\tA\t600\na2\tA\t400\nb1\tB\t1000\nb2\tB\t500\n"


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.tsv"
    path.write_text(GOLD)
    return path


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_binnings_are_told_apart_by_folder_where_the_file_is_our_own(tmp_path: Path, gold: Path) -> None:
    paths = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        paths.append(_write(tmp_path / name / "contig2bin.tsv", "a1\tbin.1\n"))
    report = evaluate_bins(BinsInput(tuple(paths), gold), LEVELS)
    assert [one.name for one in report.scored] == ["one", "two"]


def test_two_binnings_of_one_name_are_an_error(tmp_path: Path, gold: Path) -> None:
    path = _write(tmp_path / "b.tsv", "a1\tx\n")
    with pytest.raises(DnabertSError, match="a second binning is named 'b'") as caught:
        evaluate_bins(BinsInput((path, path), gold), LEVELS)
    assert caught.value.path == str(path)


def test_names_must_be_as_many_as_binnings(tmp_path: Path, gold: Path) -> None:
    path = _write(tmp_path / "b.tsv", "a1\tx\n")
    with pytest.raises(DnabertSError, match="2 names for 1 binnings"):
        evaluate_bins(BinsInput((path,), gold, names=("x", "y")), LEVELS)


def test_unknown_contigs_are_counted_and_warned_of(
    tmp_path: Path, gold: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _write(tmp_path / "b.tsv", "a1\tx\nb1\ty\nz1\ty\n")
    with caplog.at_level(logging.WARNING):
        report = evaluate_bins(BinsInput((path,), gold), LEVELS)
    assert report.scored[0].n_unknown == 1
    assert report.scored[0].in_bp.avg_purity == 1
    assert "1 contigs are not in the gold standard" in caplog.text


def test_a_binning_of_another_assembly_is_refused(tmp_path: Path, gold: Path) -> None:
    path = _write(tmp_path / "b.tsv", "a1\tx\ny1\ty\nz1\ty\n")
    with pytest.raises(DnabertSError, match="only 1 of its 3 contigs are in the gold standard") as caught:
        evaluate_bins(BinsInput((path,), gold), LEVELS)
    assert caught.value.path == str(path)


def test_all_bad_binnings_are_reported_together(tmp_path: Path, gold: Path) -> None:
    paths = (_write(tmp_path / "b.tsv", "a1\tx\na1\ty\n"), tmp_path / "absent.tsv")
    with pytest.raises(DnabertSError) as caught:
        evaluate_bins(BinsInput(paths, gold), LEVELS)
    assert "b.tsv:2: record 'a1': duplicate id" in str(caught.value)
    assert "absent.tsv: no such file" in str(caught.value)


def test_a_binning_without_bins_scores_nothing(tmp_path: Path, gold: Path) -> None:
    row = evaluate_bins(BinsInput((_write(tmp_path / "b.tsv", ""),), gold), LEVELS).scored[0].row()
    assert (row["n_bins"], row["binned_bp"], row["recovered_50_10"], row["mean_f1"]) == (0, 0, 0, 0)
    assert row["avg_completeness_bp"] == 0
    assert row["avg_purity_bp"] != row["avg_purity_bp"]  # NaN


def test_short_contigs_are_left_out_on_both_sides(tmp_path: Path, gold: Path) -> None:
    path = _write(tmp_path / "b.tsv", "a1\tx\na2\ty\nb1\tz\nb2\tz\n")
    one = evaluate_bins(BinsInput((path,), gold, min_length_bp=500), LEVELS).scored[0]
    assert one.bin_names == ("x", "z")
    assert one.shared.genome_bp.tolist() == [600, 1500]
    assert one.n_unknown == 0


@pytest.mark.parametrize("text", ["50,x", "101", "-1", ""])
def test_levels_are_percents(text: str) -> None:
    with pytest.raises(DnabertSError, match="in --max-contamination is not a whole number from 0 to 100"):
        Levels.parse("50", text)
