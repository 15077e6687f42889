from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io import stages
from dnabert_s_cli.io.stages import StageFacts, StageFolder

FACTS = StageFacts({"contigs": ["a1"]}, {"window_bp": 100})


def break_off(output: Path, *names: str) -> None:
    """A run that keeps these stages, then is interrupted."""
    with suppress(KeyboardInterrupt), StageFolder(output, resume=True, force=False) as kept:
        for stage in names:
            with kept.keep(stage, FACTS) as folder:
                (folder / "rows").write_text(stage)
        raise KeyboardInterrupt


def test_a_stage_is_found_by_the_next_run(tmp_path: Path) -> None:
    break_off(tmp_path / "out", "halves")
    with StageFolder(tmp_path / "out", resume=True, force=False) as kept:
        folder = kept.find("halves", FACTS)
        assert folder is not None
        assert (folder / "rows").read_text() == "halves"


def test_a_stage_that_was_not_made_is_not_found(tmp_path: Path) -> None:
    with StageFolder(tmp_path / "out", resume=True, force=False) as kept:
        assert kept.find("halves", FACTS) is None


def test_a_finished_run_leaves_nothing(tmp_path: Path) -> None:
    break_off(tmp_path / "out", "halves", "markers")
    with StageFolder(tmp_path / "out", resume=True, force=False):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, DnabertSError, RuntimeError])
def test_a_failed_run_with_nothing_finished_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with StageFolder(tmp_path / "out", resume=False, force=False) as kept:
            kept.grow("embedding", FACTS)
            with kept.keep("halves", FACTS) as folder:
                (folder / "rows").write_text("")
                raise error("enough")

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", ["lock_folder", "_sweep"])
def test_an_interrupt_before_the_first_stage_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupted(*_given: object, **_options: object) -> None:
        if step == "lock_folder":
            (tmp_path / "out.partial").mkdir()  # as far as it came
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(stages if step == "lock_folder" else StageFolder, step, interrupted)
    with pytest.raises(KeyboardInterrupt), StageFolder(tmp_path / "out", resume=False, force=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_stage_that_has_grown_stays(tmp_path: Path) -> None:
    def fail() -> None:
        with StageFolder(tmp_path / "out", resume=False, force=False) as kept:
            (kept.grow("embedding", FACTS) / "rows").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with StageFolder(tmp_path / "out", resume=True, force=False) as kept:
        assert (kept.grow("embedding", FACTS) / "rows").read_text() == "half"


def test_what_a_killed_run_had_in_the_making_is_removed(tmp_path: Path) -> None:
    break_off(tmp_path / "out", "halves")
    (tmp_path / "out.partial" / ".0123456789ab.markers").mkdir()
    break_off(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out.partial").iterdir()) == ["halves", "lock"]


def test_force_without_resume_forgets_all_stages(tmp_path: Path) -> None:
    break_off(tmp_path / "out", "halves")
    with StageFolder(tmp_path / "out", resume=False, force=True) as kept:
        assert kept.find("halves", FACTS) is None


def test_something_of_the_users_is_spared(tmp_path: Path) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "thesis").mkdir()
    (tmp_path / "out.partial" / "thesis" / "chapter1").write_text("")
    with StageFolder(tmp_path / "out", resume=False, force=True) as kept, kept.keep("halves", FACTS):
        pass
    assert [path.name for path in tmp_path.rglob("*")] == ["out.partial", "thesis", "chapter1"]


def test_an_unfinished_run_is_an_error_that_names_both_ways_on(tmp_path: Path) -> None:
    break_off(tmp_path / "out", "halves")
    with (
        pytest.raises(DnabertSError, match="an unfinished run exists") as caught,
        StageFolder(tmp_path / "out", resume=False, force=False),
    ):
        pass
    assert caught.value.path == str(tmp_path / "out.partial")
    assert caught.value.hint == "continue it with --resume, or start over with --force"


def test_a_finished_output_is_an_error_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text("{}")
    with pytest.raises(DnabertSError, match="already exists"), StageFolder(tmp_path / "out", resume=True, force=False):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (StageFacts({"contigs": ["b2"]}, {"window_bp": 100}), "the unfinished run was made from other contigs"),
        (StageFacts({"contigs": ["a1"]}, {"window_bp": 50}), "the unfinished run had window_bp 100, this one has 50"),
        (StageFacts({}, {"window_bp": 100}), "the unfinished run was made from other contigs"),
    ],
)
def test_a_stage_made_from_something_else_is_refused(tmp_path: Path, facts: StageFacts, problem: str) -> None:
    break_off(tmp_path / "out", "halves")
    with (
        pytest.raises(DnabertSError, match=problem) as caught,
        StageFolder(tmp_path / "out", resume=True, force=False) as kept,
    ):
        kept.find("halves", facts)
    assert caught.value.path == str(tmp_path / "out.partial")
    assert "--force without --resume starts over" in str(caught.value.hint)
    assert (tmp_path / "out.partial" / "halves" / "rows").exists()


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"settings": 1, "inputs": {}}'])
def test_facts_that_cannot_be_read_are_an_error(tmp_path: Path, text: str) -> None:
    break_off(tmp_path / "out", "halves")
    path = tmp_path / "out.partial" / "halves" / "made-from.json"
    path.write_text(text)
    with (
        pytest.raises(DnabertSError, match="cannot be read") as caught,
        StageFolder(tmp_path / "out", resume=True, force=False) as kept,
    ):
        kept.find("halves", FACTS)
    assert caught.value.path == str(path)
