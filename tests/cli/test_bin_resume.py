"""`bin --resume`: a run that was broken off goes on by stage and ends with the files of an unbroken one."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pysam
import pytest

from dnabert_s_cli import defaults
from dnabert_s_cli.encoders.composition import CompositionEncoder
from dnabert_s_cli.encoders.embedder import Embedded
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.provenance import repeatable_part
from dnabert_s_cli.io.stages import StageFolder
from dnabert_s_cli.pipelines import bin_stages
from tests.cli.bin_runs import BARE, digests, run_bin, traces
from tests.cli.conftest import Command
from tests.io.depth_inputs import BAMS, FOLDER
from tests.locations import PROJECT
from tests.marker_contigs import builtin_profiles

CONTIGS = FOLDER / "contigs.fa"
SMALL = ("-m", 500, "--min-bin", 5_000, "-t", 1)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One profile, so that the search takes no time."""
    path = tmp_path_factory.mktemp("profiles") / "one.hmm"
    profiles = builtin_profiles()
    with path.open("wb") as file:
        profiles.hmms[profiles.markers.names.index("Ribosomal_L14")].write(file)
    return path


@pytest.fixture(scope="module")
def full(profile: Path) -> list[object]:
    """Contigs and options of a run with all stages."""
    bams = [part for path in BAMS for part in ("-b", path)]
    return [CONTIGS, *bams, "--model", "tnf-c", "--no-report", "--markers", profile, *SMALL]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, command: Command) -> Callable[..., None]:
    """Runs `bin` until all stages are kept, where Ctrl-C ends it."""

    def call(output: Path, *arguments: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("dnabert_s_cli.pipelines.bin.cluster_contigs", _interrupt)
            assert command("bin", *arguments, "-o", output).code == 130
        assert traces(output) == [f"{output.name}.partial"]

    return call


def run_facts(output: Path) -> dict[str, object]:
    """What run.json says, but for what differs from run to run and the command line."""
    run = repeatable_part(json.loads((output / "run.json").read_text()))
    return {key: value for key, value in run.items() if key != "argv"}


def test_a_run_killed_at_any_step_and_resumed_ends_with_the_same_files(tmp_path: Path, full: list[object]) -> None:
    arguments = [sys.executable, "-m", "tests.cli.broken_bins", tmp_path, *full, "-q"]
    subprocess.run([str(one) for one in arguments], cwd=PROJECT, check=True, timeout=600)
    *resumed, unbroken = sorted(tmp_path.iterdir(), key=lambda folder: int(folder.name))
    assert len(resumed) > 20
    for folder in resumed:
        assert traces(folder / "out") == ["out"], folder
        assert digests(folder / "out") == digests(unbroken / "out"), folder
        assert run_facts(folder / "out") == run_facts(unbroken / "out"), folder


def test_a_process_killed_from_outside_is_resumed(command: Command, assembly: Path, tmp_path: Path) -> None:
    depth = tmp_path / "depth.tsv"
    options = (*BARE, "-d", depth, "-q")
    os.mkfifo(depth)  # the run waits there, behind the halves, until it is killed
    program = [sys.executable, "-m", "dnabert_s_cli", "bin", assembly, "-o", tmp_path / "out", *options]
    with subprocess.Popen([str(one) for one in program], cwd=PROJECT) as process:
        _wait_for(tmp_path / "out.partial" / "halves", process)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "out.partial" / "lock").exists()
    depth.unlink()
    depth.write_text("contig\tx\n" + "".join(f"s{one}_c{n}\t{5 + one}\n" for one in range(3) for n in range(12)))
    assert command("bin", assembly, "-o", tmp_path / "out", *options, "--resume").code == 0
    assert command("bin", assembly, "-o", tmp_path / "whole" / "out", *options).code == 0
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
    full: list[object],
    broken: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken(tmp_path / "out", *full)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(CompositionEncoder, "embed_counted", fail)
    monkeypatch.setattr("dnabert_s_cli.io.depth_alignments._read_bam", fail)
    monkeypatch.setattr(bin_stages, "search_contigs", fail)
    assert command("bin", *full, "-o", tmp_path / "out", "--resume").code == 0


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


def test_an_error_keeps_what_is_finished_and_says_so(command: Command, assembly: Path, tmp_path: Path) -> None:
    (tmp_path / "d.tsv").write_text("contig\tx\nother\t5\n")
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "-d", tmp_path / "d.tsv")
    assert result.code == 1
    assert "out.partial: what is finished is kept there; --resume goes on with it" in result.err
    assert run_bin(command, assembly, tmp_path / "out", "--resume")


def test_an_unfinished_run_is_not_overwritten_silently(
    command: Command, assembly: Path, tmp_path: Path, broken: Callable[..., None]
) -> None:
    broken(tmp_path / "out", assembly, *BARE)
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE)
    assert result.code == 1
    assert "out.partial: an unfinished run is there already" in result.err
    assert "--resume goes on with it, --force starts anew" in result.err


def test_force_starts_anew(
    command: Command, assembly: Path, reads: Path, tmp_path: Path, broken: Callable[..., None]
) -> None:
    broken(tmp_path / "out", reads, *BARE, "-m", 100)
    assert len(run_bin(command, assembly, tmp_path / "out", "--force")) == 36
    assert traces(tmp_path / "out") == ["out"]


def test_resume_with_nothing_unfinished_starts_a_run(command: Command, assembly: Path, tmp_path: Path) -> None:
    assert len(run_bin(command, assembly, tmp_path / "out", "--resume")) == 36


def test_resume_does_not_replace_a_finished_result(command: Command, assembly: Path, tmp_path: Path) -> None:
    run_bin(command, assembly, tmp_path / "out")
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--resume", "-q")
    assert result.code == 1
    assert "already exists" in result.err


def test_a_replacing_run_is_resumed_and_replaces_at_its_end(
    command: Command, assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_bin(command, assembly, tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr("dnabert_s_cli.pipelines.bin.cluster_contigs", _interrupt)
        assert command("bin", assembly, "-o", tmp_path / "out", *BARE, "--force").code == 130
    run_bin(command, assembly, tmp_path / "out", "--resume", "--force", "--min-bin", 10_000_000)
    assert (tmp_path / "out" / "contig2bin.tsv").read_text() == ""
    assert traces(tmp_path / "out") == ["out"]


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_what_no_stage_depends_on_may_change(
    command: Command, assembly: Path, tmp_path: Path, broken: Callable[..., None]
) -> None:
    broken(tmp_path / "out", assembly, *BARE)
    assert run_bin(command, assembly, tmp_path / "out", "--resume", "--min-bin", 10_000_000) == {}


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--model", "tnf", "the unfinished run had model 'tnf-c', this one has 'tnf'"),
        ("-m", 600, "the unfinished run had min_length_bp 500, this one has 600"),
        ("--seed", 1, "the unfinished run had seed 0, this one has 1"),
    ],
)
def test_another_setting_of_a_kept_stage_is_refused_and_nothing_lost(
    command: Command,
    tmp_path: Path,
    full: list[object],
    broken: Callable[..., None],
    option: str,
    value: object,
    problem: str,
) -> None:
    broken(tmp_path / "out", *full)
    before = digests(tmp_path / "out.partial")
    result = command("bin", *full, "-o", tmp_path / "out", option, value, "--resume", "-q")
    assert result.code == 1
    assert f"{tmp_path}/out.partial: {problem}" in result.err
    assert "resume with the same settings; --force without --resume starts anew" in result.err
    assert digests(tmp_path / "out.partial") == before


def _other_contigs(folder: Path, full: list[object]) -> list[object]:
    (folder / "contigs.fa").write_text(CONTIGS.read_text().replace("ACGTA", "ACGTC", 1))
    return [folder / "contigs.fa", *full[1:]]


def _other_reads(folder: Path, full: list[object]) -> list[object]:
    path = folder / BAMS[0].name
    with pysam.AlignmentFile(str(BAMS[0])) as old, pysam.AlignmentFile(str(path), "wb", template=old) as new:
        for number, read in enumerate(old):
            if number:
                new.write(read)
    return [path if one == BAMS[0] else one for one in full]


def _other_markers(folder: Path, full: list[object]) -> list[object]:
    path = folder / "other.hmm"
    profiles = builtin_profiles()
    with path.open("wb") as file:
        profiles.hmms[0].write(file)
    return [path if str(one).endswith("one.hmm") else one for one in full]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_other_contigs, "contigs"),
        (_other_reads, "alignments in sample1.bam"),
        (_other_markers, "marker profiles"),
    ],
)
def test_a_changed_input_is_refused_and_nothing_lost(
    command: Command,
    tmp_path: Path,
    full: list[object],
    broken: Callable[..., None],
    change: Callable[[Path, list[object]], list[object]],
    what: str,
) -> None:
    broken(tmp_path / "out", *full)
    before = digests(tmp_path / "out.partial")
    result = command("bin", *change(tmp_path, full), "-o", tmp_path / "out", "--resume", "-q")
    assert result.code == 1
    assert f"{tmp_path}/out.partial: the unfinished run was made from other {what}\n" in result.err
    assert "resume with the same input; --force without --resume starts anew" in result.err
    assert digests(tmp_path / "out.partial") == before


def test_the_same_file_under_another_name_is_the_same_input(
    command: Command, tmp_path: Path, full: list[object], broken: Callable[..., None]
) -> None:
    broken(tmp_path / "out", *full)
    shutil.copy(CONTIGS, tmp_path / "moved.fa")
    assert command("bin", tmp_path / "moved.fa", *full[1:], "-o", tmp_path / "out", "--resume").code == 0


def test_a_second_run_on_one_output_is_refused(command: Command, assembly: Path, tmp_path: Path) -> None:
    with StageFolder(tmp_path / "out", resume=False, force=False):
        result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--resume", "-q")
    assert result.code == 1
    assert "out.partial: another process is writing here" in result.err


@pytest.mark.parametrize(("text", "code"), [("", 0), (">more\nACGT\n", 1)])
def test_standard_input_is_resumed_if_it_is_the_same(
    assembly: Path, tmp_path: Path, text: str, code: int, broken: Callable[..., None]
) -> None:
    broken(tmp_path / "out", assembly, *BARE)
    program = [sys.executable, "-m", "dnabert_s_cli", "bin", "-", "-o", tmp_path / "out", *BARE, "-q", "--resume"]
    contigs = assembly.read_bytes() + text.encode()
    run = subprocess.run([str(one) for one in program], cwd=PROJECT, input=contigs, capture_output=True, check=False)
    assert run.returncode == code
    assert (b"made from other contigs" in run.stderr) == bool(code)


def test_damage_of_what_is_kept_is_said(
    command: Command, assembly: Path, tmp_path: Path, broken: Callable[..., None]
) -> None:
    broken(tmp_path / "out", assembly, *BARE)
    path = tmp_path / "out.partial" / "halves" / "made-from.json"
    path.write_text("{")
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--resume", "-q")
    assert result.code == 1
    assert f"{path}: cannot be read" in result.err
