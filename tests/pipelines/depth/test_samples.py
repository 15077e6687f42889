"""BAM files and tables together give the depth of the contigs that are asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.io.depth import JoinedDepth, read_depth_table
from dnabert_s_cli.pipelines.depth.samples import DepthInput, read_depth_files, read_sample_depth
from dnabert_s_cli.pipelines.progress import Silent
from tests.io.depth.inputs import BAMS, JGI_TABLE

JGI = read_depth_table(JGI_TABLE)
NAMES = list(reversed(JGI.names))
LENGTHS_BP = JGI.lengths_bp[::-1].copy()


def _depths(*table_paths: Path, bams: tuple[Path, ...] = BAMS, threads: int = 2) -> JoinedDepth:
    source = DepthInput(bams, table_paths, threads=threads)
    return read_sample_depth(source, NAMES, lengths_bp=LENGTHS_BP, progress=Silent())


def _plain_table(folder: Path, text: str) -> Path:
    (folder / "t.tsv").write_text(text)
    return folder / "t.tsv"


def test_depth_of_bam_files_is_in_the_order_of_the_contigs() -> None:
    joined = _depths()
    assert joined.samples == ("sample1.bam", "sample2.bam")
    np.testing.assert_allclose(joined.mean, JGI.mean[::-1], rtol=1e-5)


def test_tables_follow_bam_files(tmp_path: Path) -> None:
    table = _plain_table(tmp_path, "contig\tx\n" + "".join(f"{name}\t7\n" for name in JGI.names))
    joined = _depths(table)
    assert joined.samples == ("sample1.bam", "sample2.bam", "x")
    assert np.all(joined.mean[:, 2] == 7)


def test_inputs_are_told_with_their_hashes(tmp_path: Path) -> None:
    table = _plain_table(tmp_path, "contig\tx\n" + "".join(f"{name}\t7\n" for name in JGI.names))
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (*BAMS, table)]
    assert [one["sha256"] for one in _depths(table).inputs] == hashes


def test_zero_depth_everywhere_is_fine(tmp_path: Path) -> None:
    table = _plain_table(tmp_path, "contig\tx\n" + "".join(f"{name}\t0\n" for name in JGI.names))
    assert not _depths(table, bams=()).mean.any()


def test_depth_of_other_contigs_is_an_error(tmp_path: Path) -> None:
    table = _plain_table(tmp_path, "contig\tx\nother\t1\n")
    with pytest.raises(DnabertSError, match="has only 0 of 24 contigs by name") as caught:
        _depths(table)
    assert caught.value.path == str(table)


def test_a_sample_of_both_is_an_error() -> None:
    with pytest.raises(DnabertSError, match=r"its sample 'sample1\.bam' is also one of"):
        _depths(JGI_TABLE)


def test_a_bam_among_tables_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="is BAM or CRAM, not a table") as caught:
        _depths(BAMS[0], bams=())
    assert caught.value.path == str(BAMS[0])


def test_bad_tables_are_reported_together(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("contig\tx\nc\tnan\n")
    (tmp_path / "b.tsv").write_text("")
    with pytest.raises(BadInputsError) as caught:
        read_depth_files(DepthInput((), (tmp_path / "a.tsv", tmp_path / "b.tsv")), progress=Silent())
    assert [one.path for one in caught.value.problems] == [str(tmp_path / "a.tsv"), str(tmp_path / "b.tsv")]


def test_an_input_without_files_is_empty() -> None:
    assert DepthInput().is_empty
    assert not DepthInput(BAMS).is_empty
