"""Depth of real reads is that of jgi_summarize_bam_contig_depths."""

from __future__ import annotations

import numpy as np

from dnabert_s_cli.io.depth import (
    DepthOptions,
    DepthTable,
    merge_depths,
    open_alignment_files,
    read_alignment_depths,
    read_depth_table,
)
from tests.io.depth.inputs import BAMS, JGI_TABLE


def _both() -> tuple[DepthTable, DepthTable]:
    files = open_alignment_files(BAMS, reference_path=None)
    samples = read_alignment_depths(files, DepthOptions(), threads=2, on_bytes=lambda _: None)
    return merge_depths(samples), read_depth_table(JGI_TABLE)


def test_contigs_and_samples_are_those_of_jgi() -> None:
    ours, theirs = _both()
    assert (list(ours.names), ours.samples) == (theirs.names, theirs.samples)
    assert np.array_equal(ours.lengths_bp, theirs.lengths_bp)


def test_means_are_those_of_jgi_in_all_their_digits() -> None:
    ours, theirs = _both()
    shown = np.vectorize(lambda number: f"{number:.6g}")
    assert np.array_equal(shown(ours.mean), shown(theirs.mean))


def test_variances_are_those_of_jgi_up_to_its_rounding() -> None:
    ours, theirs = _both()
    assert ours.variance is not None
    assert theirs.variance is not None
    np.testing.assert_allclose(ours.variance, theirs.variance, rtol=2e-4)
