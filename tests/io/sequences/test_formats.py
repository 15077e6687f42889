"""Formats are told by content, and what is none is refused with its line."""

from __future__ import annotations

import gzip
import hashlib
import shutil
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.sequences.formats import SequenceFile
from tests.io.reading import where
from tests.locations import PROJECT

BAM = PROJECT / "tests" / "data" / "bam" / "sample1.bam"
SAM_LINE = b"r\t0\tc\t1\t60\t2M\t*\t0\t0\tAC\tII\n"


def _format(path: Path) -> str:
    with SequenceFile(path, reference_path=None, is_hashed=False) as file:
        return file.format


def _error(path: Path) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        _format(path)
    return caught.value


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b">a\nAC\n", "fasta"),
        (b"\n\r\n>a\nAC\n", "fasta"),
        (b"@a\nAC\n+\nII\n", "fastq"),
        (b"@SQ\nAC\n+\nII\n", "fastq"),
        (b"@HD\tVN:1.6\n" + SAM_LINE, "sam"),
        (b"@CO\tany comment\n" + SAM_LINE, "sam"),
        (SAM_LINE, "sam"),
        (b"LOCUS       AB000001   4 bp", "genbank"),
        (b"ID   AB000001; SV 1;", "embl"),
    ],
)
@pytest.mark.parametrize("is_packed", [False, True])
def test_text_formats_are_told_by_their_first_line(
    tmp_path: Path, content: bytes, wanted: str, is_packed: bool
) -> None:
    path = tmp_path / "misleading.bam"
    path.write_bytes(gzip.compress(content) if is_packed else content)
    assert _format(path) == wanted


def test_bam_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    assert _format(Path(shutil.copy(BAM, tmp_path / "x.fasta"))) == "bam"


def test_cram_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"CRAM\x03\x00")
    assert _format(tmp_path / "x") == "cram"


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert where(_error(tmp_path / "x")) == (str(tmp_path / "x"), None, None)
    assert _error(tmp_path / "x").problem == "file is empty"


def test_a_blank_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\n \n")
    assert _error(tmp_path / "x").problem == "file holds no record"


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01\x01\x00", b"PK\x03\x04\x14\x00", b"\xff\xfe>\x00a\x00"])
def test_a_binary_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert where(_error(tmp_path / "x")) == (str(tmp_path / "x"), None, None)
    assert _error(tmp_path / "x").problem == "is a binary file in no known format"


@pytest.mark.parametrize(("content", "line"), [(b"ACGT\nACGT\n", 1), (b"\n\nACGT\n", 3), (b" >a\nACGT\n", 1)])
def test_text_without_header_is_an_error_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / "x").write_bytes(content)
    assert where(_error(tmp_path / "x")) == (str(tmp_path / "x"), line, None)
    assert _error(tmp_path / "x").problem.startswith("no header: the first line must begin with '>' or '@', but is")


def test_sha256_is_of_the_packed_bytes(tmp_path: Path) -> None:
    content = gzip.compress(b">a\nACGT\n")
    (tmp_path / "x").write_bytes(content)
    with SequenceFile(tmp_path / "x", reference_path=None, is_hashed=True) as file:
        assert sum(len(chunk.records) for chunk in file.chunks()) == 1
        assert file.sha256() == hashlib.sha256(content).hexdigest()


def test_sha256_of_a_bam_is_of_its_bytes() -> None:
    with SequenceFile(BAM, reference_path=None, is_hashed=True) as file:
        assert sum(len(chunk.records) for chunk in file.chunks()) == 7140
        assert file.sha256() == hashlib.sha256(BAM.read_bytes()).hexdigest()
