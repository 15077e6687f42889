"""Binnings and gold standards in all their forms, and what is wrong with bad ones."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.reading import read_binning, read_gold

EXPECTED = {"a": "x", "b": "y", "c": "x"}


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "a\tx\nb\ty\nc\tx\n",
        "@Version:0.9.0\n@SampleID:s\n\n@@SEQUENCEID\tBINID\t_LENGTH\na\tx\t5\nb\ty\t6\nc\tx\t7\n",
        "id\tcluster\na\tx\nb\ty\nd\t-1\nc\tx\n",
        "a\tx\nd\tunbinned\nb\ty\nc\tx\n",
    ],
    ids=["contig2bin", "biobox", "clusters", "unbinned"],
)
def test_tables_are_read(tmp_path: Path, text: str) -> None:
    assert read_binning(_write(tmp_path / "b.tsv", text)) == EXPECTED


def test_a_folder_has_a_bin_in_each_fasta(tmp_path: Path) -> None:
    _write(tmp_path / "x.fa", ">a some words\nAC\n>c\nGT\n")
    _write(tmp_path / "y.fna", ">b\nAC\n")
    _write(tmp_path / "x.unbinned.fa", ">d\nAC\n")
    _write(tmp_path / "notes.txt", "no bin")
    assert read_binning(tmp_path) == EXPECTED


def test_the_folder_that_bin_wrote_is_read_by_its_table(tmp_path: Path) -> None:
    _write(tmp_path / "contig2bin.tsv", "a\tx\nb\ty\nc\tx\n")
    assert read_binning(tmp_path) == EXPECTED


def test_a_contig_in_two_files_is_an_error_that_names_both(tmp_path: Path) -> None:
    _write(tmp_path / "x.fa", ">a\nAC\n")
    _write(tmp_path / "y.fa", ">b\nAC\n>a\nAC\n")
    with pytest.raises(DnabertSError, match=r"is in two bins, here and in x\.fa") as caught:
        read_binning(tmp_path)
    assert (caught.value.path, caught.value.record) == (str(tmp_path / "y.fa"), "a")


def test_a_contig_in_two_bins_of_a_table_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = _write(tmp_path / "b.tsv", "a\tx\nb\ty\na\ty\n")
    with pytest.raises(DnabertSError) as caught:
        read_binning(path)
    assert (caught.value.path, caught.value.line, caught.value.record) == (str(path), 3, "a")


def test_a_folder_without_bins_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="holds no bins") as caught:
        read_binning(tmp_path)
    assert caught.value.path == str(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "@@SEQUENCEID\tBINID\tLENGTH\na\tA\t5\nb\tB\t6\n",
        "@@_LENGTH\tBINID\tSEQUENCEID\n5\tA\ta\n6\tB\tb\n",
        "contig\tgenome\tlength\na\tA\t5\nb\tB\t6\n",
    ],
    ids=["LENGTH", "_LENGTH", "header"],
)
def test_gold_has_lengths_of_its_own(tmp_path: Path, text: str) -> None:
    gold = read_gold(_write(tmp_path / "gold.tsv", text))
    assert (gold.contigs, gold.genomes, gold.lengths_bp) == (("a", "b"), ("A", "B"), (5, 6))


def test_gold_takes_lengths_from_the_contigs(tmp_path: Path) -> None:
    contigs = _write(tmp_path / "c.fa", ">b\nACG\n>a\nAC\n>z\nA\n")
    gold = read_gold(_write(tmp_path / "gold.tsv", "a\tA\nb\tB\n"), [contigs])
    assert gold.lengths_bp == (2, 3)


def test_gold_without_lengths_is_an_error_that_says_what_to_give(tmp_path: Path) -> None:
    path = _write(tmp_path / "gold.tsv", "a\tA\nb\tB\n")
    with pytest.raises(DnabertSError, match="no column LENGTH") as caught:
        read_gold(path)
    assert caught.value.path == str(path)
    assert "--contigs" in (caught.value.hint or "")


def test_gold_contig_that_the_fasta_lacks_is_an_error(tmp_path: Path) -> None:
    contigs = _write(tmp_path / "c.fa", ">a\nAC\n")
    with pytest.raises(DnabertSError, match="lacks 1 of 2 contigs") as caught:
        read_gold(_write(tmp_path / "gold.tsv", "a\tA\nb\tB\n"), [contigs])
    assert (caught.value.path, caught.value.record) == (str(contigs), "b")


@pytest.mark.parametrize("length", ["0", "-3", "x", ""])
def test_a_length_that_is_none_is_an_error_with_its_line(tmp_path: Path, length: str) -> None:
    path = _write(tmp_path / "gold.tsv", f"@@SEQUENCEID\tBINID\tLENGTH\na\tA\t5\nb\tB\t{length}\n")
    with pytest.raises(DnabertSError, match="is not a number of bases") as caught:
        read_gold(path)
    assert (caught.value.path, caught.value.line, caught.value.record) == (str(path), 3, "b")


def test_empty_gold_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="holds no contig"):
        read_gold(_write(tmp_path / "gold.tsv", ""))


def test_gold_is_not_read_from_standard_input() -> None:
    with pytest.raises(DnabertSError, match="not from standard input"):
        read_gold("-")


@pytest.mark.parametrize("name", ["bin.lowDepth", "bin.tooShort", "bin.unbinned", "unbinned", "x_noclass", "tooshort"])
def test_what_a_binner_left_over_is_no_bin_and_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    _write(tmp_path / "x.fa", ">a\nAC\n")
    _write(tmp_path / f"{name}.fa", ">b\nAC\n")
    assert read_binning(tmp_path) == {"a": "x"}
    assert f"left out files of contigs in no bin: {name}.fa" in caplog.text
    assert read_binning(_write(tmp_path / "b.tsv", f"a\tx\nb\t{name}\n")) == {"a": "x"}
    assert f"left out names of no bin: {name}" in caplog.text


@pytest.mark.parametrize("content", [b"", b"\n \n", gzip.compress(b"", mtime=0)])
def test_a_file_without_a_record_is_no_bin_and_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    _write(tmp_path / "x.fa", ">a\nAC\n")
    (tmp_path / "y.fa.gz").write_bytes(content)
    assert read_binning(tmp_path) == {"a": "x"}
    assert "left out files without a record: y.fa.gz" in caplog.text


def test_names_end_at_the_first_blank(tmp_path: Path) -> None:
    assert read_binning(_write(tmp_path / "b.tsv", "a flag=1\tx\nb flag=1 len=4\ty\nc\tx\n")) == EXPECTED
    gold = read_gold(_write(tmp_path / "g.tsv", "contig\tgenome\tlength\na flag=1\tx\t5\nb len=4\ty\t6\n"))
    assert (gold.contigs, gold.lengths_bp) == (("a", "b"), (5, 6))


def test_names_that_are_the_same_up_to_the_first_blank_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="duplicate id, first in line 1") as caught:
        read_binning(_write(tmp_path / "b.tsv", "a one\tx\na two\ty\n"))
    assert (caught.value.line, caught.value.record) == (2, "a")


@pytest.mark.parametrize("length", ["9" * 5000, "1e3", "²", "-4"])
def test_a_length_of_no_plain_digits_is_an_error(tmp_path: Path, length: str) -> None:
    with pytest.raises(DnabertSError, match="is not a number of bases"):
        read_gold(_write(tmp_path / "g.tsv", f"contig\tgenome\tlength\na\tx\t{length}\n"))
