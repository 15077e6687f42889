"""Depth of hand-made BAM files: against a loop over bases, and each rule of jgi_summarize_bam_contig_depths alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.depth import sums as contig_depth
from dnabert_s_cli.io.depth.samples import open_alignment_files, read_alignment_depths
from dnabert_s_cli.io.depth.sums import DepthOptions
from tests.io.depth.inputs import Read, plain_depth, random_reads, write_bam

LENGTHS_BP = (1000, 400, 2000, 170, 900)


def _depth(path: Path, options: DepthOptions | None = None) -> list[tuple[float, float]]:
    files = open_alignment_files([path], reference_path=None)
    (sample,) = read_alignment_depths(files, options or DepthOptions(), threads=1, on_bytes=lambda _: None)
    assert sample.table.variance is not None
    return list(zip(sample.table.mean[:, 0].tolist(), sample.table.variance[:, 0].tolist(), strict=True))


def _bases(folder: Path, reads: Sequence[Read], length_bp: int = 1000) -> int:
    """Aligned bases that count on one contig, its ends left out."""
    ((mean, _),) = _depth(write_bam(folder / "x.bam", reads, (length_bp,)))
    return round(mean * (length_bp - 150 if length_bp > 150 else length_bp))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("min_identity", "end_bp", "min_mapq"), [(97, 75, 0), (95, 10, 20), (0, 0, 60)])
def test_depth_equals_a_loop_over_bases(
    tmp_path: Path, seed: int, min_identity: float, end_bp: int, min_mapq: int
) -> None:
    path = write_bam(tmp_path / "x.bam", random_reads(400, LENGTHS_BP, seed=seed), LENGTHS_BP)
    expected = plain_depth(path, min_identity=min_identity, end_bp=end_bp, min_mapq=min_mapq)
    found = _depth(path, DepthOptions(min_identity, end_bp, min_mapq))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_contigs_in_groups_of_any_size_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_bam(tmp_path / "x.bam", random_reads(400, LENGTHS_BP, seed=9), LENGTHS_BP)
    whole = _depth(path)
    monkeypatch.setattr(contig_depth, "_SPAN_BP", 500)
    assert _depth(path) == whole


def test_a_contig_without_reads_has_depth_zero(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", [Read(contig=1)], (1000, 1000, 1000))
    assert [mean > 0 for mean, _ in _depth(path)] == [False, True, False]


@pytest.mark.parametrize(
    ("read", "n_bp"),
    [
        (Read(edits=3), 100),
        (Read(edits=4), 0),
        (Read(edits=None), 100),
        (Read(flag=0x4), 0),
        (Read(flag=0x100), 0),
        (Read(flag=0x200), 0),
        (Read(flag=0x400), 0),
        (Read(flag=0x800), 100),
        (Read(flag=0x10), 100),
        (Read(mapq=0), 100),
        (Read(cigar="50S50M", edits=1), 50),
        (Read(cigar="50S50M", edits=2), 0),
        (Read(cigar="50M2D50M", edits=2), 100),
        (Read(cigar="50M4D50M", edits=4), 0),
        (Read(cigar="50M2I50M", edits=2), 100),
        (Read(cigar="50M4I50M", edits=4), 0),
        (Read(cigar="50M3D50M", edits=4), 0),
        (Read(cigar="50M3I97M", edits=4), 147),
        (Read(cigar="50M100N50M"), 100),
        (Read(cigar="50=1X49=", edits=1), 100),
        (Read(cigar="50=4X46=", edits=None), 0),
        (Read(cigar="60=1X39=", edits=6), 100),
        (Read(cigar="50M2D50M", edits=1), 100),
        (Read(cigar="50M5P50M"), 100),
        (Read(start=0), 25),
        (Read(start=890), 35),
        (Read(start=0, cigar="77M", edits=2), 2),
    ],
    ids=str,
)
def test_a_read_counts_as_in_jgi(tmp_path: Path, read: Read, n_bp: int) -> None:
    # the expected numbers are those that jgi_summarize_bam_contig_depths 2.15 printed for the same reads
    assert _bases(tmp_path, [read]) == n_bp


def test_the_ends_of_a_contig_of_150_bases_are_not_left_out(tmp_path: Path) -> None:
    assert _bases(tmp_path, [Read(start=0)], 150) == 100


def test_ends_are_no_longer_than_the_mean_read(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", [Read(start=0, cigar="40M"), Read(start=100, cigar="60M")])
    assert _depth(path)[0][0] == pytest.approx(60 / 900)


def test_ends_follow_the_mean_up_to_the_next_contig(tmp_path: Path) -> None:
    reads = [Read(start=0, cigar="40M"), Read(contig=1, cigar="60M")]  # means of 40 and 50
    path = write_bam(tmp_path / "x.bam", reads, (1000, 1000))
    assert [mean for mean, _ in _depth(path)] == [pytest.approx(0), pytest.approx(60 / 900)]


def test_a_read_is_cut_at_the_end_of_its_contig(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", [Read(start=950)])
    assert _depth(path, DepthOptions(end_bp=0))[0][0] == pytest.approx(50 / 1000)
