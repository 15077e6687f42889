"""Exit codes, help, version, and errors as a person sees them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dnabert_s_cli import __version__
from tests.cli.conftest import Command
from tests.conftest import random_dna

COMMANDS = (["embed"], ["cluster"], ["bin"], ["models"], ["models", "list"], ["models", "pull"], ["doctor"])
MAIN = [sys.executable, "-m", "dnabert_s_cli"]


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version_is_printed(command: Command, flag: str) -> None:
    result = command(flag)
    assert (result.code, result.out) == (0, f"dnabert-s {__version__}\n")


@pytest.mark.parametrize("names", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help(command: Command, names: list[str], flag: str) -> None:
    result = command(*names, flag)
    assert result.code == 0
    assert "Usage" in result.out


@pytest.mark.parametrize("arguments", [["nonsense"], ["embed"], ["embed", "x.fa", "-o", "y.npy", "--strand", "up"]])
def test_wrong_usage_is_code_2_on_stderr(command: Command, arguments: list[str]) -> None:
    result = command(*arguments)
    assert result.code == 2
    assert "Error" in result.err
    assert result.out == ""


def test_error_is_code_1_with_place_and_hint(command: Command, tmp_path: Path) -> None:
    result = command("embed", tmp_path / "absent.fa", "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q")
    assert result.code == 1
    assert result.err == f"error: {tmp_path}/absent.fa: no such file\nhint: check the path\n"


def test_all_bad_inputs_are_reported_together(command: Command, tmp_path: Path) -> None:
    bad, empty = tmp_path / "bad.fa", tmp_path / "empty.fa"
    bad.write_text(">a\nACGT\n>b\nACXGT\n>c\n\n>a\nAC\n")
    empty.touch()
    result = command("embed", bad, empty, tmp_path / "absent.fa", "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q")
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert result.code == 1
    assert f"error: {bad}:4: record 'b': 'X' is not a nucleotide letter" in errors
    assert len(errors) == 5
    assert not list(tmp_path.glob("e.*"))


def test_output_in_an_absent_disk_is_an_error_not_a_traceback(command: Command, reads: Path) -> None:
    result = command("embed", reads, "-o", "/proc/none/e.npy", "--model", "tnf-c", "-q")
    assert result.code == 1
    assert result.err.startswith("error: /proc/none/e.npy")


def test_defect_of_ours_keeps_its_traceback(command: Command, reads: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dnabert_s_cli.pipelines.embed.recipe.embed", broken)
    with pytest.raises(ZeroDivisionError):
        command("embed", reads, "-o", "e.npy", "--model", "tnf-c")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_ends_with_its_code_and_leaves_nothing(number: int, code: int, tmp_path: Path) -> None:
    read_end, write_end = os.pipe()  # an input that never ends keeps the command waiting
    process = subprocess.Popen(
        [*MAIN, "bin", "-", "-o", tmp_path / "out", "--model", "tnf-c"],
        stdin=read_end,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job inherits it ignored
    )
    deadline = time.monotonic() + 200
    while not list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()), "the temporary folder shows that the run has begun"
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    os.close(write_end)
    os.close(read_end)
    assert process.returncode == code
    assert b"Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_broken_pipe_is_quiet(tmp_path: Path) -> None:
    path = tmp_path / "many.fa"
    path.write_text("".join(f">r{index}\n{random_dna(50, index)}\n" for index in range(3000)))
    process = subprocess.Popen(
        [*MAIN, "embed", path, "-o", "-", "--model", "tnf", "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 1


def test_no_color_is_honoured(tmp_path: Path) -> None:
    result = subprocess.run(
        [*MAIN, "embed", tmp_path / "absent.fa", "-o", tmp_path / "e.npy", "--model", "tnf-c"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1", "FORCE_COLOR": ""},
    )
    assert "\x1b[3" not in result.stderr
    assert result.returncode == 1
