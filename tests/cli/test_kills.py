"""A small part of `make kills`."""

from __future__ import annotations

from pathlib import Path

from tests.kills import kill_all


def test_a_run_that_was_killed_is_completed_without_remains(tmp_path: Path) -> None:
    (outcome,) = kill_all(tmp_path, 2, seed=3, only="classify")
    assert outcome.problems == ()
    assert outcome.n_kills >= 1
