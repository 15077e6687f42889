from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.sequences import genomes
from dnabert_s_cli.io.sequences.genomes import (
    Genome,
    GenomeFile,
    RecordsByLabel,
    file_label,
    list_genome_files,
    read_genome,
)
from dnabert_s_cli.io.sequences.reading import Record


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("a/GCF_1.2_ASM.fna.gz", "GCF_1.2_ASM"),
        ("x.FA", "x"),
        ("x.v1.2", "x.v1.2"),
        ("x.fasta.zst", "x"),
        ("x.gz", "x"),
        (".fa", ".fa"),
        ("x.fa.fa", "x.fa"),
    ],
)
def test_label_is_the_name_without_known_suffixes(path: str, label: str) -> None:
    assert file_label(path) == label


def test_file_is_one_genome(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">a\nACGT\n>b\nAC\n")
    genome = read_genome(tmp_path / "g.fa", min_length_bp=3)
    assert genome == Genome("g", (Record("a", "ACGT"),))
    assert genome.total_bp == 4


@given(rows=st.lists(st.tuples(st.sampled_from("xyz"), st.text("ACGT", max_size=9)), max_size=20))
@settings(max_examples=50)
def test_records_come_back_by_label_in_order(rows: list[tuple[str, str]]) -> None:
    expected: dict[str, list[Record]] = {}
    with RecordsByLabel() as records:
        for number, (label, sequence) in enumerate(rows):
            record = Record(f"r{number}", sequence)
            records.add(record, label)
            expected.setdefault(label, []).append(record)
        for _ in range(2):  # it can be read again
            assert list(records.genomes()) == [Genome(label, tuple(those)) for label, those in expected.items()]
        assert records.labels == list(expected)
        assert records.total_bp == [sum(len(one.sequence) for one in those) for those in expected.values()]


def test_full_disk_is_an_error_that_names_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(genomes.tempfile, "TemporaryFile", lambda **_: SimpleNamespace(write=full, close=lambda: None))
    with RecordsByLabel() as records, pytest.raises(DnabertSError, match="No space left") as caught:
        records.add(Record("a", "ACGT"), "x")
    assert caught.value.path == tempfile.gettempdir()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.fna.gz", "a.fa", "notes.txt"):
        (tmp_path / name).write_text(">r\nACGT\n")
    return tmp_path


def test_a_folder_stands_for_its_sequence_files(folder: Path) -> None:
    expected = [GenomeFile("a", folder / "a.fa"), GenomeFile("b", folder / "b.fna.gz")]
    assert list_genome_files([folder]) == expected


@pytest.mark.parametrize("header", ["", "genome\tpath\n", "# comment\nspecies\tfile\n"])
def test_a_list_names_labels_and_files_beside_it(folder: Path, header: str) -> None:
    (folder / "list.tsv").write_text(f"{header}Some species\ta.fa\nother\t{folder}/b.fna.gz\n")
    expected = [GenomeFile("Some species", folder / "a.fa"), GenomeFile("other", folder / "b.fna.gz")]
    assert list_genome_files([folder / "list.tsv"]) == expected


def test_other_paths_are_genomes_named_after_the_file() -> None:
    assert list_genome_files(["x/y.fa", "-"]) == [GenomeFile("y", "x/y.fa"), GenomeFile("-", "-")]


def test_all_bad_lines_of_a_list_are_reported(folder: Path) -> None:
    (folder / "list.tsv").write_text("one\ta.fa\ntwo\ttwo.fa\nthree\n")
    with pytest.raises(DnabertSError) as caught:
        list_genome_files([folder / "list.tsv"])
    assert f"list.tsv:2: record 'two': no such file: {folder / 'two.fa'}" in str(caught.value)
    assert "list.tsv:3: lacks a label or a path" in str(caught.value)


def test_an_empty_list_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_text("genome\tpath\n")
    with pytest.raises(DnabertSError, match="names no genome") as caught:
        list_genome_files([tmp_path / "list.tsv"])
    assert caught.value.path == str(tmp_path / "list.tsv")


def test_a_folder_without_sequence_files_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="holds no sequence file") as caught:
        list_genome_files([tmp_path])
    assert caught.value.path == str(tmp_path)
