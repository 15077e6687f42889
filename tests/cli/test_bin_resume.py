"""`bin --resume`: a run that was broken off goes on by stage and ends with the files of an unbroken one."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dnabert_s_cli import defaults
from dnabert_s_cli.encoders.composition import CompositionEncoder
from dnabert_s_cli.encoders.embedder import Embedded
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth import samples as depth_alignments
from dnabert_s_cli.io.provenance import repeatable_part
from dnabert_s_cli.pipelines.bin import stages as bin_stages
from tests.cli.bin_runs import BARE, digests, run_bin, traces
from tests.cli.conftest import Command
from tests.io.depth.inputs import FOLDER
from tests.locations import PROJECT

CONTIGS = FOLDER / "contigs.fa"


def run_facts(output: Path) -> dict[str, object]:
    """What run.json says, but for what differs from run to run and the command line."""
    run = repeatable_part(json.loads((output / "run.json").read_text()))
    return {key: value for key, value in run.items() if key != "argv"}


def test_a_run_killed_at_any_step_and_resumed_ends_with_the_same_files(
    tmp_path: Path, all_stages: list[object]
) -> None:
    arguments = [sys.executable, "-m", "tests.cli.broken_bins", tmp_path, *all_stages, "-q"]
    subprocess.run([str(one) for one in arguments], cwd=PROJECT, check=True, timeout=600)
    *resumed, unbroken = sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))
    assert len(resumed) > 20
    for folder in resumed:
        assert traces(folder / "out") == ["out"], folder
        assert digests(folder / "out") == digests(unbroken / "out"), folder
        assert run_facts(folder / "out") == run_facts(unbroken / "out"), folder


def test_a_process_killed_from_outside_is_resumed(command: Command, all_stages: list[object], tmp_path: Path) -> None:
    program = [sys.executable, "-m", "dnabert_s_cli", "bin", *all_stages, "-o", tmp_path / "out", "-q"]
    with subprocess.Popen([str(one) for one in program], cwd=PROJECT) as process:
        try:
            _wait_for(tmp_path / "out.partial" / "halves", process)  # marker genes, which take longer, come next
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "out.partial" / "lock").exists()
    assert command("bin", *all_stages, "-o", tmp_path / "out", "--resume").code == 0
    assert command("bin", *all_stages, "-o", tmp_path / "whole" / "out").code == 0
    assert digests(tmp_path / "out") == digests(tmp_path / "whole" / "out")
    assert not (tmp_path / "out.partial").exists()


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_is_kept_is_not_made_again(
    command: Command,
    tmp_path: Path,
    all_stages: list[object],
    broken_bin: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken_bin(tmp_path / "out", *all_stages)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(CompositionEncoder, "embed_counted", fail)
    monkeypatch.setattr(depth_alignments, "_read_bam", fail)
    monkeypatch.setattr(bin_stages, "search_contigs", fail)
    assert command("bin", *all_stages, "-o", tmp_path / "out", "--resume").code == 0


def test_a_sample_may_be_added_and_only_it_is_read(
    command: Command,
    tmp_path: Path,
    all_stages: list[object],
    broken_bin: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contigs, option, first, _, second, *rest = all_stages
    broken_bin(tmp_path / "out", contigs, option, first, *rest)
    read = depth_alignments._read_bam
    n_read: list[str] = []

    def counted(file: depth_alignments.AlignmentFile, *rest: Any, **options: Any) -> depth_alignments.DepthFile:
        n_read.append(file.path)
        return read(file, *rest, **options)

    monkeypatch.setattr(depth_alignments, "_read_bam", counted)
    assert command("bin", *all_stages, "-o", tmp_path / "out", "--resume").code == 0
    assert n_read == [str(second)]
    assert command("bin", *all_stages, "-o", tmp_path / "whole" / "out").code == 0
    assert digests(tmp_path / "out") == digests(tmp_path / "whole" / "out")


def test_contigs_that_are_embedded_are_not_embedded_again(
    command: Command, assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = CompositionEncoder.embed_counted
    n_embedded: list[int] = []

    def counted(self: CompositionEncoder, sequences: Sequence[str], **options: object) -> Embedded:
        if len(n_embedded) == 2:
            raise DnabertSError("the third chunk fails")
        n_embedded.append(len(sequences))
        return embed(self, sequences, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(defaults, "CHUNK_RECORDS", 10)
    with monkeypatch.context() as patch:
        patch.setattr(CompositionEncoder, "embed_counted", counted)
        assert command("bin", assembly, "-o", tmp_path / "out", *BARE).code == 1
        assert n_embedded == [10, 10]
        n_embedded[:] = [0, 0, 0]
        assert command("bin", assembly, "-o", tmp_path / "out", *BARE, "--resume").code == 0
    assert n_embedded == [0, 0, 0, 10, 6, 72]


def test_an_error_keeps_what_is_finished_and_says_so(
    command: Command, assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise DnabertSError("too little memory")

    with monkeypatch.context() as patch:
        patch.setattr("dnabert_s_cli.pipelines.bin.groups.cluster_contigs", refuse)
        result = command("bin", assembly, "-o", tmp_path / "out", *BARE)
    assert result.code == 1
    assert "out.partial: finished steps are kept there; continue with --resume" in result.err
    assert run_bin(command, assembly, tmp_path / "out", "--resume")


def test_force_starts_anew(
    command: Command, assembly: Path, reads: Path, tmp_path: Path, broken_bin: Callable[..., None]
) -> None:
    broken_bin(tmp_path / "out", reads, *BARE, "-m", 100)
    assert len(run_bin(command, assembly, tmp_path / "out", "--force")) == 36
    assert traces(tmp_path / "out") == ["out"]


def test_resume_with_nothing_unfinished_starts_a_run(command: Command, assembly: Path, tmp_path: Path) -> None:
    assert len(run_bin(command, assembly, tmp_path / "out", "--resume")) == 36


def test_resume_does_not_replace_a_finished_result(command: Command, assembly: Path, tmp_path: Path) -> None:
    run_bin(command, assembly, tmp_path / "out")
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--min-bin", 99_000, "--resume")
    assert result.code == 1
    assert "exists, made by a run with other options" in result.err


def test_a_replacing_run_is_resumed_and_replaces_at_its_end(
    command: Command, assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_bin(command, assembly, tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("dnabert_s_cli.pipelines.bin.groups.cluster_contigs", _interrupt)
        assert command("bin", assembly, "-o", tmp_path / "out", *BARE, "--force").code == 130
    run_bin(command, assembly, tmp_path / "out", "--resume", "--force", "--min-bin", 10_000_000)
    assert (tmp_path / "out" / "contig2bin.tsv").read_text() == ""
    assert traces(tmp_path / "out") == ["out"]


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_what_no_stage_depends_on_may_change(
    command: Command, assembly: Path, tmp_path: Path, broken_bin: Callable[..., None]
) -> None:
    broken_bin(tmp_path / "out", assembly, *BARE)
    assert run_bin(command, assembly, tmp_path / "out", "--resume", "--min-bin", 10_000_000) == {}


def test_the_same_file_under_another_name_is_the_same_input(
    command: Command, tmp_path: Path, all_stages: list[object], broken_bin: Callable[..., None]
) -> None:
    broken_bin(tmp_path / "out", *all_stages)
    shutil.copy(CONTIGS, tmp_path / "moved.fa")
    assert command("bin", tmp_path / "moved.fa", *all_stages[1:], "-o", tmp_path / "out", "--resume").code == 0


@pytest.mark.parametrize(("text", "code"), [("", 0), (">more\nACGT\n", 1)])
def test_standard_input_is_resumed_if_it_is_the_same(
    assembly: Path, tmp_path: Path, text: str, code: int, broken_bin: Callable[..., None]
) -> None:
    broken_bin(tmp_path / "out", assembly, *BARE)
    program = [sys.executable, "-m", "dnabert_s_cli", "bin", "-", "-o", tmp_path / "out", *BARE, "-q", "--resume"]
    contigs = assembly.read_bytes() + text.encode()
    run = subprocess.run([str(one) for one in program], cwd=PROJECT, input=contigs, capture_output=True, check=False)
    assert run.returncode == code
    assert (b"made from other contigs" in run.stderr) == bool(code)
