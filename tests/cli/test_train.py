"""`train` from the command line: several processes, kills and signals; what it writes is in tests/pipelines."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.training_inputs import TrainingInputs

MAIN = [sys.executable, "-m", "dnabert_s_cli"]
DEADLINE_S = 60.0


def arguments(inputs: TrainingInputs, output: Path, *more: object) -> list[str]:
    """A run of the small transformer in float32 on the CPU."""
    model = ("--init", inputs.transformer, "--tokenizer", "new", "--vocab-size", "32")
    how = ("--batch", "8", "--lr", "1e-3", "--device", "cpu", "--dtype", "float32", "-q")
    return [str(one) for one in ("train", "--train", inputs.train, *model, *how, "-o", output, *more)]


def started(given: list[str]) -> subprocess.Popen[str]:
    """The command as a process of its own."""
    return subprocess.Popen([*MAIN, *given], stderr=subprocess.PIPE, text=True)


def wait_for_rows(log: Path, n_rows: int) -> None:
    """Return once a run has logged so many steps."""
    deadline = time.monotonic() + DEADLINE_S
    while not log.is_file() or len(log.read_text().splitlines()) <= n_rows:
        assert time.monotonic() < deadline, "the run does not get on"
        time.sleep(0.01)


def losses(output: Path) -> list[tuple[str, str]]:
    """Steps and losses of log.csv."""
    with (output / "log.csv").open() as file:
        return [(row["step"], row["loss"]) for row in csv.DictReader(file)]


def assert_same_run(output: Path, unbroken: Path) -> None:
    """Weights to the byte, and the same log."""
    for name in ("last/model.safetensors", "best/model.safetensors", "last/head.safetensors", "last/optimiser.pt"):
        assert (output / name).read_bytes() == (unbroken / name).read_bytes(), name
    assert losses(output) == losses(unbroken)


def test_a_model_is_trained_and_used(command: Command, training_inputs: TrainingInputs, tmp_path: Path) -> None:
    measures = ("--val", training_inputs.val, "--labels", training_inputs.labelled, "--max-steps", 3)
    given = arguments(training_inputs, tmp_path / "a", *measures)
    given.remove("-q")
    result = command(*given)
    assert (result.code, result.out) == (0, "")
    assert "phase I (clean views) in step 1, phase II (mixed views) in steps 2 to 3" in result.err
    assert "step 3: validation loss" in result.err
    (tmp_path / "a.fa").write_text(">a\nACGTTGCAGGATCCA\n")
    embedded = command("embed", tmp_path / "a.fa", "--model", tmp_path / "a" / "best", "-o", "-", "-q")
    assert (embedded.code, len(embedded.out.splitlines())) == (0, 2)


def test_the_command_stands_in_the_model_card(
    command: Command, training_inputs: TrainingInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = arguments(training_inputs, tmp_path / "a", "--max-steps", 1)
    monkeypatch.setattr(sys, "argv", ["dnabert-s", *given])
    assert command(*given).code == 0
    card = (tmp_path / "a" / "best" / "README.md").read_text()
    assert f"dnabert-s train --train {training_inputs.train}" in card


def test_a_bad_row_is_an_error(command: Command, training_inputs: TrainingInputs, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("ACGT,ACGT\nACGT\n")
    result = command(*arguments(training_inputs, tmp_path / "a", "--train", tmp_path / "bad.csv"))
    assert result.code == 1
    assert result.err.startswith(f"error: {tmp_path / 'bad.csv'}:2: ")


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (("--no-mix", "--no-curriculum"), "either --no-mix or --no-curriculum"),
        (("--mix-layer", "x"), "'x' is not a layer"),
        (("--objective", "x"), "--objective"),
        (("--resume", "maybe"), "maybe"),
        (("--max-view", "0"), "--max-view"),
    ],
)
def test_wrong_usage_is_told(
    command: Command, training_inputs: TrainingInputs, tmp_path: Path, more: tuple[str, ...], problem: str
) -> None:
    result = command(*arguments(training_inputs, tmp_path / "a", *more))
    assert result.code == 2
    assert problem in result.err


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        (("--gpus", "77"), "77 GPUs asked for"),
        (("--gpus", "2", "--processes", "2"), "either --gpus or --processes"),
        (("--min-view", "50"), "need a maximum length"),
        (("--curriculum", "2"), "not a share of the steps"),
        (("--base", "dnabert-2"), "a model to train is needed"),
    ],
)
def test_bad_options_are_told(
    command: Command, training_inputs: TrainingInputs, tmp_path: Path, more: tuple[str, ...], problem: str
) -> None:
    result = command(*arguments(training_inputs, tmp_path / "a", *more))
    assert result.code == 1
    assert problem in result.err


def test_help_shows_every_group(command: Command) -> None:
    result = command("train", "--help")
    assert result.code == 0
    assert all(panel in result.out for panel in ("Data", "Views", "Model", "Objective", "Optimiser", "Measuring"))


def test_kill_and_resume_end_with_the_same_bytes(
    command: Command, training_inputs: TrainingInputs, tmp_path: Path
) -> None:
    given = ("--epochs", 8, "--save-every", 7, "--threads", 1, "--val", training_inputs.val, "--eval-every", 10)
    assert command(*arguments(training_inputs, tmp_path / "unbroken", *given)).code == 0
    run = started(arguments(training_inputs, tmp_path / "a", *given))
    wait_for_rows(tmp_path / "a" / "log.csv", 1 + time.time_ns() % 25)
    run.kill()
    run.communicate()
    assert run.returncode == -signal.SIGKILL
    assert command(*arguments(training_inputs, tmp_path / "a", *given, "--resume")).code == 0
    assert_same_run(tmp_path / "a", tmp_path / "unbroken")


def test_kill_and_resume_of_two_processes_end_with_the_same_bytes(
    training_inputs: TrainingInputs, tmp_path: Path
) -> None:
    given = ("--epochs", 6, "--save-every", 4, "--processes", 2)
    unbroken = started(arguments(training_inputs, tmp_path / "unbroken", *given))
    run = started(arguments(training_inputs, tmp_path / "a", *given))
    wait_for_rows(tmp_path / "a" / "log.csv", 1 + time.time_ns() % 20)
    run.kill()
    assert run.wait() == -signal.SIGKILL  # its processes notice, and end by themselves
    resumed = started(arguments(training_inputs, tmp_path / "a", *given, "--resume"))
    assert (unbroken.communicate()[1], resumed.communicate()[1]) == ("", "")
    assert (unbroken.returncode, resumed.returncode) == (0, 0)
    assert_same_run(tmp_path / "a", tmp_path / "unbroken")


def test_an_error_of_one_process_is_told_once(training_inputs: TrainingInputs, tmp_path: Path) -> None:
    rows = training_inputs.train.read_text().splitlines(keepends=True) * 5
    rows[150] = "ACGT,AC-T,s0\n"  # neither at the beginning nor at the end, which are checked before
    (tmp_path / "bad.csv").write_text("".join(rows))
    given = arguments(training_inputs, tmp_path / "a", "--train", tmp_path / "bad.csv", "--processes", 2)
    result = subprocess.run([*MAIN, *given], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    first, hint = result.stderr.splitlines()
    assert first == f"error: {tmp_path / 'bad.csv'}:151: column 2: '-' is not a nucleotide letter"
    assert hint.startswith("hint: ")


def test_a_signal_leaves_a_checkpoint_to_go_on_from(training_inputs: TrainingInputs, tmp_path: Path) -> None:
    run = started(arguments(training_inputs, tmp_path / "a", "--epochs", 5000))
    wait_for_rows(tmp_path / "a" / "log.csv", 2)
    run.terminate()
    assert "stopping" in run.communicate()[1]
    assert run.returncode == 143
    assert {"best", "last"} <= {path.name for path in (tmp_path / "a").iterdir()}
