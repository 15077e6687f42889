"""What a process knows of those beside it."""

from __future__ import annotations

import pytest

from dnabert_s_cli.training.processes.environment import is_launched, local_processes, n_processes, process_rank


def test_a_process_alone_is_the_first_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (is_launched(), process_rank(), n_processes(), local_processes()) == (False, 0, 1, 1)


def test_torchrun_says_which_process_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "16"), ("RANK", "9"), ("LOCAL_WORLD_SIZE", "8")):
        monkeypatch.setenv(name, value)
    assert (is_launched(), process_rank(), n_processes(), local_processes()) == (True, 9, 16, 8)
