"""`pairs`: files written, wrong usage, and bad input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_s_cli.io.pairs.rows import PairFile
from tests.cli.conftest import Command
from tests.conftest import random_dna


@pytest.fixture
def genomes(tmp_path: Path) -> list[Path]:
    """Four genomes of 2 kb."""
    paths = [tmp_path / f"genome{n}.fa" for n in range(4)]
    for n, path in enumerate(paths):
        path.write_text(f">contig\n{random_dna(2000, n)}\n")
    return paths


def test_promised_files_are_written(command: Command, genomes: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = command(
        "pairs",
        *genomes,
        "-o",
        out / "train.csv.gz",
        "--val",
        out / "val.csv",
        "--length",
        200,
        "--pairs-per-genome",
        3,
    )
    assert result.code == 0
    assert {path.name for path in out.iterdir()} == {
        *("train.csv.gz", "train.manifest.tsv.gz", "train.run.json"),
        *("val.csv", "val.manifest.tsv"),
    }
    assert "9 pairs of 3 genomes; 3 pairs of 1 held out" in result.err
    assert result.out == ""
    with PairFile(out / "train.csv.gz", unpack_folder=tmp_path) as pairs:
        assert [len(pairs), len(pairs[0].first)] == [9, 200]


def test_second_run_needs_force_and_gives_the_same_bytes(command: Command, genomes: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "p.csv.gz"
    arguments = ("pairs", *genomes, "-o", output, "--length", 200, "--shortest", 100, "-q")
    assert command(*arguments).code == 0
    first = output.read_bytes()
    refused = command(*arguments)
    assert refused.code == 1
    assert "already exists" in refused.err
    assert command(*arguments, "--force").code == 0
    assert output.read_bytes() == first


def test_genes_are_joined_by_label(command: Command, tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text("".join(f">g{n}\n{random_dna(60, n)}\n" for n in range(40)))
    (tmp_path / "l.tsv").write_text("".join(f"g{n}\tspecies {n % 2}\n" for n in range(40)))
    joining = ("--labels", tmp_path / "l.tsv", "--join", "--length", 300, "--rounds", 2)
    assert command("pairs", tmp_path / "g.fa", "-o", tmp_path / "p.csv", *joining).code == 0
    with PairFile(tmp_path / "p.csv") as pairs:
        assert {pairs[row].label for row in range(len(pairs))} == {"species 0", "species 1"}


def test_standard_input_is_cut_by_record(tmp_path: Path) -> None:
    output = tmp_path / "p.csv"
    arguments = ("pairs", "-", "-o", output, "--by-record", "--length", "50", "-q")
    text = f">a\n{random_dna(300)}\n".encode()
    subprocess.run([sys.executable, "-m", "dnabert_s_cli", *arguments], input=text, check=True)
    assert output.read_text().count(",a\n") == 3


def test_bad_letter_names_file_line_and_record(command: Command, genomes: list[Path], tmp_path: Path) -> None:
    genomes[2].write_text(">contig\nACGT\nAC!T\n")
    result = command("pairs", *genomes, "-o", tmp_path / "p.csv", "-q")
    assert result.code == 1
    assert f"error: {genomes[2]}:3: record 'contig': '!' is not a nucleotide letter" in result.err
    assert not (tmp_path / "p.csv").exists()


@pytest.mark.parametrize("arguments", [("--labels", "l.tsv", "--by-record"), ("--length", "0"), ("--max-n", "2")])
def test_wrong_usage_ends_with_two(
    command: Command, genomes: list[Path], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    assert command("pairs", *genomes, "-o", tmp_path / "p.csv", *arguments).code == 2


def test_help_names_the_options(command: Command) -> None:
    result = command("pairs", "--help")
    assert result.code == 0
    assert all(option in result.out for option in ("--pairs-per-genome", "--val-fraction", "--join"))
