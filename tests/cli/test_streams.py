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

LARGE = (
    "embed",
    "bin",
    "train",
    "fit",
    "classify",
    "cluster",
    "pairs",
    "simulate",
    "metagenome",
)  # more than 1 kB of output


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inputs of every command."""
    folder = tmp_path_factory.mktemp("limits") / "in"
    write_inputs(folder)
    return folder


@contextmanager
def small_files() -> Iterator[None]:
    """No file may grow beyond 1 kB: as on a full disk, but for the number of the error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _more_commands(command: Command, inputs: Path, folder: Path) -> dict[str, tuple[object, ...]]:
    """Command lines of commands that are not killed, with inputs of their own in `folder`."""
    shards = [folder / f"s{number}.npy" for number in range(2)]
    for number, path in enumerate(shards):
        assert command("embed", inputs / "reads.fa", "--model", "tnf-c", "--shard", f"{number}/2", "-o", path).code == 0
    labels = folder / "gold.tsv"
    names = [line[1:].split()[0] for line in (inputs / "contigs.fa").read_text().splitlines() if line.startswith(">")]
    labels.write_text("contig\tgenome\tLENGTH\n" + "".join(f"{name}\tg{name}\t5000\n" for name in names))
    clusters = folder / "bins.tsv"
    clusters.write_text("".join(f"{name}\tbin.{name}\n" for name in names))
    return {
        "merge": ("merge", *shards, "-o", folder / "out.npy"),
        "catalogue": ("catalogue", f"A={inputs / 'contigs.fa'}", "-o", folder / "out.fa.gz"),
        "evaluate bins": ("evaluate", "bins", clusters, "--labels", labels, "-o", folder / "out"),
    }


@pytest.mark.parametrize("name", ["merge", "catalogue", "evaluate bins"])
def test_a_file_of_any_command_that_cannot_grow_is_named(
    command: Command, inputs: Path, tmp_path: Path, name: str
) -> None:
    arguments = _more_commands(command, inputs, tmp_path)[name]
    before = sorted(tmp_path.iterdir())
    with small_files():
        result = command(*arguments, "--quiet")
    assert result.code == 1
    assert f"error: {tmp_path}/out" in result.err
    assert "cannot write" in result.err
    assert "hint: free some space" in result.err
    assert sorted(tmp_path.iterdir()) == before


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


def test_what_cannot_be_a_stream_is_refused(
    command: Command, inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shards = _more_commands(command, inputs, tmp_path)["merge"][1:3]
    assert "cannot be written to standard output" in command("merge", *shards, "-o", "-").err
    assert "is several files, not a stream" in command("catalogue", inputs / "contigs.fa", "-o", "-").err
    assert list(tmp_path.glob("-*")) == []


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
