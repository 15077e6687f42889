"""`cluster`: what is written and said beside the assignments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.cli.conftest import Command

SUMMARY_HEADER = "cluster\tn\ttotal_bp\tmean_similarity\trepresentative"


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """The true species of the contigs of `assembly`."""
    path = tmp_path / "labels.tsv"
    path.write_text(
        "".join(f"s{species}_c{contig}\tspecies {species}\n" for species in range(3) for contig in range(12))
    )
    return path


def test_summary_and_representatives_are_of_the_clusters(command: Command, assembly: Path, tmp_path: Path) -> None:
    files = ("--summary", tmp_path / "s.tsv", "--representatives", tmp_path / "r.fa")
    assert command("cluster", assembly, "--model", "tnf-c", "-m", 1500, *files).code == 0
    header, *rows = (tmp_path / "s.tsv").read_text().splitlines()
    assert header == SUMMARY_HEADER
    assert [row.split("\t")[1:3] for row in rows] == [["12", "360000"]] * 3
    representatives = [record.id for record in read_sequences([tmp_path / "r.fa"])]
    assert [row.split("\t")[4] for row in rows] == representatives
    assert {name[:2] for name in representatives} == {"s0", "s1", "s2"}


def test_representatives_of_a_table_are_named_but_not_written(command: Command, assembly: Path, tmp_path: Path) -> None:
    command("embed", assembly, "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q")
    arguments = ("cluster", "--embeddings", tmp_path / "e.npy", "-q", "--representatives")
    assert command(*arguments, tmp_path / "r.tsv").code == 0
    assert (tmp_path / "r.tsv").read_text().startswith("id\tcluster\ns")
    refused = command(*arguments, tmp_path / "r.fa")
    assert refused.code == 1
    assert "FASTA needs the sequences" in refused.err


def test_scores_against_labels_are_said_and_kept(
    command: Command, assembly: Path, labels: Path, tmp_path: Path
) -> None:
    output = tmp_path / "c.tsv"
    result = command("cluster", assembly, "--model", "tnf-c", "-m", 1500, "--labels", labels, "-o", output)
    assert result.code == 0
    assert "against the labels: ari 1, nmi 1, homogeneity 1, completeness 1, purity 1, clustered 1" in result.err
    scores = json.loads((tmp_path / "c.tsv.run.json").read_text())["scores"]
    assert scores["ari"] == pytest.approx(1)
    assert scores["n_scored"] == 36


def test_labels_of_other_sequences_are_refused(command: Command, assembly: Path, tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("s0_c1\tx\nz\ty\n")
    result = command("cluster", assembly, "--model", "tnf-c", "--labels", tmp_path / "l.tsv", "-q")
    assert result.code == 1
    assert f"error: {tmp_path / 'l.tsv'}: has a label for only 1 of 37 records" in result.err


@pytest.mark.parametrize("name", ["map.html", "map.png"])
def test_a_map_is_drawn(command: Command, assembly: Path, tmp_path: Path, name: str) -> None:
    pytest.importorskip("matplotlib")
    assert command("cluster", assembly, "--model", "tnf-c", "--plot", tmp_path / name, "-q").code == 0
    assert (tmp_path / name).stat().st_size > 5000


def test_a_map_of_another_suffix_is_refused_before_any_work(command: Command, assembly: Path, tmp_path: Path) -> None:
    result = command("cluster", assembly, "--model", "tnf-c", "--plot", tmp_path / "map.pdf", "-q")
    assert result.code == 1
    assert "a map is .png or .html, not '.pdf'" in result.err
    assert result.out == ""


def test_existing_summary_is_kept_unless_forced(command: Command, assembly: Path, tmp_path: Path) -> None:
    (tmp_path / "s.tsv").write_text("precious")
    arguments = ("cluster", assembly, "--model", "tnf-c", "--summary", tmp_path / "s.tsv", "-q")
    assert command(*arguments).code == 1
    assert (tmp_path / "s.tsv").read_text() == "precious"
    assert command(*arguments, "--force").code == 0


def test_kmeans_finds_the_number_of_clusters(command: Command, assembly: Path) -> None:
    result = command("cluster", assembly, "--model", "tnf-c", "-m", 1500, "--method", "kmeans", "-k", "auto")
    assert result.code == 0
    assert "3 clusters" in result.err


@pytest.mark.parametrize("number", ["0", "-2", "many"])
def test_a_number_of_clusters_that_is_none_is_wrong_usage(command: Command, assembly: Path, number: str) -> None:
    assert command("cluster", assembly, "--model", "tnf-c", "--method", "kmeans", "--clusters", number).code == 2
