"""The first reads of a file say from which identity its reads count."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.io.depth import open_alignment_files, preview_reads
from dnabert_s_cli.io.depth.preview import ReadPreview
from tests.io.depth.inputs import BAMS, Read, write_bam
from tests.locations import PROJECT

FAULTS = PROJECT / "tests" / "data" / "faults"


def _preview(path: Path, *, reference: Path | None = None) -> ReadPreview:
    return preview_reads(*open_alignment_files([path], reference_path=reference), reference_path=reference)


@pytest.mark.parametrize(
    ("identity", "spread", "chosen"),
    [(99.9, 0.1, 97), (99.0, 0.4, 95), (92.1, 0.9, 87), (88.0, 3.0, 79), (60.0, 1.0, 70), (99.4, 0.0, 96)],
)
def test_noisier_reads_count_from_a_lower_identity(identity: float, spread: float, chosen: float) -> None:
    assert ReadPreview(100, 8_000, identity, spread).min_identity() == chosen


def test_a_few_reads_say_nothing() -> None:
    few = ReadPreview(9, 8_000, 90.0, 1.0)
    assert (few.min_identity(), few.is_long) == (97, False)


def test_length_and_identity_are_medians(tmp_path: Path) -> None:
    reads = [Read(cigar=f"{length}M", edits=edits) for length, edits in [(100, 1), (200, 20), (400, 8)]]
    seen = _preview(write_bam(tmp_path / "x.bam", reads, (1_000,)))
    assert (seen.n_reads, seen.median_bp) == (3, 200)
    assert seen.identity == pytest.approx(98)
    assert seen.spread == pytest.approx(1.4826)


def test_a_file_without_reads_is_nothing(tmp_path: Path) -> None:
    assert _preview(write_bam(tmp_path / "x.bam", [])) == ReadPreview(0, 0.0, 0.0, 0.0)


def test_real_reads_are_told_apart() -> None:
    short, long = _preview(BAMS[0]), _preview(FAULTS / "long_reads_8pc_error.bam")
    assert (short.is_long, long.is_long) == (False, True)
    assert short.median_bp == 150
    assert 91 < long.identity < 93


def test_cram_is_looked_into() -> None:
    seen = _preview(FAULTS / "reads_no_UR.cram", reference=FAULTS / "contigs.fa")
    assert seen == _preview(FAULTS / "reads.bam")
