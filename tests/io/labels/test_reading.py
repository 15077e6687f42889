from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.writing import write_biobox, write_contig2bin
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.text_tables import is_id_column

NAMES = st.text("abcXYZ019_.|-", min_size=1, max_size=8)


def _read(tmp_path: Path, content: str | bytes) -> dict[str, str]:
    path = tmp_path / "labels.tsv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_labels(path)


def test_lines_become_labels_in_file_order(tmp_path: Path) -> None:
    assert list(_read(tmp_path, "b\tx\na\ty\n").items()) == [("b", "x"), ("a", "y")]


def test_comments_empty_lines_crlf_and_missing_last_line_end_are_fine(tmp_path: Path) -> None:
    assert _read(tmp_path, "# made by hand\r\na\tx\r\n\r\nb\ty") == {"a": "x", "b": "y"}


def test_compression_is_told_by_content(tmp_path: Path) -> None:
    assert _read(tmp_path, gzip.compress(b"a\tx\n")) == {"a": "x"}


def test_labels_may_hold_blanks_and_further_columns_are_passed_over(tmp_path: Path) -> None:
    assert _read(tmp_path, "a\tEscherichia coli\t562\n") == {"a": "Escherichia coli"}


@pytest.mark.parametrize(
    "header", ["sequence_id\tlabel", "id\tspecies", "contig\tbin", "Contig_ID\tBin", "contigName\tx", "\ufeffid\tlabel"]
)
def test_header_is_no_label(tmp_path: Path, header: str) -> None:
    assert _read(tmp_path, f"{header}\na\tx\n") == {"a": "x"}


def test_header_that_names_the_id_second_turns_the_columns(tmp_path: Path) -> None:
    assert _read(tmp_path, "clustername\tcontigname\nbin1\ta\nbin1\tb\n") == {"a": "bin1", "b": "bin1"}


def test_name_of_a_header_is_an_id_further_down(tmp_path: Path) -> None:
    assert _read(tmp_path, "a\tx\nid\ty\n") == {"a": "x", "id": "y"}


def test_biobox_columns_are_found_by_name(tmp_path: Path) -> None:
    text = "@Version:0.9.0\n@SampleID:s\n\n@@SEQUENCEID\tTAXID\tBINID\t_LENGTH\na\t562\tbin1\t9\n"
    assert _read(tmp_path, text) == {"a": "bin1"}


def test_biobox_without_bins_gives_taxa(tmp_path: Path) -> None:
    assert _read(tmp_path, "@Version:0.9.0\n@@SEQUENCEID\tTAXID\na\t562\n") == {"a": "562"}


def test_biobox_without_known_columns_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no column SEQUENCEID") as caught:
        _read(tmp_path, "@Version:0.9.0\n@@CONTIG\tGENOME\na\tx\n")
    assert (caught.value.path, caught.value.line) == (str(tmp_path / "labels.tsv"), 2)


def test_duplicate_id_names_both_lines(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="first in line 1") as caught:
        _read(tmp_path, "a\tx\nb\tx\na\tx\n")
    assert (caught.value.path, caught.value.line, caught.value.record) == (str(tmp_path / "labels.tsv"), 3, "a")


@pytest.mark.parametrize("line", ["b", "b x", "b,x"])
def test_line_without_tab_is_an_error(tmp_path: Path, line: str) -> None:
    with pytest.raises(DnabertSError, match=f"expected an id, a TAB and a label: '{line}'") as caught:
        _read(tmp_path, f"a\tx\n{line}\n")
    assert (caught.value.path, caught.value.line) == (str(tmp_path / "labels.tsv"), 2)


def test_empty_id_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="id is empty") as caught:
        _read(tmp_path, "a\tx\n\ty\n")
    assert caught.value.line == 2


def test_empty_label_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="label is empty") as caught:
        _read(tmp_path, "a\tx\nb\t\n")
    assert (caught.value.line, caught.value.record) == (2, "b")


def test_binary_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="not text in UTF-8") as caught:
        _read(tmp_path, b"a\tx\n\xff\xfe\t\n")
    assert (caught.value.path, caught.value.line) == (str(tmp_path / "labels.tsv"), 2)


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no such file") as caught:
        read_labels(tmp_path / "none.tsv")
    assert caught.value.path == str(tmp_path / "none.tsv")


@given(bin_of=st.dictionaries(NAMES.map("c{}".format), st.integers(1, 99), max_size=8))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_contig2bin_and_biobox_read_back_as_written(tmp_path: Path, bin_of: dict[str, int]) -> None:
    expected = {name: f"bin.{number}" for name, number in bin_of.items()}
    write_contig2bin(tmp_path / "contig2bin.tsv", expected.items())
    write_biobox(tmp_path / "bins.biobox.tsv", expected.items(), sample_id="sample")
    assert read_labels(tmp_path / "contig2bin.tsv") == expected
    assert read_labels(tmp_path / "bins.biobox.tsv") == expected


@pytest.mark.parametrize(("column", "is_id"), [("contig", True), ("Contig_Name", True), ("sample1", False)])
def test_columns_of_ids_are_told_by_name(column: str, is_id: bool) -> None:
    assert is_id_column(column) is is_id


def test_several_samples_of_a_biobox_are_read_while_their_ids_differ(tmp_path: Path) -> None:
    head = "@SampleID:{}\n@@SEQUENCEID\tBINID\n"
    assert _read(tmp_path, head.format("s1") + "a\tx\n" + head.format("s2") + "b\ty\n") == {"a": "x", "b": "y"}
    with pytest.raises(DnabertSError, match="duplicate id, first in line 3; the file holds 2 samples") as caught:
        _read(tmp_path, head.format("s1") + "a\tx\n" + head.format("s2") + "a\ty\n")
    assert (caught.value.line, caught.value.record) == (6, "a")
    assert "@SampleID" in str(caught.value.hint)


def test_an_id_may_begin_with_the_mark_of_a_biobox(tmp_path: Path) -> None:
    assert _read(tmp_path, "@a\tx\nb\ty\n") == {"@a": "x", "b": "y"}
    assert _read(tmp_path, "@Version:0.9.0\n@@SEQUENCEID\tBINID\n@a\tx\n") == {"@a": "x"}
    with pytest.raises(DnabertSError, match="expected an id, a TAB and a label"):
        _read(tmp_path, "b\ty\n@a\n")
