"""`evaluate bins`: files and tables, wrong usage, and bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    path = tmp_path / "gold.tsv"
    path.write_text("contig\tgenome\tlength\na1\tA\t600\na2\tA\t400\nb1\tB\t1000\nb2\tB\t500\n")
    return path


@pytest.fixture
def binning(tmp_path: Path) -> Path:
    path = tmp_path / "mine.tsv"
    path.write_text("a1\tx\nb1\ty\nb2\ty\n")
    return path


def test_scores_go_to_standard_output_and_a_table_to_standard_error(
    command: Command, gold: Path, binning: Path
) -> None:
    result = command("evaluate", "bins", binning, "--labels", gold)
    assert result.code == 0
    header, row = (line.split("\t") for line in result.out.splitlines())
    scores = dict(zip(header, row, strict=True))
    assert (scores["binning"], scores["recovered_50_10"], scores["avg_completeness_bp"]) == ("mine", "2", "0.800000")
    assert "genomes >90 % complete, <5 % contaminated" in result.err


def test_all_files_are_written_with_provenance(command: Command, gold: Path, binning: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "out"
    files = ("--per-bin", out / "bins.tsv", "--per-genome", out / "genomes.tsv", "--plot", out / "plot.png")
    result = command("evaluate", "bins", binning, "--labels", gold, "-o", out / "scores.tsv", *files)
    assert (result.code, result.out) == (0, "")
    assert {path.name for path in out.iterdir()} == {
        *("scores.tsv", "scores.tsv.run.json", "bins.tsv", "genomes.tsv", "plot.png")
    }
    run = json.loads((out / "scores.tsv.run.json").read_text())
    assert run["scores"][0]["binned_bp"] == pytest.approx(2100 / 2500)
    assert [len(one["sha256"]) for one in run["inputs"]] == [64, 64]
    assert (out / "genomes.tsv").read_text().splitlines()[1].startswith("mine\tA\t2\t1000\tx\t0.600000")


def test_several_binnings_are_named_side_by_side(command: Command, gold: Path, binning: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.tsv"
    other.write_text("a1\tx\n")
    result = command("evaluate", "bins", binning, other, "--labels", gold, "--names", "one,two", "-q")
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["binning", "one", "two"]
    assert result.err == ""


def test_levels_are_chosen(command: Command, gold: Path, binning: Path) -> None:
    levels = ("--min-completeness", "55,65", "--max-contamination", "1")
    result = command("evaluate", "bins", binning, "--labels", gold, *levels, "-q")
    header, row = (line.split("\t") for line in result.out.splitlines())
    assert dict(zip(header, row, strict=True)).items() >= {"recovered_55_1": "2", "recovered_65_1": "1"}.items()


def test_existing_output_is_kept_unless_forced(command: Command, gold: Path, binning: Path, tmp_path: Path) -> None:
    output = tmp_path / "scores.tsv"
    output.write_text("precious")
    assert command("evaluate", "bins", binning, "--labels", gold, "-o", output).code == 1
    assert output.read_text() == "precious"
    assert command("evaluate", "bins", binning, "--labels", gold, "-o", output, "--force").code == 0


def test_gold_without_lengths_asks_for_contigs(command: Command, binning: Path, tmp_path: Path) -> None:
    gold = tmp_path / "plain.tsv"
    gold.write_text("a1\tA\nb1\tB\n")
    result = command("evaluate", "bins", binning, "--labels", gold, "-q")
    assert result.code == 1
    assert f"error: {gold}: has no column LENGTH or _LENGTH" in result.err
    assert "--contigs" in result.err


def test_no_gold_is_wrong_usage(command: Command, binning: Path) -> None:
    assert command("evaluate", "bins", binning).code == 2


def test_help_names_the_options(command: Command) -> None:
    result = command("evaluate", "bins", "--help")
    assert result.code == 0
    assert all(option in result.out for option in ("--labels", "--contigs", "--per-bin", "--max-contamination"))
