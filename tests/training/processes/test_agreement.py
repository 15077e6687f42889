"""Errors held and raised by a process alone; for several see tests/cli/test_train.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.processes.agreement import (
    LAUNCHER_VARIABLE,
    from_first,
    held_error,
    launcher_is_gone,
    raise_in_all,
    stop_in_all,
)
from dnabert_s_cli.training.processes.distributed import World

ALONE = World(0, 1, torch.device("cpu"))


def test_a_held_error_is_raised_later() -> None:
    with held_error() as held:
        raise DnabertSError("bad", path="a.csv", line=3)
    with pytest.raises(DnabertSError, match=r"a.csv:3: bad"):
        raise_in_all(held.error, ALONE)


def test_a_system_error_names_its_file() -> None:
    with held_error() as held:
        Path("/nowhere/at/all").read_bytes()
    assert held.error is not None
    assert str(held.error) == "/nowhere/at/all: No such file or directory"


def test_nothing_held_is_nothing_raised() -> None:
    with held_error() as held:
        pass
    raise_in_all(held.error, ALONE)
    assert not stop_in_all(False, held.error, world=ALONE)
    assert stop_in_all(True, held.error, world=ALONE)


def test_alone_the_first_value_is_ones_own() -> None:
    assert from_first("a", ALONE) == "a"


def test_a_launcher_is_gone_when_it_is_not_the_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LAUNCHER_VARIABLE, raising=False)
    assert not launcher_is_gone()
    monkeypatch.setenv(LAUNCHER_VARIABLE, str(os.getppid()))
    assert not launcher_is_gone()
    monkeypatch.setenv(LAUNCHER_VARIABLE, str(os.getpid()))
    assert launcher_is_gone()
