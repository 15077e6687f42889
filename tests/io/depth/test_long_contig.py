"""Depth by its changes gives the numbers of depth base by base, whatever length a header states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.io.depth import long_contig, sums
from dnabert_s_cli.io.depth.long_contig import LongContig
from dnabert_s_cli.io.depth.samples import open_alignment_files, read_alignment_depths
from dnabert_s_cli.io.depth.sums import DepthOptions
from tests.io.depth.inputs import random_reads, write_bam
from tests.locations import PROJECT

LENGTH = 300
stretches = st.lists(st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).map(sorted), max_size=30)


@given(stretches=stretches, begin=st.integers(0, 100), cut=st.integers(1, 7))
def test_sums_are_those_of_an_array(stretches: list[list[int]], begin: int, cut: int) -> None:
    contig = LongContig()
    depth = np.zeros(LENGTH, dtype=np.int64)
    for start in range(0, len(stretches), cut):
        part = np.array(stretches[start : start + cut], dtype=np.int64).reshape(-1, 2)
        contig.add(part[:, 0], part[:, 1])
        for first, end in part.tolist():
            depth[first:end] += 1
    inside = depth[begin : LENGTH - begin]
    total, squares = contig.sums(begin, LENGTH - begin)
    assert (total.tolist(), squares.tolist()) == ([inside.sum()], [np.square(inside).sum()])


def depth(path: Path) -> list[tuple[float, float]]:
    files = open_alignment_files([path], reference_path=None)
    (sample,) = read_alignment_depths(files, DepthOptions(), threads=1, on_bytes=lambda _: None)
    assert sample.table.variance is not None
    return list(zip(sample.table.mean[:, 0].tolist(), sample.table.variance[:, 0].tolist(), strict=True))


@pytest.mark.parametrize("long_bp", [0, 500, 950])
def test_long_contigs_have_the_depth_of_short_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long_bp: int
) -> None:
    lengths_bp = (1000, 400, 2000, 170, 900)
    path = write_bam(tmp_path / "x.bam", random_reads(400, lengths_bp, seed=3), lengths_bp)
    wanted = depth(path)
    monkeypatch.setattr(sums, "_LONG_BP", long_bp)
    monkeypatch.setattr(long_contig, "_PENDING", 10)
    assert depth(path) == wanted


def test_a_header_may_state_any_length() -> None:
    ((mean, variance),) = depth(PROJECT / "tests" / "data" / "faults" / "huge_contig_length.bam")
    assert 0 < mean < 1e-6
    assert 0 < variance < 1e-6
