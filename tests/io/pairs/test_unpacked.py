from __future__ import annotations

import errno
import gzip
import os
import shutil
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.pairs import unpacked
from dnabert_s_cli.io.pairs.unpacked import UnpackedRows

CONTENT = b"A,C\nG,T\n"


def _packed(tmp_path: Path) -> Path:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(CONTENT))
    return path


def _own(tmp_path: Path) -> Path:
    return tmp_path / f"dnabert-s-{os.getuid()}"


def test_copy_is_plain_and_gone_after_close(tmp_path: Path) -> None:
    rows = UnpackedRows(_packed(tmp_path), folder=tmp_path)
    assert os.pread(rows.fileno, 100, 0) == CONTENT
    assert rows.offsets.tolist() == [0, 4, 8]
    rows.close()
    assert list(_own(tmp_path).iterdir()) == []


def test_second_process_takes_up_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = UnpackedRows(_packed(tmp_path), folder=tmp_path)
    monkeypatch.setattr(UnpackedRows, "_unpack", lambda *_: pytest.fail("unpacked twice"))
    second = UnpackedRows(tmp_path / "x.csv.gz", folder=tmp_path)
    first.close()
    assert os.pread(second.fileno, 100, 0) == CONTENT
    second.close()


def test_changed_file_is_unpacked_anew(tmp_path: Path) -> None:
    first = UnpackedRows(_packed(tmp_path), folder=tmp_path)
    (tmp_path / "x.csv.gz").write_bytes(gzip.compress(b"TT,AA\n"))
    second = UnpackedRows(tmp_path / "x.csv.gz", folder=tmp_path)
    assert os.pread(second.fileno, 100, 0) == b"TT,AA\n"
    first.close()
    second.close()


def test_copy_removed_by_another_process_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan, scanned = unpacked.row_offsets, []

    def racing_scan(path: Path) -> object:
        scanned.append(path)
        if len(scanned) == 1:
            path.unlink()
        return scan(path)

    monkeypatch.setattr(unpacked, "row_offsets", racing_scan)
    rows = UnpackedRows(_packed(tmp_path), folder=tmp_path)
    assert (len(scanned), os.pread(rows.fileno, 100, 0)) == (2, CONTENT)
    rows.close()


def test_folder_is_for_this_user_alone(tmp_path: Path) -> None:
    UnpackedRows(_packed(tmp_path), folder=tmp_path).close()
    assert _own(tmp_path).stat().st_mode & 0o077 == 0


def test_folder_of_another_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    _own(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DnabertSError, match="belongs to another user") as caught:
        UnpackedRows(_packed(tmp_path), folder=tmp_path)
    assert caught.value.path == str(_own(tmp_path))


def test_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DnabertSError, match="cannot be made") as caught:
        UnpackedRows(_packed(tmp_path), folder=tmp_path / "file")
    assert "TMPDIR" in str(caught.value.hint)


def test_truncated_file_is_an_error_and_leaves_no_copy(tmp_path: Path) -> None:
    path = _packed(tmp_path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(DnabertSError, match="truncated") as caught:
        UnpackedRows(path, folder=tmp_path)
    assert caught.value.path == str(path)
    assert list(_own(tmp_path).glob("*csv*")) == []


def test_full_disk_is_an_error_that_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(DnabertSError, match="cannot write: No space") as caught:
        UnpackedRows(_packed(tmp_path), folder=tmp_path)
    assert caught.value.path == str(_own(tmp_path))
