from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.locks import LOCK_FILE, lock_folder
from tests.locations import PROJECT

LOCK_AND_WAIT = """
import pathlib, sys, time
from dnabert_s_cli.io.locks import lock_folder
lock_folder(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
time.sleep(60)
"""


def test_a_locked_folder_is_refused_until_it_is_given_up(tmp_path: Path) -> None:
    descriptor = lock_folder(tmp_path / "a")
    with pytest.raises(DnabertSError, match="another process is writing here") as caught:
        lock_folder(tmp_path / "a")
    assert caught.value.path == str(tmp_path / "a")
    os.close(descriptor)
    os.close(lock_folder(tmp_path / "a"))


def test_the_lock_of_a_killed_process_keeps_nobody_out(tmp_path: Path) -> None:
    program = [sys.executable, "-c", LOCK_AND_WAIT, str(tmp_path)]
    with subprocess.Popen(program, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(DnabertSError, match="another process"):
            lock_folder(tmp_path)
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / LOCK_FILE).exists()
    os.close(lock_folder(tmp_path))


def test_no_descriptor_is_left_open_by_a_refusal(tmp_path: Path) -> None:
    descriptor = lock_folder(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(DnabertSError):
        lock_folder(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    os.close(descriptor)
