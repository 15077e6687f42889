"""`cluster`: from sequences and from tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command


def partition(text: str) -> set[frozenset[str]]:
    """The clusters of an assignments TSV, without their numbers; those of no cluster left out."""
    members: dict[str, set[str]] = {}
    for line in text.splitlines()[1:]:
        name, label = line.split("\t")
        members.setdefault(label, set()).add(name)
    members.pop("-1", None)
    return {frozenset(names) for names in members.values()}


TRUTH = {frozenset(f"s{species}_c{contig}" for contig in range(12)) for species in range(3)}


@pytest.mark.parametrize(
    "options", [["--method", "kmedoid"], ["--method", "hdbscan"], ["--method", "kmeans", "--clusters", "3"]], ids=str
)
def test_species_are_found_by_every_method(command: Command, assembly: Path, options: list[str]) -> None:
    result = command("cluster", assembly, "--model", "tnf-c", "-m", "1500", *options)
    assert result.code == 0
    assert partition(result.out) == TRUTH


def test_table_gives_the_same_clusters_as_its_sequences(command: Command, assembly: Path, tmp_path: Path) -> None:
    command("embed", assembly, "-o", tmp_path / "e.npy", "--model", "tnf-c")
    from_table = command("cluster", "--embeddings", tmp_path / "e.npy")
    assert from_table.out == command("cluster", assembly, "--model", "tnf-c").out


def test_file_is_written_with_its_provenance(command: Command, assembly: Path, tmp_path: Path) -> None:
    output = tmp_path / "clusters.tsv"
    assert command("cluster", assembly, "--model", "tnf-c", "-o", output).code == 0
    assert output.read_text().startswith("id\tcluster\ns0_c0\t")
    run = json.loads((tmp_path / "clusters.tsv.run.json").read_text())
    assert 0 < run["settings"]["min_similarity"] < 1
    assert run["encoder"]["model"] == "tnf-c"


def test_existing_file_is_kept_unless_forced(command: Command, assembly: Path, tmp_path: Path) -> None:
    output = tmp_path / "clusters.tsv"
    output.write_text("precious")
    assert command("cluster", assembly, "--model", "tnf-c", "-o", output).code == 1
    assert output.read_text() == "precious"


def test_kmeans_without_a_number_is_an_error_with_a_hint(command: Command, assembly: Path) -> None:
    result = command("cluster", assembly, "--model", "tnf-c", "--method", "kmeans", "-q")
    assert result.code == 1
    assert "--clusters" in result.err


@pytest.mark.parametrize("similarity", [0, 1])
def test_similarity_at_its_limits_is_an_error(command: Command, assembly: Path, similarity: int) -> None:
    result = command("cluster", assembly, "--model", "tnf-c", "--min-similarity", similarity, "-q")
    assert result.code == 1
    assert f"similarity {similarity} is not between 0 and 1" in result.err


def test_hdbscan_of_single_members_is_an_error(command: Command, assembly: Path) -> None:
    arguments = ("--method", "hdbscan", "--min-cluster-size", "1", "-q")
    result = command("cluster", assembly, "--model", "tnf-c", *arguments)
    assert result.code == 1
    assert "hdbscan cannot find clusters of 1" in result.err


def test_more_clusters_than_sequences_is_an_error(command: Command, reads: Path) -> None:
    result = command("cluster", reads, "--model", "tnf-c", "--method", "kmeans", "-k", "31", "-q")
    assert result.code == 1
    assert "31 clusters asked for, but there are only 30 sequences" in result.err


@pytest.mark.parametrize("both", [True, False])
def test_neither_or_both_inputs_is_wrong_usage(command: Command, reads: Path, tmp_path: Path, both: bool) -> None:
    arguments = [reads, "--embeddings", tmp_path / "e.npy"] if both else []
    assert command("cluster", *arguments).code == 2


@pytest.mark.parametrize("n_records", [1, 2])
@pytest.mark.parametrize("method", ["kmedoid", "hdbscan"])
def test_one_and_two_sequences_are_no_cluster(command: Command, tmp_path: Path, n_records: int, method: str) -> None:
    path = tmp_path / "few.fa"
    path.write_text("".join(f">r{index}\nACGTTGCACCA\n" for index in range(n_records)))
    result = command("cluster", path, "--model", "tnf-c", "--method", method)
    assert result.code == 0
    assert result.out == "id\tcluster\n" + "".join(f"r{index}\t-1\n" for index in range(n_records))
