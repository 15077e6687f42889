from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.folders import atomic_folder


def _fill(path: Path, text: str, *, force: bool = False) -> None:
    with atomic_folder(path, force=force) as folder:
        (folder / "run.json").write_text(json.dumps({"text": text}))


def _text(path: Path) -> object:
    return json.loads((path / "run.json").read_text())["text"]


def test_folder_appears_only_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "out"
    with atomic_folder(path, force=False) as folder:
        (folder / "run.json").write_text('{"seed": 0}')
        (folder / "a.tsv").write_text("1234")
        assert not path.exists()
    run = json.loads((path / "run.json").read_text())
    assert run == {"seed": 0, "outputs": [{"path": "a.tsv", "bytes": 4}]}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_failed_run_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with atomic_folder(tmp_path / "out", force=False) as folder:
            (folder / "half").write_text("")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    _fill(tmp_path / "out", "old")
    with pytest.raises(DnabertSError, match="already exists") as caught:
        _fill(tmp_path / "out", "new")
    assert caught.value.path == str(tmp_path / "out")
    assert _text(tmp_path / "out") == "old"


def test_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    _fill(tmp_path / "out", "new")
    assert _text(tmp_path / "out") == "new"


def test_force_replaces_an_output_of_ours_whole(tmp_path: Path) -> None:
    with atomic_folder(tmp_path / "out", force=False) as folder:
        (folder / "bins").mkdir()
        (folder / "bins" / "old.fa").write_text("")
        (folder / "run.json").write_text("{}")
    _fill(tmp_path / "out", "new", force=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["run.json"]
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_old_output_stays_when_the_new_run_fails(tmp_path: Path) -> None:
    _fill(tmp_path / "out", "old")
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "out", force=True):
        raise RuntimeError
    assert _text(tmp_path / "out") == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_force_spares_a_folder_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1").write_text("")
    with pytest.raises(DnabertSError, match=r"holds no run\.json") as caught:
        _fill(tmp_path / "thesis", "new", force=True)
    assert caught.value.path == str(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter1").exists()


@pytest.mark.parametrize("name", ["notes.txt", "bins/mine.fa", "link"])
def test_force_spares_a_folder_with_files_that_no_run_wrote(tmp_path: Path, name: str) -> None:
    _fill(tmp_path / "out", "old")
    foreign = tmp_path / "out" / name
    foreign.parent.mkdir(exist_ok=True)
    foreign.symlink_to(tmp_path) if name == "link" else foreign.write_text("mine")
    with pytest.raises(DnabertSError, match=f"holds '{name}', which dnabert-s did not write") as caught:
        _fill(tmp_path / "out", "new", force=True)
    assert caught.value.path == str(tmp_path / "out")
    assert foreign.exists()
    assert _text(tmp_path / "out") == "old"


def test_force_spares_a_folder_whose_run_does_not_say_what_it_wrote(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")
    with pytest.raises(DnabertSError, match="does not list the files"):
        _fill(tmp_path / "out", "new", force=True)


def test_a_file_that_comes_into_the_old_folder_meanwhile_is_spared(tmp_path: Path) -> None:
    def be_overtaken() -> None:
        with atomic_folder(tmp_path / "out", force=True) as folder:
            (folder / "run.json").write_text("{}")
            (tmp_path / "out" / "notes.txt").write_text("mine")

    _fill(tmp_path / "out", "old")
    with pytest.raises(DnabertSError, match=r"notes\.txt"):
        be_overtaken()
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_two_runs_do_not_write_one_folder(tmp_path: Path) -> None:
    with (
        atomic_folder(tmp_path / "out", force=False),
        pytest.raises(DnabertSError, match="another process is writing here"),
        atomic_folder(tmp_path / "out", force=False),
    ):
        pass


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / "out.partial" / ".0123456789ab.out").mkdir(parents=True)
    (tmp_path / "out.partial" / "lock").write_text("")
    _fill(tmp_path / "out", "new")
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_an_output_that_a_killed_run_had_moved_away_comes_back(tmp_path: Path) -> None:
    _fill(tmp_path / "out", "old")
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out").rename(tmp_path / "out.partial" / "old.out")
    with pytest.raises(DnabertSError, match="already exists"):
        _fill(tmp_path / "out", "new")
    assert _text(tmp_path / "out") == "old"


def test_force_spares_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("precious")
    with pytest.raises(DnabertSError, match="is a file") as caught:
        _fill(tmp_path / "out", "new", force=True)
    assert caught.value.path == str(tmp_path / "out")


def test_folder_filled_by_another_process_meanwhile_is_spared(tmp_path: Path) -> None:
    def be_overtaken() -> None:
        with atomic_folder(tmp_path / "out", force=False):
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "theirs").write_text("")

    with pytest.raises(DnabertSError, match="already exists"):
        be_overtaken()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "theirs"]


def test_link_to_a_folder_is_followed(tmp_path: Path) -> None:
    _fill(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    _fill(tmp_path / "link", "new", force=True)
    assert (tmp_path / "link").is_symlink()
    assert _text(tmp_path / "real") == "new"


def test_old_output_comes_back_when_the_new_one_cannot_be_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(tmp_path / "out", "old")
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if self.name.endswith(".out") and not self.name.startswith("old.") and target.name == "out":
            raise OSError("no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="no"):
        _fill(tmp_path / "out", "new", force=True)
    assert _text(tmp_path / "out") == "old"
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]
