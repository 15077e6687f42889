"""Sets of bins in the formats of several binners, and what is wrong with bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.several import read_bin_set

CONTIGS = frozenset(("c1", "c2", "c3", "c4"))
EXPECTED = {"c1": "x", "c2": "x", "c3": "y"}


def read(path: Path, text: str | None = None) -> dict[str, str]:
    """Bin of each contig in a table of this text, or in what is there."""
    if text is not None:
        path.write_text(text)
    return dict(read_bin_set(path, name="set", contigs=CONTIGS).bin_of)


@pytest.mark.parametrize(
    "text",
    [
        "c1\tx\nc2\tx\nc3\ty\n",
        "@Version:0.9.0\n@SampleID:s\n@@SEQUENCEID\tBINID\nc1\tx\nc2\tx\nc3\ty\n",
        "contig\tbin\nc1\tx\nc2\tx\nc3\ty\nc4\t-1\n",
        "clustername\tcontigname\nx\tc1\nx\tc2\ny\tc3\n",
        "x\tc1\nx\tc2\ny\tc3\n",
    ],
    ids=["DAS Tool", "biobox", "SemiBin2", "VAMB", "VAMB before 5"],
)
def test_tables_of_binners_are_read(tmp_path: Path, text: str) -> None:
    assert read(tmp_path / "bins.tsv", text) == EXPECTED


def test_a_folder_of_fasta_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_text(">c1 words\nAC\n>c2\nAC\n")
    (tmp_path / "y.fa").write_text(">c3\nAC\n")
    assert read(tmp_path) == EXPECTED


def test_bin_0_of_numbers_without_a_header_is_what_metabat_left_over(tmp_path: Path) -> None:
    assert read(tmp_path / "bins.tsv", "c1\t1\nc2\t0\nc3\t2\n") == {"c1": "1", "c3": "2"}


def test_bin_0_under_a_header_is_a_bin(tmp_path: Path) -> None:
    assert read(tmp_path / "bins.tsv", "contig\tbin\nc1\t1\nc2\t0\n") == {"c1": "1", "c2": "0"}


def test_a_contig_that_is_not_in_the_assembly_is_an_error_with_file_and_record(tmp_path: Path) -> None:
    (tmp_path / "x.fa").write_text(">c1\nAC\n")
    (tmp_path / "y.fa").write_text(">c9\nAC\n")
    with pytest.raises(DnabertSError) as caught:
        read(tmp_path)
    assert caught.value.path == str(tmp_path / "y.fa")
    assert caught.value.record == "c9"


def test_a_set_without_a_bin_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no contig is in a bin") as caught:
        read(tmp_path / "bins.tsv", "contig\tbin\nc1\t-1\n")
    assert caught.value.path == str(tmp_path / "bins.tsv")
