"""htslib is opened from disk and pipe, checks the end, is silent, and never asks the network."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
from pathlib import Path

import pysam
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.sequences.htslib import opened_alignments, quiet_and_local
from tests.io.reading import stream_of
from tests.locations import PROJECT

FOLDER = PROJECT / "tests" / "data" / "bam"
BAM = FOLDER / "sample1.bam"
N_RECORDS = 7140


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return Path(shutil.copy(FOLDER / "contigs.fa", tmp_path / "contigs.fa"))


@pytest.fixture
def cram(tmp_path: Path, reference: Path) -> Path:
    return _cram(tmp_path, reference)


def _cram(folder: Path, reference: Path, *, version: str = "3.0") -> Path:
    """The real BAM as CRAM."""
    path = folder / "x.cram"
    options = [f"version={version}".encode()]  # older pysam takes bytes only
    with (
        pysam.AlignmentFile(str(BAM)) as source,
        pysam.AlignmentFile(
            str(path), "wc", template=source, reference_filename=str(reference), format_options=options
        ) as output,
    ):
        for segment in source:
            output.write(segment)
    reference.with_name(reference.name + ".fai").unlink()
    return path


@pytest.fixture
def remote_cram(tmp_path: Path, reference: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real BAM as CRAM, whose header places the reference on a server."""
    header = pysam.AlignmentFile(str(BAM)).header.to_dict()
    (tmp_path / "by_md5").mkdir()
    with pysam.FastaFile(str(reference)) as fasta:
        for line in header["SQ"]:
            letters = fasta.fetch(line["SN"]).upper()
            line["M5"] = hashlib.md5(letters.encode(), usedforsecurity=False).hexdigest()
            line["UR"] = "http://localhost:9/contigs.fa"
            (tmp_path / "by_md5" / line["M5"]).write_text(letters)
    with monkeypatch.context() as patch:
        patch.setenv("REF_PATH", str(tmp_path / "by_md5" / "%s"))
        with (
            pysam.AlignmentFile(str(BAM)) as source,
            pysam.AlignmentFile(str(tmp_path / "x.cram"), "wc", header=header) as output,
        ):
            for segment in source:
                output.write(pysam.AlignedSegment.from_dict(segment.to_dict(), output.header))
    return tmp_path / "x.cram"


def _count(path: Path | str, *, content: bytes = b"", reference_path: Path | None = None) -> int:
    source = stream_of(content)
    with opened_alignments(source, str(path), reference_path=reference_path) as alignments, quiet_and_local():
        return sum(1 for _ in alignments.fetch(until_eof=True))


def _error(path: Path | str, *, content: bytes = b"", reference_path: Path | None = None) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        _count(path, content=content, reference_path=reference_path)
    return caught.value


def test_a_file_is_opened_by_its_name() -> None:
    assert _count(BAM) == N_RECORDS


def test_a_stream_is_pumped() -> None:
    assert _count("-", content=BAM.read_bytes()) == N_RECORDS


def test_a_header_larger_than_a_pipe_is_pumped(tmp_path: Path) -> None:
    header = {"SQ": [{"SN": f"contig_{os.urandom(16).hex()}_{i}", "LN": 1000} for i in range(20_000)]}
    with pysam.AlignmentFile(str(tmp_path / "x.bam"), "wb", header=header):
        pass
    assert _count("-", content=(tmp_path / "x.bam").read_bytes()) == 0


def test_leaving_early_leaves_no_thread_waiting() -> None:
    n_threads = threading.active_count()
    source = stream_of(BAM.read_bytes())
    reading = opened_alignments(source, "-", reference_path=None)
    next(reading.__enter__().fetch(until_eof=True))
    reading.__exit__(KeyError, KeyError(), None)
    deadline = time.monotonic() + 10
    while threading.active_count() > n_threads and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == n_threads


@pytest.mark.parametrize("n_missing", [28, 1, 10_000])
def test_a_missing_end_is_an_error_on_disk(tmp_path: Path, n_missing: int) -> None:
    (tmp_path / "x.bam").write_bytes(BAM.read_bytes()[:-n_missing])
    error = _error(tmp_path / "x.bam")
    assert (error.path, error.problem) == (str(tmp_path / "x.bam"), "the mark at the end of the file is missing")


def test_a_missing_end_is_an_error_in_a_pipe() -> None:
    error = _error("-", content=BAM.read_bytes()[:-28])
    assert (error.path, error.problem) == ("-", "the mark at the end of the file is missing")


def test_a_header_cut_short_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    error = _error("-", content=BAM.read_bytes()[:100])
    assert error.path == "-"
    assert error.problem.startswith("the header of this alignment file cannot be read")
    assert capfd.readouterr().err == ""


def test_cram_is_decoded_with_its_reference(cram: Path, reference: Path) -> None:
    assert _count(cram, reference_path=reference) == N_RECORDS


def test_cram_is_decoded_from_a_pipe(cram: Path, reference: Path) -> None:
    assert _count("-", content=cram.read_bytes(), reference_path=reference) == N_RECORDS


def test_cram_2_is_decoded(tmp_path: Path, reference: Path) -> None:
    assert _count(_cram(tmp_path, reference, version="2.1"), reference_path=reference) == N_RECORDS


def test_no_index_is_left_beside_the_reference(cram: Path, reference: Path) -> None:
    _count(cram, reference_path=reference)
    assert sorted(path.name for path in reference.parent.iterdir()) == ["contigs.fa", "x.cram"]


def test_a_missing_end_of_cram_is_an_error(cram: Path, reference: Path) -> None:
    cram.write_bytes(cram.read_bytes()[:-38])
    error = _error(cram, reference_path=reference)
    assert (error.path, error.problem) == (str(cram), "the mark at the end of the file is missing")


def test_a_missing_end_of_cram_is_an_error_in_a_pipe(cram: Path, reference: Path) -> None:
    assert _error("-", content=cram.read_bytes()[:-38], reference_path=reference).path == "-"


def test_a_missing_reference_is_an_error(cram: Path, tmp_path: Path) -> None:
    error = _error(cram, reference_path=tmp_path / "absent.fa")
    assert (error.path, error.problem) == (str(tmp_path / "absent.fa"), "no such reference file")


def test_a_reference_that_is_no_fasta_is_an_error(cram: Path) -> None:
    error = _error(cram, reference_path=cram)
    assert error.path == str(cram)
    assert error.problem.startswith("cannot be used as a reference")


def test_a_remote_reference_is_not_fetched(remote_cram: Path) -> None:
    error = _error(remote_cram)
    assert error.path == str(remote_cram)
    where = "http://localhost:9/contigs.fa"
    assert error.problem == f"reference sequence 'ecoli_0' would have to be downloaded from {where}"


def test_a_given_reference_stands_in_for_a_remote_one(remote_cram: Path, reference: Path) -> None:
    assert _count(remote_cram, reference_path=reference) == N_RECORDS


def test_a_remote_reference_that_the_given_one_lacks_is_not_fetched(remote_cram: Path, reference: Path) -> None:
    reference.write_text(">ecoli_0\nACGT\n")
    reference.with_name(reference.name + ".fai").unlink()
    assert "reference sequence 'ecoli_1'" in _error(remote_cram, reference_path=reference).problem


@pytest.mark.parametrize("ref_path", ["", "https://example.org/%s", "/a:http://example.org/%s"])
def test_ref_path_is_local_while_htslib_works(monkeypatch: pytest.MonkeyPatch, ref_path: str) -> None:
    monkeypatch.setenv("REF_PATH", ref_path)
    with quiet_and_local():
        assert os.environ["REF_PATH"] == os.devnull
    assert os.environ["REF_PATH"] == ref_path


def test_ref_path_that_was_unset_is_unset_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REF_PATH", raising=False)
    with quiet_and_local():
        assert os.environ["REF_PATH"] == os.devnull
    assert "REF_PATH" not in os.environ


def test_a_local_ref_path_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REF_PATH", "/references/%s")
    with quiet_and_local():
        assert os.environ["REF_PATH"] == "/references/%s"


def test_verbosity_of_htslib_is_restored() -> None:
    before = pysam.get_verbosity()
    with quiet_and_local():
        assert pysam.get_verbosity() == 0
    assert pysam.get_verbosity() == before
