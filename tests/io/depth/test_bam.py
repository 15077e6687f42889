"""Records of BAM files decoded by numpy are those that pysam reads."""

from __future__ import annotations

import gzip
import hashlib
import struct
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth import bam, bgzf
from dnabert_s_cli.io.depth.aligned_reads import AlignedReads, ReadSieve
from dnabert_s_cli.io.depth.bam import decode_reads
from tests.io.depth.inputs import BAMS, Read, random_reads, segment, write_bam


def _decoded(content: bytes, *, piece_bytes: int = 10_000_000) -> list[AlignedReads]:
    pieces = ([content[start : start + piece_bytes]] for start in range(0, len(content), piece_bytes))
    return list(decode_reads(pieces, "x.bam", sieve=ReadSieve("x.bam", n_contigs=100, min_mapq=0)))


def _from_file(path: Path) -> list[AlignedReads]:
    blocks = bgzf.inflated_pieces(str(path), executor=None, n_ahead=1, digest=hashlib.sha256(), on_bytes=lambda _: None)
    return list(decode_reads(blocks, str(path), sieve=ReadSieve(str(path), n_contigs=100, min_mapq=0)))


def _only_the_first(change: Callable[..., Any]) -> Callable[..., Any]:
    """The piece that the header ends in is walked through record by record, no other."""
    calls: list[bytes] = []

    def changed(content: bytes, path: str) -> Any:
        calls.append(content)
        assert len(calls) == 1
        return change(content, path)

    return changed


def _rows(batches: list[AlignedReads]) -> Iterator[tuple[int, int, int, list[tuple[int, int]]]]:
    for one in batches:
        ends = np.cumsum(one.n_operations)
        pairs = list(zip(one.operations.tolist(), one.operation_bp.tolist(), strict=True))
        for row, end in enumerate(ends.tolist()):
            cigar = pairs[end - int(one.n_operations[row]) : end]
            yield int(one.contigs[row]), int(one.starts[row]), int(one.edits[row]), cigar


def _expected(path: Path) -> Iterator[tuple[int, int, int, list[tuple[int, int]]]]:
    with pysam.AlignmentFile(str(path)) as file:
        for one in file:
            if not one.flag & (0x4 | 0x100 | 0x200 | 0x400):
                edits = int(one.get_tag("NM")) if one.has_tag("NM") else -1
                yield one.reference_id, one.reference_start, edits, list(one.cigartuples or [])


@pytest.mark.parametrize("piece_bytes", [10_000_000, 5000, 37])
def test_records_are_those_of_pysam(tmp_path: Path, piece_bytes: int) -> None:
    path = write_bam(tmp_path / "x.bam", random_reads(300, (1000, 500), seed=1), (1000, 500))
    found = _decoded(gzip.decompress(path.read_bytes()), piece_bytes=piece_bytes)
    assert list(_rows(found)) == list(_expected(path))


def test_real_records_are_those_of_pysam() -> None:
    assert list(_rows(_decoded(gzip.decompress(BAMS[0].read_bytes())))) == list(_expected(BAMS[0]))


@pytest.mark.parametrize("read_bytes", [1 << 21, 90_000])
def test_records_that_begin_with_each_block_are_those_of_pysam(
    monkeypatch: pytest.MonkeyPatch, read_bytes: int
) -> None:
    monkeypatch.setattr(bgzf, "_READ_BYTES", read_bytes)
    monkeypatch.setattr(bam, "_places_one_by_one", _only_the_first(bam._places_one_by_one))
    assert list(_rows(_from_file(BAMS[0]))) == list(_expected(BAMS[0]))


@pytest.mark.parametrize("block_bytes", [700, 5000, 65_000])
def test_records_that_run_from_block_to_block_are_those_of_pysam(block_bytes: int) -> None:
    content = gzip.decompress(BAMS[0].read_bytes())
    blocks = [content[start : start + block_bytes] for start in range(0, len(content), block_bytes)]
    for together in (1, 3, 1000):
        pieces = (blocks[start : start + together] for start in range(0, len(blocks), together))
        found = list(decode_reads(pieces, "x.bam", sieve=ReadSieve("x.bam", n_contigs=100, min_mapq=0)))
        assert list(_rows(found)) == list(_expected(BAMS[0]))


def test_blocks_without_a_byte_are_passed_over() -> None:
    content = gzip.decompress(BAMS[0].read_bytes())
    pieces = iter([[content[:100], b""], [b"", content[100:], b"", b""], [b""]])
    found = list(decode_reads(pieces, "x.bam", sieve=ReadSieve("x.bam", n_contigs=100, min_mapq=0)))
    assert list(_rows(found)) == list(_expected(BAMS[0]))


@pytest.mark.parametrize("edits", [0, 200, 300, 70_000])
def test_the_edits_are_found_behind_tags_of_all_types(tmp_path: Path, edits: int) -> None:
    header = pysam.AlignmentHeader.from_references(["c"], [1000])
    one = segment(Read(edits=None), header)
    one.set_tags(
        [
            *(("XA", "A", "A"), ("XZ", "NMi text", "Z"), ("XF", 1.5, "f"), ("XI", -3, "i")),
            *(
                ("XB", array("H", [1, 2, 300])),
                ("XH", "1AE3", "H"),
                ("XE", "", "Z"),
                ("NM", edits, "i"),
                ("XC", 7, "C"),
            ),
        ]
    )
    with pysam.AlignmentFile(str(tmp_path / "x.bam"), "wb", header=header) as file:
        file.write(one)
        file.write(segment(Read(edits=None), header))
    (batch,) = _decoded(gzip.decompress((tmp_path / "x.bam").read_bytes()))
    assert batch.edits.tolist() == [edits, -1]


def test_a_cigar_of_more_than_65535_operations_is_found_in_its_tag(tmp_path: Path) -> None:
    n_pairs = 40_000
    reads = [Read(start=0), Read(start=1, cigar="2M1D" * n_pairs + "5M", edits=n_pairs), Read(start=2)]
    path = write_bam(tmp_path / "x.bam", reads, (200_000,))
    (batch,) = _decoded(gzip.decompress(path.read_bytes()))
    assert batch.n_operations.tolist() == [1, 2 * n_pairs + 1, 1]
    assert batch.operation_bp.sum() == 100 + 3 * n_pairs + 5 + 100


def test_a_clip_and_a_skip_without_a_long_cigar_stay(tmp_path: Path) -> None:
    path = write_bam(tmp_path / "x.bam", [Read(cigar="100S50N")])
    (batch,) = _decoded(gzip.decompress(path.read_bytes()))
    assert batch.operation_bp.tolist() == [100, 50]


@pytest.mark.parametrize("n_missing", [1, 150, 7000])
def test_an_end_within_a_record_is_an_error(tmp_path: Path, n_missing: int) -> None:
    content = gzip.decompress(write_bam(tmp_path / "x.bam", [Read()] * 100).read_bytes())
    with pytest.raises(DnabertSError, match="BAM data are truncated or corrupt"):
        _decoded(content[:-n_missing])


def test_an_end_within_the_header_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="truncated"):
        _decoded(gzip.decompress(BAMS[0].read_bytes())[:50])


@pytest.mark.parametrize(("place", "value"), [(0, b"\x05\0\0\0"), (12, b"\xff"), (16, b"\xff\xff"), (20, b"\xff" * 4)])
def test_sizes_that_cannot_be_are_an_error(tmp_path: Path, place: int, value: bytes) -> None:
    content = bytearray(gzip.decompress(write_bam(tmp_path / "x.bam", [Read()]).read_bytes()))
    start = len(gzip.decompress(write_bam(tmp_path / "y.bam", []).read_bytes()))
    content[start + place : start + place + len(value)] = value
    with pytest.raises(DnabertSError, match="corrupt"):
        _decoded(bytes(content))


def _with_cigar_words(words: list[int], n_operations: int, tags: bytes) -> bytes:
    """One record of four bases on contig 0, behind a header of one contig."""
    header = b"BAM\x01" + struct.pack("<ii", 0, 1) + struct.pack("<i", 3) + b"c0\0" + struct.pack("<i", 1000)
    body = struct.pack("<iiBBHHHiiii", 0, 10, 2, 60, 0, n_operations, 0, 4, -1, -1, 0) + b"r\0"
    body += struct.pack(f"<{len(words)}I", *words) + bytes(2) + bytes(4) + tags
    return header + struct.pack("<i", len(body)) + body


def test_a_cigar_that_a_tag_makes_longer_than_the_record_is_damage() -> None:
    placeholder = [4 << 4 | 4, 100 << 4 | 3]
    whole = _with_cigar_words(placeholder, 2, b"CGBI" + struct.pack("<II", 1, 4 << 4))
    assert list(_rows(_decoded(whole))) == [(0, 10, -1, [(0, 4)])]
    with pytest.raises(DnabertSError, match="truncated or corrupt"):
        _decoded(_with_cigar_words(placeholder, 2, b"CGBI" + struct.pack("<II", 2**31, 4 << 4)))


def test_an_operation_that_there_is_not_is_damage() -> None:
    with pytest.raises(DnabertSError, match="truncated or corrupt"):
        _decoded(_with_cigar_words([4 << 4 | 12], 1, b""))


def test_a_record_of_an_unknown_contig_is_damage() -> None:
    content = bytearray(_with_cigar_words([4 << 4], 1, b""))
    content[content.index(b"r\0") - 32 : content.index(b"r\0") - 28] = struct.pack("<i", 200)
    with pytest.raises(DnabertSError, match="names a contig that the header does not know"):
        _decoded(bytes(content))
