"""What a process knows of those beside it."""

from __future__ import annotations

import signal
import socket

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.processes import distributed
from dnabert_s_cli.training.processes.environment import is_launched, local_processes, n_processes, process_rank


def test_a_process_alone_is_the_first_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert (is_launched(), process_rank(), n_processes(), local_processes()) == (False, 0, 1, 1)


def test_torchrun_says_which_process_this_is(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("WORLD_SIZE", "16"), ("RANK", "9"), ("LOCAL_WORLD_SIZE", "8")):
        monkeypatch.setenv(name, value)
    assert (is_launched(), process_rank(), n_processes(), local_processes()) == (True, 9, 16, 8)


@pytest.mark.parametrize("text", ["x", "-1", "", "1.5", "9" * 5000])
def test_a_variable_that_is_no_number_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RANK", text)
    with pytest.raises(DnabertSError, match="the environment variable RANK is") as caught:
        process_rank()
    assert "unset RANK" in str(caught.value.hint)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_processes_that_do_not_come_are_not_waited_for_without_end(
    monkeypatch: pytest.MonkeyPatch, rank: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, value in (("RANK", rank), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", str(port))):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(distributed, "_MEETING_S", 2)
    monkeypatch.setattr(distributed, "_NOTICE_S", 0.0)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(DnabertSError, match=f"could not meet 1 other process at 127.0.0.1:{port}") as caught:
        distributed.meet_others()
    assert "left over" in str(caught.value.hint)
    assert "waiting for 1 other process" in caplog.text
    assert signal.getsignal(signal.SIGTERM) == before


def test_variables_that_are_not_all_there_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(DnabertSError, match="could not meet 1 other process at nowhere"):
        distributed.meet_others()
