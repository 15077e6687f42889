from __future__ import annotations

import os
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.io.pairs import index as pair_index
from dnabert_s_cli.io.pairs.index import index_path_of, row_offsets


@pytest.fixture
def always_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_index, "KEPT_FROM_BYTES", 0)


def _file(tmp_path: Path, content: bytes = b"ab\nc\n\nd\n") -> Path:
    path = tmp_path / "x.csv"
    path.write_bytes(content)
    return path


def _no_scan(path: Path) -> np.ndarray:
    raise AssertionError(f"{path} was scanned")


def test_offsets_are_the_begins_of_rows_and_the_end(tmp_path: Path) -> None:
    offsets = row_offsets(_file(tmp_path))
    assert offsets.dtype == np.uint64
    assert offsets.tolist() == [0, 3, 5, 6, 8]


def test_last_row_needs_no_line_end_and_blank_ones_do_not_count(tmp_path: Path) -> None:
    assert row_offsets(_file(tmp_path, b"ab\nc")).tolist() == [0, 3, 4]
    assert row_offsets(_file(tmp_path, b"ab\n\n\r\n")).tolist() == [0, 3]
    assert row_offsets(_file(tmp_path, b"")).tolist() == [0]


@given(
    rows=st.lists(st.binary(min_size=1, max_size=40).filter(lambda row: b"\n" not in row and row.strip()), max_size=30)
)
@settings(max_examples=50)
def test_rows_cut_at_the_offsets_are_the_rows(rows: list[bytes]) -> None:
    content = b"".join(row + b"\n" for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        offsets = row_offsets(_file(Path(folder), content)).tolist()
    assert [content[begin : end - 1] for begin, end in pairwise(offsets)] == rows


def test_rows_may_be_longer_than_a_block(tmp_path: Path) -> None:
    lengths = [3, pair_index._BLOCK_BYTES, 2 * pair_index._BLOCK_BYTES + 5, 1]
    content = b"".join(b"A" * length + b"\n" for length in lengths)
    assert np.diff(row_offsets(_file(tmp_path, content)).astype(int)).tolist() == [length + 1 for length in lengths]


def test_small_file_leaves_no_index(tmp_path: Path) -> None:
    row_offsets(_file(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv"]


@pytest.mark.usefixtures("always_kept")
def test_index_is_kept_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _file(tmp_path)
    made = row_offsets(path)
    assert index_path_of(path).name == "x.csv.index"
    monkeypatch.setattr(pair_index, "_scan", _no_scan)
    kept = row_offsets(path)
    assert isinstance(kept, np.memmap)
    assert kept.tolist() == made.tolist()


@pytest.mark.usefixtures("always_kept")
def test_index_of_other_content_is_made_anew(tmp_path: Path) -> None:
    row_offsets(_file(tmp_path, b"ab\nc\n"))
    assert row_offsets(_file(tmp_path, b"a\nbcd\n")).tolist() == [0, 2, 6]


@pytest.mark.usefixtures("always_kept")
def test_index_of_another_time_is_made_anew(tmp_path: Path) -> None:
    path = _file(tmp_path, b"ab\nc\n")
    row_offsets(path)
    path.write_bytes(b"a\nbc\n")
    os.utime(path, ns=(1, 1))
    assert row_offsets(path).tolist() == [0, 2, 5]


@pytest.mark.usefixtures("always_kept")
@pytest.mark.parametrize("junk", [b"", b"junk", b"\x93NUMPY"])
def test_damaged_index_is_made_anew(tmp_path: Path, junk: bytes) -> None:
    path = _file(tmp_path)
    index_path_of(path).write_bytes(junk)
    assert row_offsets(path).tolist() == [0, 3, 5, 6, 8]


@pytest.mark.usefixtures("always_kept")
def test_folder_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    path = _file(tmp_path)
    (index_path_of(path) / "in_the_way").mkdir(parents=True)
    assert row_offsets(path).tolist() == [0, 3, 5, 6, 8]
