"""Several BAM files at a time, and what is wrong with one."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from pathlib import Path

import numpy as np
import pysam
import pytest

from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.io.depth.samples import is_alignment_file, open_alignment_files, read_alignment_depths
from dnabert_s_cli.io.depth.sums import DepthOptions
from dnabert_s_cli.io.depth.table import DepthFile
from tests.io.depth.inputs import BAMS, JGI_TABLE, Read, write_bam


def _depths(*paths: Path | str, threads: int = 2) -> list[DepthFile]:
    files = open_alignment_files(paths, reference_path=None)
    return read_alignment_depths(files, DepthOptions(), threads=threads, on_bytes=lambda _: None)


def _error(*paths: Path | str) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        _depths(*paths)
    return caught.value


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_the_number_of_threads_changes_nothing(threads: int) -> None:
    alone = [_depths(path, threads=1)[0] for path in BAMS]
    for one, other in zip(_depths(*BAMS, threads=threads), alone, strict=True):
        assert one.table.samples == other.table.samples
        assert np.array_equal(one.table.mean, other.table.mean)


def test_the_hash_is_that_of_the_file() -> None:
    assert _depths(BAMS[0])[0].sha256 == hashlib.sha256(BAMS[0].read_bytes()).hexdigest()


def test_all_bytes_are_reported() -> None:
    n_bytes: list[int] = []
    files = open_alignment_files(BAMS, reference_path=None)
    read_alignment_depths(files, DepthOptions(), threads=3, on_bytes=n_bytes.append)
    assert sum(n_bytes) == sum(path.stat().st_size for path in BAMS)


def test_each_sample_is_told_once_and_none_that_failed(tmp_path: Path) -> None:
    (tmp_path / "x.bam").write_bytes(BAMS[0].read_bytes()[:100_000] + BAMS[0].read_bytes()[-28:])
    told: list[str] = []
    files = open_alignment_files([*BAMS, tmp_path / "x.bam"], reference_path=None)
    with pytest.raises(DnabertSError):
        read_alignment_depths(
            files,
            DepthOptions(),
            threads=1,
            on_bytes=lambda _: None,
            on_sample=lambda sample: told.append(sample.path),
        )
    assert told == [str(path) for path in BAMS]


def test_no_index_is_needed_and_none_is_made(tmp_path: Path) -> None:
    path = Path(shutil.copy(BAMS[0], tmp_path / "sample1.bam"))
    assert np.array_equal(_depths(path)[0].table.mean, _depths(BAMS[0])[0].table.mean)
    assert list(tmp_path.iterdir()) == [path]


def test_an_unsorted_file_is_an_error(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", [Read(start=500), Read(start=400)])
    error = _error(path)
    assert error.path == str(path)
    assert "not sorted by position: record 2 " in error.problem
    assert "samtools sort" in str(error.hint)


def test_a_truncated_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.bam").write_bytes(BAMS[0].read_bytes()[:100_000])
    error = _error(tmp_path / "x.bam")
    assert (error.path, error.problem) == (str(tmp_path / "x.bam"), "the mark at the end of the file is missing")


def test_a_file_damaged_inside_is_an_error(tmp_path: Path) -> None:
    raw = bytearray(BAMS[0].read_bytes())
    raw[100_000] ^= 0xFF
    (tmp_path / "x.bam").write_bytes(raw)
    error = _error(tmp_path / "x.bam", BAMS[1])
    assert (error.path, error.problem) == (str(tmp_path / "x.bam"), "BAM data are truncated or corrupt")


def test_a_file_without_reads_has_depth_zero_and_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "dnabert_s_cli")
    table = _depths(write_bam(tmp_path / "x.bam", [], (100, 200)))[0].table
    assert (table.mean.tolist(), table.lengths_bp.tolist()) == ([[0.0], [0.0]], [100, 200])
    assert "no read passes" in caplog.text


def test_reads_without_nm_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "dnabert_s_cli")
    _depths(write_bam(tmp_path / "x.bam", [Read(edits=None), Read()]))
    assert "1 reads have no NM tag" in caplog.text


def test_a_file_without_contigs_is_an_error(tmp_path: Path) -> None:
    with pysam.AlignmentFile(str(tmp_path / "x.bam"), "wb", header={"HD": {"VN": "1.6"}}):
        pass
    error = _error(tmp_path / "x.bam")
    assert (error.path, error.problem) == (str(tmp_path / "x.bam"), "its header names no contig")


def test_a_table_is_no_alignment_file() -> None:
    assert _error(JGI_TABLE).problem == "is neither BAM nor CRAM"


def test_sam_is_no_alignment_file(tmp_path: Path) -> None:
    assert "samtools sort" in str(_error(write_bam(tmp_path / "x.sam", [Read()], kind="wh")).hint)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for folder in ("gut1", "gut2"):
        (tmp_path / folder).mkdir()
        shutil.copy(BAMS[0], tmp_path / folder)
    files = open_alignment_files(
        [tmp_path / "gut1" / "sample1.bam", tmp_path / "gut2" / "sample1.bam", BAMS[1]], reference_path=None
    )
    assert [file.sample for file in files] == ["gut1/sample1.bam", "gut2/sample1.bam", "sample2.bam"]


def test_one_file_given_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "link.bam").symlink_to(BAMS[0])
    assert _error(BAMS[0], BAMS[0]).problem == "is given twice"
    assert _error(BAMS[0], tmp_path / "link.bam").problem == f"is the same file as {BAMS[0]}"


def test_a_named_pipe_is_no_file_on_disk(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.bam")
    assert _error(tmp_path / "pipe.bam").problem == "is not a file on disk"


def test_problems_of_several_files_are_reported_together(tmp_path: Path) -> None:
    paths = [write_bam(tmp_path / name, [Read(start=500), Read()]) for name in ("a.bam", "b.bam")]
    error = _error(*paths)
    assert isinstance(error, BadInputsError)
    assert [one.path for one in error.problems] == [str(path) for path in paths]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert _error(tmp_path / "x.bam").problem == "no such file"


def test_alignment_files_are_told_by_content(tmp_path: Path) -> None:
    assert is_alignment_file(shutil.copy(BAMS[0], tmp_path / "x.tsv"))
    assert not is_alignment_file(JGI_TABLE)
    assert not is_alignment_file("-")
