"""`embed` by two real processes: the same files as one, also after one of them was killed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dnabert_s_cli import defaults
from tests.cli.conftest import Command
from tests.conftest import random_dna
from tests.locations import PROJECT

MAIN = [sys.executable, "-m", "dnabert_s_cli"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
DEADLINE_S = 300.0
CHUNK_RECORDS = 50

# What Python runs first in every process of a test: small chunks; and in the process of rank 1, where it is to be
# killed, that kill behind its second chunk.
SMALL_CHUNKS = f"import dnabert_s_cli.defaults as d; d.CHUNK_RECORDS = {CHUNK_RECORDS}"
KILL = """
import os, signal
if os.environ.get("RANK") == "1":
    from dnabert_s_cli.io.embeddings.unfinished import PartialFolder
    store = PartialFolder._store
    def store_and_die(self, progress):
        store(self, progress)
        if progress.n_chunks == 2:
            os.kill(os.getpid(), signal.SIGKILL)
    PartialFolder._store = store_and_die
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve chunks of short reads."""
    path = tmp_path_factory.mktemp("many") / "many.fa"
    dna = random_dna(2_000)
    reads = [dna[index:][: 40 + index % 50] for index in range(12 * CHUNK_RECORDS)]
    path.write_text("".join(f">r{index}\n{read}\n" for index, read in enumerate(reads)))
    return path


def options(model: Path | str) -> list[str]:
    return ["--model", str(model), "--device", "cpu", "--dtype", "float32", "-q"]


def embed(
    folder: Path, *given: object, program: list[str] = MAIN, startup: str = SMALL_CHUNKS
) -> subprocess.CompletedProcess[str]:
    """Run the command in processes that begin with `startup`."""
    (folder / "site").mkdir(exist_ok=True)
    (folder / "site" / "sitecustomize.py").write_text(startup)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(PROJECT)])}
    return subprocess.run(
        [*program, "embed", *map(str, given)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_S,
    )


def assert_same_table(path: Path, other: Path) -> None:
    for suffix in (".npy", ".ids.tsv"):
        assert path.with_suffix(suffix).read_bytes() == other.with_suffix(suffix).read_bytes(), suffix
    assert not path.with_name(path.name + ".partial").exists()


@pytest.fixture
def by_one(command: Command, many: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The table that one process makes."""
    monkeypatch.setattr(defaults, "CHUNK_RECORDS", CHUNK_RECORDS)
    assert command("embed", many, "-o", tmp_path / "one.npy", *options(tiny_model)).code == 0
    return tmp_path / "one.npy"


@pytest.mark.parametrize("program", [MAIN, [*TORCHRUN, "-m", "dnabert_s_cli"]], ids=["processes", "torchrun"])
def test_two_processes_make_the_table_of_one(
    many: Path, tiny_model: Path, by_one: Path, tmp_path: Path, program: list[str]
) -> None:
    asked = ["--processes", "2"] if program is MAIN else []
    result = embed(tmp_path, many, "-o", tmp_path / "e.npy", *options(tiny_model), *asked, program=program)
    assert (result.returncode, "error" in result.stderr) == (0, False), result.stderr
    assert_same_table(tmp_path / "e.npy", by_one)


def test_a_killed_process_leaves_what_resume_completes(
    command: Command, many: Path, tiny_model: Path, by_one: Path, tmp_path: Path
) -> None:
    given = (many, "-o", tmp_path / "e.npy", *options(tiny_model))
    broken = embed(tmp_path, *given, "--processes", "2", startup=SMALL_CHUNKS + KILL)
    assert (broken.returncode, (tmp_path / "e.npy").exists()) == (1, False)
    assert "error: process 1 was ended by SIGKILL" in broken.stderr
    alone = command("embed", *given, "--resume")
    assert (alone.code, "had processes 2, this one has 1" in alone.err) == (1, True)
    resumed = embed(tmp_path, *given, "--processes", "2", "--resume")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert_same_table(tmp_path / "e.npy", by_one)


def test_an_error_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "bad.fa").write_text(">a\nACGT\n>b\nAC!T\n")
    given = (tmp_path / "bad.fa", "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q", "--processes", "2")
    result = embed(tmp_path, *given)
    assert (result.returncode, result.stderr.count("error: ")) == (1, 1), result.stderr
    assert f"error: {tmp_path / 'bad.fa'}:4: record 'b'" in result.stderr
    assert not (tmp_path / "e.npy.partial").exists()


def test_processes_need_a_file_to_write(command: Command, many: Path) -> None:
    assert command("embed", many, "-o", "-", "--model", "tnf-c", "--processes", "2").code == 2


def test_gpus_that_are_absent_are_said(command: Command, many: Path, tmp_path: Path) -> None:
    result = command("embed", many, "-o", tmp_path / "e.npy", "--model", "tnf-c", "--gpus", "77")
    assert (result.code, "77 GPUs asked for" in result.err) == (1, True)
