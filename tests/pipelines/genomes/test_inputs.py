"""Genomes as users name them: lists, folders, and labels for records."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.genomes.inputs import GenomeInput, find_genomes, generator_of
from dnabert_s_cli.pipelines.progress import Silent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two genome files, and a list that gives them other names."""
    (tmp_path / "a.fa").write_text(">a1\nACGT\n>a2\nAC\n")
    (tmp_path / "b.fa").write_text(">b1\nACG\n")
    (tmp_path / "list.tsv").write_text("Species one\tb.fa\nSpecies two\ta.fa\n")
    return tmp_path


def _genomes(genomes: GenomeInput) -> dict[str, list[str]]:
    with find_genomes(genomes, progress=Silent()) as found:
        read = {genome.label: [record.id for record in genome.records] for genome in found.read()}
        assert list(read) == list(found.labels)
        return read


def test_a_list_names_its_genomes(folder: Path) -> None:
    assert _genomes(GenomeInput((folder / "list.tsv",))) == {"Species one": ["b1"], "Species two": ["a1", "a2"]}


def test_a_folder_holds_a_genome_in_each_file(folder: Path) -> None:
    assert _genomes(GenomeInput((folder,))) == {"a": ["a1", "a2"], "b": ["b1"]}


def test_labels_put_records_of_a_folder_together(folder: Path) -> None:
    (folder / "labels").write_text("a1\tx\nb1\tx\n")
    assert _genomes(GenomeInput((folder,), folder / "labels")) == {"x": ["a1", "b1"]}


def test_a_name_given_twice_is_an_error(folder: Path) -> None:
    with pytest.raises(DnabertSError, match="its label 'a' is also that of") as caught:
        _genomes(GenomeInput((folder, folder / "a.fa")))
    assert caught.value.path == str(folder / "a.fa")


def test_randomness_follows_from_seed_and_label() -> None:
    draws = [generator_of(seed, label).random() for seed, label in ((0, "x"), (0, "x"), (1, "x"), (0, "y"))]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 3
