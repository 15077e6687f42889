"""Files to one table: BAM told from tables, short contigs left out, provenance beside it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth import read_depth_table
from dnabert_s_cli.pipelines.depth.recipe import DepthReport, make_depth_table, sort_inputs
from dnabert_s_cli.pipelines.depth.samples import DepthInput
from dnabert_s_cli.pipelines.progress import Silent
from tests.io.depth.inputs import BAMS


def _make(*paths: Path, output: Path, min_length_bp: int = 0) -> DepthReport:
    source = sort_inputs(paths, DepthInput())
    return make_depth_table(source, output, min_length_bp=min_length_bp, stdout=io.StringIO(), progress=Silent())


@pytest.fixture
def other_table(tmp_path: Path) -> Path:
    (tmp_path / "other.tsv").write_text("contig\tx\necoli_0\t7\nnew\t1\n")
    return tmp_path / "other.tsv"


def test_files_are_told_by_content(other_table: Path) -> None:
    source = sort_inputs([other_table, BAMS[0]], DepthInput())
    assert (source.bam_paths, source.table_paths) == ((str(BAMS[0]),), (str(other_table),))


def test_bam_and_table_become_one(other_table: Path, tmp_path: Path) -> None:
    report = _make(other_table, BAMS[0], output=tmp_path / "d.tsv")
    table = read_depth_table(tmp_path / "d.tsv")
    assert (table.samples, len(table.names)) == (("sample1.bam", "x"), 25)
    assert (report.n_unknown_lengths, report.has_variance) == (1, False)


def test_short_contigs_are_left_out(tmp_path: Path) -> None:
    report = _make(BAMS[0], output=tmp_path / "d.tsv", min_length_bp=5000)
    assert (report.n_contigs, report.n_short) == (8, 16)
    assert min(read_depth_table(tmp_path / "d.tsv").lengths_bp) >= 5000


def test_provenance_stands_beside_the_table(tmp_path: Path) -> None:
    _make(*BAMS, output=tmp_path / "d.tsv")
    run = json.loads((tmp_path / "d.tsv.run.json").read_text())
    assert [one["path"] for one in run["inputs"]] == [str(path) for path in BAMS]
    assert run["settings"]["options"] == {"min_identity": 97.0, "end_bp": 75, "min_mapq": 0}


def test_existing_output_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "d.tsv").write_text("x")
    with pytest.raises(DnabertSError, match="already exists"):
        _make(BAMS[0], output=tmp_path / "d.tsv")
