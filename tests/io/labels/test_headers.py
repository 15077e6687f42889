from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.io.labels.headers import read_header_labels


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "r.fa.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_text_behind_the_name_is_the_label(tmp_path: Path) -> None:
    path = write(tmp_path, ">a Escherichia coli\r\nACGT\r\n>b\td__X;s__Y\nAC\nGT\n")
    assert read_header_labels([path]) == {"a": "Escherichia coli", "b": "d__X;s__Y"}


def test_kraken_taxid_is_the_label_wherever_it_stands(tmp_path: Path) -> None:
    path = write(tmp_path, ">a|kraken:taxid|562\nACGT\n>b of x kraken:taxid|9 y\nA\n")
    assert read_header_labels([path]) == {"a|kraken:taxid|562": "562", "b": "9"}


def test_headers_without_a_label_are_reported_together(tmp_path: Path) -> None:
    path = write(tmp_path, ">a\nA\n>b x\nA\n>c\nA\n")
    with pytest.raises(BadInputsError) as caught:
        read_header_labels([path])
    assert [(one.path, one.line, one.record) for one in caught.value.problems] == [
        (str(path), 1, "a"),
        (str(path), 5, "c"),
    ]


def test_other_format_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="is no FASTA") as caught:
        read_header_labels([write(tmp_path, "@a x\nACGT\n+\nIIII\n")])
    assert caught.value.line == 1


def test_two_labels_of_one_name_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.fa"
    path.write_text(">a species one\nAC\n>a species two\nGT\n")
    with pytest.raises(DnabertSError, match="another record of this name has the label 'species one'") as caught:
        read_header_labels([path])
    assert (caught.value.line, caught.value.record) == (3, "a")
