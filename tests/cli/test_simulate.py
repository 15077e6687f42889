"""`simulate`: each set made and used, wrong usage, and bad input."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.conftest import random_dna


@pytest.fixture
def genomes(tmp_path: Path) -> Path:
    """A list of three genomes of 30 kb."""
    for number in range(3):
        (tmp_path / f"g{number}.fa").write_text(f">c\n{random_dna(30_000, number)}\n")
    path = tmp_path / "genomes.tsv"
    path.write_text("".join(f"species {number}\tg{number}.fa\n" for number in range(3)))
    return path


@pytest.mark.parametrize("kind", ["clustering", "binning"])
def test_fragments_are_written(command: Command, genomes: Path, tmp_path: Path, kind: str) -> None:
    arguments = ("--length", 300, "--shortest", 100, "--fragments", 20)
    result = command("simulate", kind, genomes, "-o", tmp_path / "set", *arguments)
    assert (result.code, result.out) == (0, "")
    assert {path.name for path in (tmp_path / "set").iterdir()} == {f"{kind}.tsv.gz", "origins.tsv.gz", "run.json"}
    assert "of 3 species" in result.err


def test_a_metagenome_is_embedded_binned_and_evaluated(command: Command, genomes: Path, tmp_path: Path) -> None:
    made = tmp_path / "set"
    assert command("simulate", "metagenome", genomes, "-o", made, "-q").code == 0
    binning = ("--model", "tnf-c", "--min-bin", 1000, "-q")
    assert command("bin", made / "contigs.fa.gz", "-o", tmp_path / "bins", *binning).code == 0
    result = command("evaluate", "bins", tmp_path / "bins", "--labels", made / "gold.biobox.tsv", "-q")
    assert result.code == 0
    assert result.out.splitlines()[1].startswith("bins\t3\t")


def test_existing_folder_is_kept_unless_forced(command: Command, genomes: Path, tmp_path: Path) -> None:
    arguments = ("simulate", "clustering", genomes, "-o", tmp_path / "set", "--length", 300, "-q")
    assert command(*arguments).code == 0
    assert command(*arguments).code == 1
    assert command(*arguments, "--force").code == 0


def test_bad_genome_names_file_line_and_record(command: Command, genomes: Path, tmp_path: Path) -> None:
    (tmp_path / "g1.fa").write_text(">c\nAC!T\n")
    result = command("simulate", "clustering", genomes, "-o", tmp_path / "set", "-q")
    assert result.code == 1
    assert f"error: {tmp_path / 'g1.fa'}:2: record 'c': '!' is not a nucleotide letter" in result.err
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("arguments", [(), ("-o", "x", "--fragments", "0"), ("-o", "x", "--max-n", "2")])
def test_wrong_usage_ends_with_two(command: Command, genomes: Path, arguments: tuple[str, ...]) -> None:
    assert command("simulate", "clustering", genomes, *arguments).code == 2


@pytest.mark.parametrize("kind", ["clustering", "binning", "metagenome"])
def test_help_names_the_options(command: Command, kind: str) -> None:
    result = command("simulate", kind, "--help")
    assert result.code == 0
    assert "--labels" in result.out
