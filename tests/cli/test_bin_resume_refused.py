"""`bin --resume` that cannot go on: other settings, other input, damage, another process; nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pysam
import pytest

from dnabert_s_cli.io.stages import StageFolder
from tests.cli.bin_runs import BARE, digests
from tests.cli.conftest import Command
from tests.io.depth.inputs import BAMS, FOLDER
from tests.marker_contigs import builtin_profiles

CONTIGS = FOLDER / "contigs.fa"


def test_a_second_run_on_one_output_is_refused(command: Command, assembly: Path, tmp_path: Path) -> None:
    with StageFolder(tmp_path / "out", resume=False, force=False):
        result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--resume", "-q")
    assert result.code == 1
    assert "out.partial: another process is writing here" in result.err


def test_an_unfinished_run_is_not_overwritten_silently(
    command: Command, assembly: Path, tmp_path: Path, broken_bin: Callable[..., None]
) -> None:
    broken_bin(tmp_path / "out", assembly, *BARE)
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE)
    assert result.code == 1
    assert "out.partial: an unfinished run exists" in result.err
    assert "continue it with --resume, or start over with --force" in result.err


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
    all_stages: list[object],
    broken_bin: Callable[..., None],
    option: str,
    value: object,
    problem: str,
) -> None:
    broken_bin(tmp_path / "out", *all_stages)
    before = digests(tmp_path / "out.partial")
    result = command("bin", *all_stages, "-o", tmp_path / "out", option, value, "--resume", "-q")
    assert result.code == 1
    assert f"{tmp_path}/out.partial: {problem}" in result.err
    assert "resume with the same settings; --force without --resume starts over" in result.err
    assert digests(tmp_path / "out.partial") == before


def _other_contigs(folder: Path, all_stages: list[object]) -> list[object]:
    (folder / "contigs.fa").write_text(CONTIGS.read_text().replace("ACGTA", "ACGTC", 1))
    return [folder / "contigs.fa", *all_stages[1:]]


def _other_reads(folder: Path, all_stages: list[object]) -> list[object]:
    path = folder / BAMS[0].name
    with pysam.AlignmentFile(str(BAMS[0])) as old, pysam.AlignmentFile(str(path), "wb", template=old) as new:
        for number, read in enumerate(old):
            if number:
                new.write(read)
    return [path if one == BAMS[0] else one for one in all_stages]


def _other_markers(folder: Path, all_stages: list[object]) -> list[object]:
    path = folder / "other.hmm"
    profiles = builtin_profiles()
    with path.open("wb") as file:
        profiles.hmms[0].write(file)
    return [path if str(one).endswith("one.hmm") else one for one in all_stages]


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
    all_stages: list[object],
    broken_bin: Callable[..., None],
    change: Callable[[Path, list[object]], list[object]],
    what: str,
) -> None:
    broken_bin(tmp_path / "out", *all_stages)
    before = digests(tmp_path / "out.partial")
    result = command("bin", *change(tmp_path, all_stages), "-o", tmp_path / "out", "--resume", "-q")
    assert result.code == 1
    assert f"{tmp_path}/out.partial: the unfinished run was made from other {what}\n" in result.err
    assert "resume with the same input; --force without --resume starts over" in result.err
    assert digests(tmp_path / "out.partial") == before


def test_damage_of_what_is_kept_is_said(
    command: Command, assembly: Path, tmp_path: Path, broken_bin: Callable[..., None]
) -> None:
    broken_bin(tmp_path / "out", assembly, *BARE)
    path = tmp_path / "out.partial" / "halves" / "made-from.json"
    path.write_text("{")
    result = command("bin", assembly, "-o", tmp_path / "out", *BARE, "--resume", "-q")
    assert result.code == 1
    assert f"{path}: cannot be read" in result.err
