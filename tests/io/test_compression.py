"""Compressed files end where their last member does, BGZF with its mark."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pysam
import pytest

from dnabert_s_cli.errors import DnabertSError
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
