"""CRAM gives the depth of the BAM that it was made from."""

from __future__ import annotations

import bz2
import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth.samples import open_alignment_files, read_alignment_depths
from dnabert_s_cli.io.depth.sums import DepthOptions
from dnabert_s_cli.io.depth.table import DepthFile
from tests.io.depth.inputs import BAMS, FOLDER


def _depths(*paths: Path, reference: Path | None = None) -> list[DepthFile]:
    files = open_alignment_files(paths, reference_path=reference)
    return read_alignment_depths(files, DepthOptions(), threads=2, reference_path=reference, on_bytes=lambda _: None)


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return Path(shutil.copy(FOLDER / "contigs.fa", tmp_path / "contigs.fa"))


@pytest.fixture
def cram(tmp_path: Path, reference: Path) -> Path:
    path = tmp_path / "s.cram"
    with (
        pysam.AlignmentFile(str(BAMS[0])) as source,
        pysam.AlignmentFile(str(path), "wc", template=source, reference_filename=str(reference)) as output,
    ):
        for one in source:
            output.write(one)
    return path


def test_depth_is_that_of_the_bam(cram: Path, reference: Path) -> None:
    as_cram, as_bam = _depths(cram, BAMS[0], reference=reference)
    assert as_cram.table.samples == ("s.cram",)
    assert np.array_equal(as_cram.table.mean, as_bam.table.mean)
    assert as_cram.table.variance is not None
    assert as_bam.table.variance is not None
    assert np.array_equal(as_cram.table.variance, as_bam.table.variance)


def test_without_its_reference_it_is_an_error(cram: Path, reference: Path) -> None:
    reference.unlink()
    with pytest.raises(DnabertSError, match="CRAM cannot be decoded without its reference") as caught:
        _depths(cram)
    assert caught.value.path == str(cram)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_the_reference_may_be_compressed_in_any_way(
    cram: Path, reference: Path, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    packed = tmp_path / "packed.fa.gz"
    packed.write_bytes(pack(reference.read_bytes()))
    (plain,), (other,) = _depths(cram, reference=reference), _depths(cram, reference=packed)
    assert np.array_equal(plain.table.mean, other.table.mean)


def test_a_flipped_bit_is_noticed(cram: Path, reference: Path) -> None:
    content = bytearray(cram.read_bytes())
    content[len(content) // 2] ^= 8
    cram.write_bytes(content)
    with pytest.raises(DnabertSError, match="a check sum differs"):
        _depths(cram, reference=reference)
