from __future__ import annotations

import gzip
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins import writing as bins
from dnabert_s_cli.io.bins.writing import (
    BinName,
    BinStats,
    n50_bp,
    write_bin_table,
    write_bins,
    write_biobox,
    write_contig2bin,
)

CONTIGS = [("a", "ACGT" * 30), ("b", "GG"), ("c", "NNNN"), ("d", "ATTA")]
BIN_OF = {"a": 2, "b": 1, "d": 2}


@st.composite
def _assignments(draw: st.DrawFn) -> tuple[list[tuple[str, str]], dict[str, int]]:
    ids = draw(st.lists(st.text("xyz.1", min_size=1, max_size=4), unique=True, max_size=12))
    contigs = [(name, draw(st.text("ACGTN", min_size=1, max_size=200))) for name in ids]
    numbers = draw(st.lists(st.none() | st.integers(1, 4), min_size=len(ids), max_size=len(ids)))
    return contigs, {name: number for name, number in zip(ids, numbers, strict=True) if number is not None}


def _read_fasta(path: Path) -> list[tuple[str, str]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    records = [record.split("\n") for record in text.decode().split(">")[1:]]
    return [(name, "".join(lines)) for name, *lines in records]


@given(assignment=_assignments(), compress=st.booleans(), buffer_bytes=st.integers(1, 400))
@settings(max_examples=40)
def test_bins_partition_the_contigs(
    assignment: tuple[list[tuple[str, str]], dict[str, int]], compress: bool, buffer_bytes: int
) -> None:
    contigs, bin_of = assignment
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(bins, "BUFFER_BYTES", buffer_bytes)
        write_bins(folder, iter(contigs), bin_of=bin_of, gzip=compress, unbinned=True)
        suffix = ".fa.gz" if compress else ".fa"
        found = {path.name: _read_fasta(path) for path in Path(folder, "bins").iterdir()}
        unbinned = _read_fasta(Path(folder, f"unbinned{suffix}"))
    expected = {
        f"bin.{number}{suffix}": [contig for contig in contigs if bin_of.get(contig[0]) == number]
        for number in sorted(set(bin_of.values()))
    }
    assert found == expected
    assert unbinned == [contig for contig in contigs if contig[0] not in bin_of]


def test_sequences_are_wrapped_at_80(tmp_path: Path) -> None:
    write_bins(tmp_path, CONTIGS, bin_of={"a": 1})
    assert (tmp_path / "bins" / "bin.1.fa").read_text() == f">a\n{'ACGT' * 20}\n{'ACGT' * 10}\n"


def test_stats_count_each_bin_and_come_by_number(tmp_path: Path) -> None:
    assert write_bins(tmp_path, CONTIGS, bin_of=BIN_OF) == [
        BinStats(bin=1, n_contigs=1, total_bp=2, n50_bp=2, longest_bp=2, gc=1.0),
        BinStats(bin=2, n_contigs=2, total_bp=124, n50_bp=120, longest_bp=120, gc=60 / 124),
    ]


def test_gc_is_not_a_number_where_no_base_is_known(tmp_path: Path) -> None:
    assert math.isnan(write_bins(tmp_path, CONTIGS, bin_of={"c": 1})[0].gc)


def test_unbinned_contigs_are_written_only_on_request(tmp_path: Path) -> None:
    write_bins(tmp_path, CONTIGS, bin_of=BIN_OF)
    assert [path.name for path in tmp_path.iterdir()] == ["bins"]


@pytest.mark.parametrize(("compress", "name"), [(False, "unbinned.fa"), (True, "unbinned.fa.gz")])
def test_unbinned_file_is_there_even_if_empty(tmp_path: Path, compress: bool, name: str) -> None:
    write_bins(tmp_path, CONTIGS, bin_of=dict.fromkeys("abcd", 1), gzip=compress, unbinned=True)
    assert _read_fasta(tmp_path / name) == []


def test_zero_bins_leave_an_empty_folder(tmp_path: Path) -> None:
    assert write_bins(tmp_path, CONTIGS, bin_of={}) == []
    assert list((tmp_path / "bins").iterdir()) == []


def test_gzipped_bins_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_bins(tmp_path / name, CONTIGS, bin_of=BIN_OF, gzip=True)
    one, two = ((tmp_path / name / "bins" / "bin.2.fa.gz").read_bytes() for name in ("one", "two"))
    assert one == two


def test_contig_that_has_left_the_input_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no longer in the input") as caught:
        write_bins(tmp_path, CONTIGS[:3], bin_of=BIN_OF, unbinned=True)
    assert caught.value.record == "d"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("lengths_bp", "expected"), [([], 0), ([7], 7), ([2, 2, 2, 3, 3, 4, 8, 8], 8), ([10, 5, 5], 10), ([1, 1, 1], 1)]
)
def test_n50_is_the_length_that_half_of_the_bases_reach(lengths_bp: list[int], expected: int) -> None:
    assert n50_bp(lengths_bp) == expected


def test_contig2bin_has_no_header(tmp_path: Path) -> None:
    write_contig2bin(tmp_path / "contig2bin.tsv", BIN_OF.items())
    assert (tmp_path / "contig2bin.tsv").read_text() == "a\tbin.2\nb\tbin.1\nd\tbin.2\n"


def test_biobox_has_the_header_of_cami(tmp_path: Path) -> None:
    write_biobox(tmp_path / "bins.biobox.tsv", [("a", 2)], sample_id="gut1")
    expected = "@Version:0.9.0\n@SampleID:gut1\n@@SEQUENCEID\tBINID\na\tbin.2\n"
    assert (tmp_path / "bins.biobox.tsv").read_text() == expected


def test_bin_table_has_one_line_for_each_bin(tmp_path: Path) -> None:
    stats = BinStats(bin=3, n_contigs=2, total_bp=30, n50_bp=20, longest_bp=20, gc=0.5)
    write_bin_table(tmp_path / "bins.tsv", [stats])
    expected = "bin\tn_contigs\ttotal_bp\tn50\tlongest\tgc\nbin.3\t2\t30\t20\t20\t0.5000\n"
    assert (tmp_path / "bins.tsv").read_text() == expected


def test_bin_table_has_a_column_for_each_sample_and_two_of_quality(tmp_path: Path) -> None:
    stats = [BinStats(n, n_contigs=1, total_bp=30, n50_bp=30, longest_bp=30, gc=0.5) for n in (1, 2)]
    depth = {1: [1.5, 0.0], 2: [22.25, 3.0]}
    quality = {1: (97.06, 1.234), 2: (0.0, 0.0)}
    write_bin_table(tmp_path / "bins.tsv", stats, samples=("a.bam", "b.bam"), depth=depth, quality=quality)
    header, *rows = (line.split("\t")[6:] for line in (tmp_path / "bins.tsv").read_text().splitlines())
    assert header == ["a.bam", "b.bam", "completeness", "contamination"]
    assert rows == [["1.5000", "0.0000", "97.06", "1.23"], ["22.2500", "3.0000", "0.00", "0.00"]]


def test_bin_table_of_zero_bins_names_its_samples_and_quality(tmp_path: Path) -> None:
    write_bin_table(tmp_path / "bins.tsv", [], samples=("a",), depth={}, quality={})
    columns = ["bin", "n_contigs", "total_bp", "n50", "longest", "gc", "a", "completeness", "contamination"]
    assert (tmp_path / "bins.tsv").read_text() == "\t".join(columns) + "\n"


def test_tables_of_zero_bins_are_empty_but_there(tmp_path: Path) -> None:
    write_contig2bin(tmp_path / "contig2bin.tsv", [])
    write_bin_table(tmp_path / "bins.tsv", [])
    assert (tmp_path / "contig2bin.tsv").read_text() == ""
    assert (tmp_path / "bins.tsv").read_text() == "bin\tn_contigs\ttotal_bp\tn50\tlongest\tgc\n"


def test_names_are_columns_of_the_bin_table(tmp_path: Path) -> None:
    stats = [BinStats(1, 2, 30, 20, 20, 0.5), BinStats(2, 1, 10, 10, 10, 0.5)]
    names = {
        1: BinName("d__Bacteria;p__Bacillota", "phylum", 0.98765, "Bacillus subtilis 168", 0.7),
        2: BinName("", "", 0.4, "Vibrio", -0.1),
    }
    write_bin_table(tmp_path / "bins.tsv", stats, names=names)
    header, *rows = (line.split("\t")[6:] for line in (tmp_path / "bins.tsv").read_text().splitlines())
    assert header == ["taxon", "rank", "probability", "nearest", "similarity"]
    assert rows[0] == ["d__Bacteria;p__Bacillota", "phylum", "0.9877", "Bacillus subtilis 168", "0.7000"]
    assert rows[1] == ["unclassified", "-", "0.4000", "Vibrio", "-0.1000"]
