"""Closed streams, full disks and limits: one line that names the file and the remedy."""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dnabert_s_cli.cli.streams import _Closed, problem_of
from tests.cli.conftest import Command
from tests.io.depth.inputs import JGI_TABLE
from tests.kill_inputs import commands, write_inputs

LARGE = ("embed", "bin", "train", "fit", "classify", "cluster", "pairs", "metagenome")  # more than 2 kB of output


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs of every command."""
    folder = tmp_path_factory.mktemp("limits") / "in"
    write_inputs(folder)
    return folder


@contextmanager
def small_files() -> Iterator[None]:
    """No file may grow beyond 2 kB: as on a full disk, but for the number of the error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2048, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", LARGE)
def test_a_file_that_cannot_grow_is_named(command: Command, inputs: Path, tmp_path: Path, name: str) -> None:
    with small_files():
        result = command(*commands(inputs, tmp_path)[name], "--quiet")
    assert result.code == 1
    errors = [line for line in result.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith(f"error: {tmp_path}/")
    assert "written" in errors[0] or "cannot write" in errors[0]
    assert "hint: free some space" in result.err
    if name != "bin":  # it keeps the steps that it has finished
        assert list(tmp_path.iterdir()) == []


def test_a_closed_standard_output_is_an_error(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", _Closed("output"))
    result = command("depth", JGI_TABLE, "-o", "-")
    assert result.code == 1
    assert "error: standard output is closed" in result.err


def test_a_closed_standard_input_is_an_error_only_where_it_is_read(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, inputs: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", _Closed("input"))
    assert "error: standard input is closed" in command("depth", "-", "-o", tmp_path / "d.tsv").err
    assert command(*commands(inputs, tmp_path)["embed"]).code == 0


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (MemoryError(), "out of memory"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out of memory ("),
        (RuntimeError("can't start new thread"), "the system allows no more threads"),
        (OSError(errno.ENOSPC, "No space left on device", "a.tsv"), "a.tsv: cannot write: No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "a.tsv"), "a.tsv: Permission denied"),
    ],
)
def test_what_the_machine_refuses_is_a_problem_of_one_line(error: Exception, problem: str) -> None:
    assert str(problem_of(error)).startswith(problem)


def test_a_defect_of_ours_keeps_its_traceback() -> None:
    assert problem_of(RuntimeError("unexpected")) is None
