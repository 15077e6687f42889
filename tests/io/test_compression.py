"""Compressed files end where their last member does, BGZF with its mark."""

from __future__ import annotations

import gzip
import shutil
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.compression import _MOST_BYTES
from dnabert_s_cli.io.files import open_input
from tests.io.test_files import COMPRESS, TEXT


def read_bytes(tmp_path: Path, content: bytes) -> bytes:
    (tmp_path / "x").write_bytes(content)
    with open_input(tmp_path / "x") as stream:
        return stream.read()


def _blocks(content: bytes) -> tuple[bytes, list[int]]:
    """BGZF, and where its blocks begin."""
    path = Path(tempfile.mkdtemp()) / "x.gz"
    with pysam.BGZFile(str(path), "w") as file:
        for start in range(0, len(content), 20_000):
            file.write(content[start : start + 20_000])
            file.flush()
    raw = path.read_bytes()
    shutil.rmtree(path.parent)
    starts = [0]
    while starts[-1] + 18 <= len(raw):
        starts.append(starts[-1] + int.from_bytes(raw[starts[-1] + 16 : starts[-1] + 18], "little") + 1)
    return raw, starts[:-1]


def test_bgzf_cut_between_two_blocks_is_truncated(tmp_path: Path) -> None:
    raw, starts = _blocks(TEXT)
    assert read_bytes(tmp_path, raw) == TEXT
    for start in starts[1:]:
        with pytest.raises(DnabertSError, match="the BGZF block that marks the end is missing"):
            read_bytes(tmp_path, raw[:start])


def test_plain_gzip_after_bgzf_needs_no_mark(tmp_path: Path) -> None:
    raw, _ = _blocks(TEXT)
    assert read_bytes(tmp_path, raw + gzip.compress(b">x\nA\n")) == TEXT + b">x\nA\n"
    assert read_bytes(tmp_path, gzip.compress(b">x\nA\n") + raw) == b">x\nA\n" + TEXT


@pytest.mark.parametrize("compress", [bytes, *COMPRESS.values()])
def test_a_byte_order_mark_is_passed_over(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    mark = b"\xef\xbb\xbf"
    assert read_bytes(tmp_path, compress(mark + TEXT)) == TEXT
    assert read_bytes(tmp_path, compress(TEXT + mark)) == TEXT + mark
    assert read_bytes(tmp_path, compress(mark)) == b""


@pytest.mark.parametrize("name", COMPRESS)
def test_what_inflates_a_thousandfold_takes_little_memory(tmp_path: Path, name: str) -> None:
    content = bytes(64 << 20)
    (tmp_path / "x").write_bytes(COMPRESS[name](content))
    assert (tmp_path / "x").stat().st_size < len(content) / 900
    tracemalloc.start()
    with open_input(tmp_path / "x") as stream:
        n_bytes = sum(map(len, iter(lambda: stream.read(1 << 20), b"")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_bytes == len(content)
    assert peak < 48 << 20


@pytest.mark.parametrize("name", COMPRESS)
@pytest.mark.parametrize("more", [-1, 0, 1, _MOST_BYTES])
def test_a_stream_as_long_as_a_step_is_read_whole(tmp_path: Path, name: str, more: int) -> None:
    content = bytes(_MOST_BYTES + more)
    assert read_bytes(tmp_path, COMPRESS[name](content) + COMPRESS[name](b"ACGT")) == content + b"ACGT"
