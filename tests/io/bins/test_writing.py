from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins import writing as bins
from dnabert_s_cli.io.bins.stats import BinName, BinStats
from dnabert_s_cli.io.bins.writing import (
    SpeciesRow,
    write_bin_table,
    write_bins,
    write_biobox,
    write_contig2bin,
    write_species,
)

CONTIGS = [("a", "ACGT" * 30), ("b", "GG"), ("c", "NNNN"), ("d", "ATTA")]
BIN_OF = {"a": "bin.2", "b": "bin.1", "d": "bin.2"}


@st.composite
def _assignments(draw: st.DrawFn) -> tuple[list[tuple[str, str]], dict[str, str]]:
    ids = draw(st.lists(st.text("xyz.1", min_size=1, max_size=4), unique=True, max_size=12))
    contigs = [(name, draw(st.text("ACGTN", min_size=1, max_size=200))) for name in ids]
    numbers = draw(st.lists(st.none() | st.integers(1, 4), min_size=len(ids), max_size=len(ids)))
    return contigs, {name: f"bin.{n}" for name, n in zip(ids, numbers, strict=True) if n is not None}


def _read_fasta(path: Path) -> list[tuple[str, str]]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    records = [record.split("\n") for record in text.decode().split(">")[1:]]
    return [(name, "".join(lines)) for name, *lines in records]


@given(assignment=_assignments(), compress=st.booleans(), buffer_bytes=st.integers(1, 400))
@settings(max_examples=40)
def test_bins_partition_the_contigs(
    assignment: tuple[list[tuple[str, str]], dict[str, str]], compress: bool, buffer_bytes: int
) -> None:
    contigs, bin_of = assignment
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(bins, "BUFFER_BYTES", buffer_bytes)
        write_bins(folder, iter(contigs), bin_of=bin_of, gzip=compress, unbinned="unbinned")
        suffix = ".fa.gz" if compress else ".fa"
        found = {path.name: _read_fasta(path) for path in Path(folder, "bins").iterdir()}
        unbinned = _read_fasta(Path(folder, f"unbinned{suffix}"))
    expected = {
        f"{name}{suffix}": [contig for contig in contigs if bin_of.get(contig[0]) == name]
        for name in sorted(set(bin_of.values()))
    }
    assert found == expected
    assert unbinned == [contig for contig in contigs if contig[0] not in bin_of]


def test_sequences_are_wrapped_at_80(tmp_path: Path) -> None:
    write_bins(tmp_path, CONTIGS, bin_of={"a": "bin.1"})
    assert (tmp_path / "bins" / "bin.1.fa").read_text() == f">a\n{'ACGT' * 20}\n{'ACGT' * 10}\n"


def test_unbinned_contigs_are_written_only_on_request(tmp_path: Path) -> None:
    write_bins(tmp_path, CONTIGS, bin_of=BIN_OF)
    assert [path.name for path in tmp_path.iterdir()] == ["bins"]


@pytest.mark.parametrize(("compress", "name"), [(False, "unbinned.fa"), (True, "unbinned.fa.gz")])
def test_unbinned_file_is_there_even_if_empty(tmp_path: Path, compress: bool, name: str) -> None:
    write_bins(tmp_path, CONTIGS, bin_of=dict.fromkeys("abcd", "bin.1"), gzip=compress, unbinned="unbinned")
    assert _read_fasta(tmp_path / name) == []


def test_zero_bins_leave_an_empty_folder(tmp_path: Path) -> None:
    write_bins(tmp_path, CONTIGS, bin_of={})
    assert list((tmp_path / "bins").iterdir()) == []


def test_gzipped_bins_are_the_same_bytes_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_bins(tmp_path / name, CONTIGS, bin_of=BIN_OF, gzip=True)
    one, two = ((tmp_path / name / "bins" / "bin.2.fa.gz").read_bytes() for name in ("one", "two"))
    assert one == two


def test_contig_that_has_left_the_input_is_an_error_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no longer in the input") as caught:
        write_bins(tmp_path, CONTIGS[:3], bin_of=BIN_OF, unbinned="unbinned")
    assert caught.value.record == "d"
    assert list(tmp_path.iterdir()) == []


def test_contig2bin_has_no_header(tmp_path: Path) -> None:
    write_contig2bin(tmp_path / "contig2bin.tsv", BIN_OF.items())
    assert (tmp_path / "contig2bin.tsv").read_text() == "a\tbin.2\nb\tbin.1\nd\tbin.2\n"


def test_biobox_has_the_header_of_cami(tmp_path: Path) -> None:
    write_biobox(tmp_path / "bins.biobox.tsv", [("a", "bin.2")], sample_id="gut1")
    expected = "@Version:0.9.0\n@SampleID:gut1\n@@SEQUENCEID\tBINID\na\tbin.2\n"
    assert (tmp_path / "bins.biobox.tsv").read_text() == expected


def test_bin_table_has_one_line_for_each_bin(tmp_path: Path) -> None:
    stats = BinStats(number=3, n_contigs=2, total_bp=30, n50_bp=20, longest_bp=20, gc=0.5, name="bin.3")
    write_bin_table(tmp_path / "bins.tsv", [stats])
    expected = "bin\tn_contigs\ttotal_bp\tn50\tlongest\tgc\tcircular\nbin.3\t2\t30\t20\t20\t0.5000\tno\n"
    assert (tmp_path / "bins.tsv").read_text() == expected


def test_bin_table_has_a_column_for_each_sample_and_two_of_quality(tmp_path: Path) -> None:
    stats = [
        BinStats(1, 1, 30, 30, 30, gc=0.5, depth=[1.5, 0.0], completeness=97.06, contamination=1.234, name="bin.1"),
        BinStats(2, 1, 30, 30, 30, gc=0.5, depth=[22.25, 3.0], completeness=0.0, contamination=0.0, name="bin.2"),
    ]
    write_bin_table(tmp_path / "bins.tsv", stats, samples=("a.bam", "b.bam"), has_quality=True)
    header, *rows = (line.split("\t")[6:] for line in (tmp_path / "bins.tsv").read_text().splitlines())
    assert header == ["a.bam", "b.bam", "completeness", "contamination", "circular"]
    assert rows == [["1.5000", "0.0000", "97.06", "1.23", "no"], ["22.2500", "3.0000", "0.00", "0.00", "no"]]


def test_bin_table_of_zero_bins_names_its_samples_and_quality(tmp_path: Path) -> None:
    write_bin_table(tmp_path / "bins.tsv", [], samples=("a",), has_quality=True)
    columns = ["bin", "n_contigs", "total_bp", "n50", "longest", "gc", "a", "completeness", "contamination", "circular"]
    assert (tmp_path / "bins.tsv").read_text() == "\t".join(columns) + "\n"


def test_tables_of_zero_bins_are_empty_but_there(tmp_path: Path) -> None:
    write_contig2bin(tmp_path / "contig2bin.tsv", [])
    write_bin_table(tmp_path / "bins.tsv", [])
    assert (tmp_path / "contig2bin.tsv").read_text() == ""
    assert (tmp_path / "bins.tsv").read_text() == "bin\tn_contigs\ttotal_bp\tn50\tlongest\tgc\tcircular\n"


def test_unknown_numbers_are_missing_to_pandas_and_r(tmp_path: Path) -> None:
    stats = BinStats(1, 1, 9, 9, 9, gc=float("nan"), depth=[float("nan"), 2.0], name="bin.1")
    write_bin_table(tmp_path / "bins.tsv", [stats], samples=("a", "b"))
    assert (tmp_path / "bins.tsv").read_text().splitlines()[1].split("\t")[5:8] == ["NA", "NA", "2.0000"]


def test_bins_of_samples_say_sample_and_species(tmp_path: Path) -> None:
    one = BinStats(1, 1, 30, 30, 30, gc=0.5, name="S1.bin.1", sample="S1", species="species.1")
    write_bin_table(tmp_path / "bins.tsv", [one], by_sample=True)
    header, row = (line.split("\t") for line in (tmp_path / "bins.tsv").read_text().splitlines())
    assert (
        dict(zip(header, row, strict=True)).items()
        >= {"bin": "S1.bin.1", "sample": "S1", "species": "species.1"}.items()
    )


def test_species_have_one_line_each(tmp_path: Path) -> None:
    one = BinStats(1, 1, 30, 30, 30, name="S1.bin.1", sample="S1")
    two = BinStats(2, 1, 50, 50, 50, name="S2.bin.1", sample="S2", completeness=91.0, contamination=1.5)
    write_species(tmp_path / "species.tsv", [SpeciesRow("species.1", [one, two], two, 0.97)])
    header, row = (line.split("\t") for line in (tmp_path / "species.tsv").read_text().splitlines())
    assert header[:4] == ["species", "n_bins", "n_samples", "representative"]
    assert row == ["species.1", "2", "2", "S2.bin.1", "50", "91.00", "1.50", "0.9700", "S1.bin.1,S2.bin.1"]


def test_contigs_may_be_shown_under_other_names(tmp_path: Path) -> None:
    write_bins(tmp_path, [("S1:a", "ACGT")], bin_of={"S1:a": "S1.bin.1"}, shown=lambda name: name.partition(":")[2])
    assert (tmp_path / "bins" / "S1.bin.1.fa").read_text() == ">a\nACGT\n"


def test_names_are_columns_of_the_bin_table(tmp_path: Path) -> None:
    one = BinName("d__Bacteria;p__Bacillota", "phylum", 0.98765, "Bacillus subtilis 168", 0.7)
    stats = [
        BinStats(1, 2, 30, 20, 20, 0.5, taxon=one),
        BinStats(2, 1, 9, 9, 9, taxon=BinName("", "", 0.4, "Vibrio", -0.1)),
    ]
    write_bin_table(tmp_path / "bins.tsv", stats, has_names=True)
    header, *rows = (line.split("\t")[6:11] for line in (tmp_path / "bins.tsv").read_text().splitlines())
    assert header == ["taxon", "rank", "probability", "nearest", "similarity"]
    assert rows[0] == ["d__Bacteria;p__Bacillota", "phylum", "0.9877", "Bacillus subtilis 168", "0.7000"]
    assert rows[1] == ["unclassified", "-", "0.4000", "Vibrio", "-0.1000"]
