"""Blocks of a BAM file are inflated in order, hashed, and checked."""

from __future__ import annotations

import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth import bgzf
from tests.io.depth.inputs import BAMS


def _plain(path: Path, *, threads: int = 0) -> tuple[bytes, str, int]:
    """Bytes, hash, and compressed bytes reported."""
    digest, counts = hashlib.sha256(), [0]
    with ThreadPoolExecutor(max(threads, 1)) as executor:
        pieces = bgzf.inflated_pieces(
            str(path), executor=executor if threads else None, n_ahead=2, digest=digest, on_bytes=counts.append
        )
        content = b"".join(block for blocks in pieces for block in blocks)
    return content, digest.hexdigest(), sum(counts)


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_content_is_that_of_gzip(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    monkeypatch.setattr(bgzf, "_READ_BYTES", 70_000)  # blocks that end in the next read
    content, sha256, n_bytes = _plain(BAMS[0], threads=threads)
    raw = BAMS[0].read_bytes()
    assert content == gzip.decompress(raw)
    assert (sha256, n_bytes) == (hashlib.sha256(raw).hexdigest(), len(raw))


@pytest.mark.parametrize("place", [1000, 40_000])
def test_a_changed_byte_is_an_error(tmp_path: Path, place: int) -> None:
    raw = bytearray(BAMS[0].read_bytes())
    raw[place] ^= 0xFF
    (tmp_path / "x.bam").write_bytes(raw)
    with pytest.raises(DnabertSError, match="BAM data are truncated or corrupt") as caught:
        _plain(tmp_path / "x.bam")
    assert caught.value.path == str(tmp_path / "x.bam")


def test_a_block_cut_short_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.bam").write_bytes(BAMS[0].read_bytes()[:5000])
    with pytest.raises(DnabertSError, match="truncated"):
        _plain(tmp_path / "x.bam")


def test_plain_gzip_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.bam").write_bytes(gzip.compress(b"BAM\x01" * 100))
    with pytest.raises(DnabertSError, match="corrupt"):
        _plain(tmp_path / "x.bam")
