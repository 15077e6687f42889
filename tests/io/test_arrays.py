"""Arrays in files that may hold anything: sizes are checked before memory is taken."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli import untrusted
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.arrays import map_npy, read_npz
from dnabert_s_cli.io.embeddings.binary import npy_header

ROWS = np.arange(12, dtype=np.float32).reshape(3, 4)


@pytest.mark.parametrize("dtype", ["<f4", ">f8", "<i2", "<U5", "?"])
def test_what_numpy_writes_is_read(tmp_path: Path, dtype: str) -> None:
    wanted = ROWS.astype(dtype)
    np.save(tmp_path / "x.npy", wanted)
    assert np.array_equal(map_npy(tmp_path / "x.npy"), wanted)
    np.savez(tmp_path / "x.npz", a=wanted, b=ROWS)
    np.savez_compressed(tmp_path / "y.npz", a=wanted)
    assert np.array_equal(read_npz(tmp_path / "x.npz")["a"], wanted)
    assert list(read_npz(tmp_path / "x.npz", ["b"])) == ["b"]
    assert np.array_equal(read_npz(tmp_path / "y.npz")["a"], wanted)


@pytest.mark.parametrize(
    ("shape", "descr"),
    [
        *(((3, 5), "<f4"), ((10**18, 10**18), "<f4"), ((3, 4), "<f8"), ((-3, -4), "<f4"), ((10**18,), "<U0")),
        *(((10**15, 0), "<f4"), ((3, 4), "|O"), ((1,), "<U500000000")),
    ],
)
def test_a_header_that_asks_for_other_than_is_there_is_refused(
    tmp_path: Path, shape: tuple[int, ...], descr: str
) -> None:
    content = npy_header(shape, descr=descr) + ROWS.tobytes()
    (tmp_path / "x.npy").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as archive:
        archive.writestr("a.npy", content)
    for read in (lambda: map_npy(tmp_path / "x.npy"), lambda: read_npz(tmp_path / "x.npz")):
        with pytest.raises(DnabertSError) as caught:
            read()
        assert "x.np" in str(caught.value.path)


def test_an_array_without_elements_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.zeros((0, 500)))
    assert read_npz(tmp_path / "x.npz")["a"].shape == (0, 500)


@pytest.mark.parametrize("cut", range(0, 176, 7))
def test_a_cut_file_is_refused(tmp_path: Path, cut: int) -> None:
    content = npy_header((3, 4)) + ROWS.tobytes()
    (tmp_path / "x.npy").write_bytes(content[:cut])
    with pytest.raises(DnabertSError):
        map_npy(tmp_path / "x.npy")


def test_an_archive_that_unpacks_to_more_than_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros(10**6))
    monkeypatch.setattr(untrusted, "available_bytes", lambda: 10**6)
    with pytest.raises(DnabertSError, match="its arrays would take"):
        read_npz(tmp_path / "x.npz")
