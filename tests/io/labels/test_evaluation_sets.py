"""Sequences with their species in one table."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.labels.evaluation_sets import read_labelled


def test_columns_are_found_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv.gz"
    path.write_bytes(gzip.compress(b"bin_id\tother\tsequence\r\ns1\tx\tacgu\r\n\ns2\tx\tNNAC\r\n"))
    found = read_labelled(path)
    assert (found.sequences, found.labels) == (("ACGT", "NNAC"), ("s1", "s2"))


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("ACGT\ts1\n", "no column 'sequence'", 1),
        ("sequence\tbin\n", "no column 'bin_id'", 1),
        ("sequence\tbin_id\n", "holds no sequence", None),
        ("sequence\tbin_id\nACGT\n", "has 1 columns", 2),
        ("sequence\tbin_id\nAC\ta\nAXG\tb\n", "'X' is not a nucleotide letter", 3),
        ("sequence\tbin_id\n\ta\n", "the sequence is empty", 2),
        ("sequence\tbin_id\nAC\t \n", "the bin_id is empty", 2),
    ],
)
def test_a_bad_table_is_named(tmp_path: Path, text: str, problem: str, line: int | None) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(text)
    with pytest.raises(DnabertSError, match=problem) as caught:
        read_labelled(path)
    assert (caught.value.path, caught.value.line) == (str(path), line)


def test_a_label_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"sequence\tbin_id\nACGT\t\xff\n")
    with pytest.raises(DnabertSError, match="not text"):
        read_labelled(path)
