"""What a process knows of those beside it; starting them is tested in tests/cli/test_train.py."""

from __future__ import annotations

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.launch import check_gpus, is_launched, local_processes, process_rank


def test_a_process_alone_is_the_first_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (is_launched(), process_rank(), local_processes()) == (False, 0, 1)


def test_torchrun_says_which_process_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "16"), ("RANK", "9"), ("LOCAL_WORLD_SIZE", "8")):
        monkeypatch.setenv(name, value)
    assert (is_launched(), process_rank(), local_processes()) == (True, 9, 8)


def test_more_gpus_than_there_are_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="9999 GPUs asked for"):
        check_gpus(9999)
