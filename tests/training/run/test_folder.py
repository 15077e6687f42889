"""The output folder: what is kept, what is replaced, what a killed run leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.run import folder as run_folder
from dnabert_s_cli.training.run.checkpoint import STATE_FILE, whole_checkpoint_step
from dnabert_s_cli.training.run.folder import BEST, LAST, RunFolder, step_folder


class Killed(BaseException):
    """The moment of kill -9."""


def checkpoint(step: int) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        (folder / "weights").write_text(f"weights {step}")
        state = {"state": {"step": step}, "files": {"weights": len(f"weights {step}")}}
        (folder / STATE_FILE).write_text(json.dumps(state))

    return write


def steps(folder: RunFolder) -> dict[str, int | None]:
    return {path.name: whole_checkpoint_step(path) for path in sorted(folder.path.iterdir())}


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_a_checkpoint_takes_all_its_names(folder: RunFolder) -> None:
    folder.save(checkpoint(3), [BEST, LAST, step_folder(3)])
    assert steps(folder) == {"best": 3, "last": 3, "step-3": 3}


def test_names_of_one_step_share_their_files(folder: RunFolder) -> None:
    folder.save(checkpoint(3), [BEST, LAST])
    assert (folder.path / BEST / "weights").samefile(folder.path / LAST / "weights")


def test_a_later_checkpoint_replaces_only_its_own_names(folder: RunFolder) -> None:
    folder.save(checkpoint(3), [BEST, LAST])
    folder.save(checkpoint(4), [LAST])
    assert steps(folder) == {"best": 3, "last": 4}
    assert (folder.path / BEST / "weights").read_text() == "weights 3"


def test_the_oldest_numbered_folders_go(folder: RunFolder) -> None:
    for step in (2, 10, 9):
        folder.save(checkpoint(step), [step_folder(step)])
    folder.prune(2)
    assert steps(folder) == {"step-10": 10, "step-9": 9}


def test_the_newest_whole_checkpoint_is_found(folder: RunFolder) -> None:
    folder.save(checkpoint(3), [BEST, LAST])
    folder.save(checkpoint(5), [step_folder(5)])
    (folder.path / "step-5" / "weights").write_text("cut")
    assert folder.newest() == folder.path / LAST


def test_an_empty_folder_has_none(folder: RunFolder) -> None:
    assert folder.newest() is None


def test_a_failed_write_leaves_the_old_checkpoint(folder: RunFolder) -> None:
    folder.save(checkpoint(3), [LAST])

    def fail(path: Path) -> None:
        (path / "weights").write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        folder.save(fail, [LAST])
    assert steps(folder) == {"last": 3}


@pytest.mark.parametrize("moment", range(4))
def test_a_kill_between_two_renames_loses_nothing(
    folder: RunFolder, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.save(checkpoint(3), [BEST, LAST])
    n_left = [moment]
    rename = Path.rename

    def dying(path: Path, target: Path) -> Path:
        n_left[0] -= 1
        if n_left[0] < 0:
            raise Killed
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying)
        patch.setattr(run_folder, "_remove", lambda _: None)  # the dead tidy nothing
        with pytest.raises(Killed):
            folder.save(checkpoint(4), [BEST, LAST])
    newest = folder.newest()
    assert newest is not None
    assert whole_checkpoint_step(newest) == 4
    folder.adopt(newest, is_best=True)
    assert steps(folder) == {"best": 4, "last": 4}


def test_what_is_there_is_kept_unless_asked_for(folder: RunFolder) -> None:
    folder.save(checkpoint(3), [LAST])
    with pytest.raises(DnabertSError, match="already exists"):
        folder.make(may_exist=False)
    folder.make(may_exist=True)
    assert steps(folder) == {"last": 3}


def test_only_outputs_of_ours_are_cleared(folder: RunFolder) -> None:
    folder.save(checkpoint(3), [BEST, LAST, step_folder(3)])
    (folder.path / "notes.txt").write_text("mine")
    folder.log_path.write_text("")
    folder.clear()
    assert [path.name for path in folder.path.iterdir()] == ["notes.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(DnabertSError, match="is a file"):
        RunFolder(tmp_path / "a").make(may_exist=True)


def test_two_runs_do_not_share_a_folder(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "_PATIENCE_S", 0.05)
    with folder.locked(), pytest.raises(DnabertSError, match="another process"), RunFolder(folder.path).locked():
        pass
