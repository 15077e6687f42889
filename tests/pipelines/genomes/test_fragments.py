"""`simulate clustering` and `simulate binning`: shapes, determinism, and too few genomes."""

from __future__ import annotations

import gzip
import logging
from collections import Counter
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.labels.evaluation_sets import read_labelled
from dnabert_s_cli.pipelines.genomes.fragments import FragmentCounts, FragmentsReport, simulate_fragments
from dnabert_s_cli.pipelines.genomes.inputs import GenomeInput
from dnabert_s_cli.pipelines.genomes.pieces import PieceSpec
from dnabert_s_cli.pipelines.progress import Silent
from tests.conftest import random_dna

EQUAL = FragmentCounts("clustering", 6, 6)


@pytest.fixture
def genomes(tmp_path: Path) -> Path:
    """A list of eight genomes of 4 to 11 kb, and one of 300 bp."""
    lines = []
    for number, length in enumerate([*range(4_000, 12_000, 1_000), 300]):
        (tmp_path / f"g{number}.fa").write_text(f">c\n{random_dna(length, number)}\n")
        lines.append(f"species {number}\tg{number}.fa\n")
    path = tmp_path / "genomes.tsv"
    path.write_text("".join(lines))
    return path


def _run(
    genomes: Path, output: Path, counts: FragmentCounts = EQUAL, *, spec: PieceSpec | None = None, seed: int = 0
) -> FragmentsReport:
    return simulate_fragments(
        GenomeInput((genomes,)),
        output,
        spec=spec or PieceSpec(100),
        counts=counts,
        seed=seed,
        progress=Silent(),
    )


def test_every_species_has_as_many_fragments(genomes: Path, tmp_path: Path) -> None:
    _run(genomes, tmp_path / "set")
    labelled = read_labelled(tmp_path / "set" / "clustering.tsv.gz")
    assert Counter(labelled.labels) == {f"species {number}": 6 for number in range(8)}
    assert {len(sequence) for sequence in labelled.sequences} == {100}


def test_a_genome_that_is_too_small_is_left_out_and_named(
    genomes: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        report = _run(genomes, tmp_path / "set")
    assert report.too_small == ("species 8",)
    assert "skipped 1 genomes that are too small: species 8" in caplog.text


def test_so_many_species_are_drawn_as_are_wanted(genomes: Path, tmp_path: Path) -> None:
    report = _run(genomes, tmp_path / "set", FragmentCounts("clustering", 6, 6, n_species=3))
    assert report.n_species == len(set(read_labelled(tmp_path / "set" / "clustering.tsv.gz").labels)) == 3


def test_numbers_of_fragments_differ_with_a_spread(genomes: Path, tmp_path: Path) -> None:
    _run(genomes, tmp_path / "set", FragmentCounts("clustering", 8, 3, spread=1.0))
    numbers = Counter(read_labelled(tmp_path / "set" / "clustering.tsv.gz").labels)
    assert min(numbers.values()) >= 3
    assert max(numbers.values()) > 2 * min(numbers.values())


def test_lengths_are_drawn_from_a_range(genomes: Path, tmp_path: Path) -> None:
    _run(genomes, tmp_path / "set", spec=PieceSpec(150, shortest_bp=50))
    lengths = [len(sequence) for sequence in read_labelled(tmp_path / "set" / "clustering.tsv.gz").sequences]
    assert 50 <= min(lengths) < 80 < 120 < max(lengths) <= 150


def test_same_seed_gives_the_same_bytes_and_another_seed_others(genomes: Path, tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        _run(genomes, tmp_path / name, seed=seed)
    files = [tmp_path / name / kind for kind in ("clustering.tsv.gz", "origins.tsv.gz") for name in "abc"]
    contents = [path.read_bytes() for path in files]
    assert contents[0] == contents[1] != contents[2]
    assert contents[3] == contents[4] != contents[5]


def test_fragments_of_a_genome_do_not_depend_on_the_others(genomes: Path, tmp_path: Path) -> None:
    _run(genomes, tmp_path / "all")
    _run(tmp_path / "g3.fa", tmp_path / "one")
    (tmp_path / "g3.tsv").write_text("species 3\tg3.fa\n")
    _run(tmp_path / "g3.tsv", tmp_path / "listed")
    everything = read_labelled(tmp_path / "all" / "clustering.tsv.gz")
    of_third = {s for s, label in zip(everything.sequences, everything.labels, strict=True) if label == "species 3"}
    assert set(read_labelled(tmp_path / "listed" / "clustering.tsv.gz").sequences) == of_third


def test_origins_say_where_each_row_comes_from(genomes: Path, tmp_path: Path) -> None:
    _run(genomes, tmp_path / "set")
    labels = read_labelled(tmp_path / "set" / "clustering.tsv.gz").labels
    rows = gzip.decompress((tmp_path / "set" / "origins.tsv.gz").read_bytes()).decode().splitlines()[1:]
    assert [row.split("\t")[:2] for row in rows] == [[str(row), label] for row, label in enumerate(labels, start=1)]


def test_too_few_genomes_are_an_error_and_leave_no_folder(genomes: Path, tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="8 of 9 genomes give 6 fragments of 100 bp, and 9 are wanted"):
        _run(genomes, tmp_path / "set", FragmentCounts("clustering", 6, 6, n_species=9))
    assert not (tmp_path / "set").exists()
