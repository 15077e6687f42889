"""`depth`: table written, streams, wrong usage, and bad input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.io.depth.inputs import BAMS, JGI_TABLE
from tests.locations import PROJECT

NOISY = PROJECT / "tests" / "data" / "faults" / "long_reads_8pc_error.bam"


def _means(text: str) -> list[list[str]]:
    rows = [line.split("\t") for line in text.splitlines()]
    return [row[:4] + row[5:6] for row in rows]


def test_the_table_of_jgi_is_written(command: Command, tmp_path: Path) -> None:
    result = command("depth", *BAMS, "-o", tmp_path / "d.tsv")
    assert (result.code, result.out) == (0, "")
    assert _means((tmp_path / "d.tsv").read_text()) == _means(JGI_TABLE.read_text())
    assert "24 contigs in 2 samples" in result.err


def test_standard_output_carries_the_table_alone(command: Command) -> None:
    result = command("depth", *BAMS, "-o", "-", "--quiet")
    assert (result.code, result.err) == (0, "")
    assert _means(result.out) == _means(JGI_TABLE.read_text())


def test_a_table_comes_from_standard_input() -> None:
    arguments = ("depth", "-", "-o", "-", "-q", "-m", "100")
    run = subprocess.run(
        [sys.executable, "-m", "dnabert_s_cli", *arguments],
        input=b"contig\tlength\ts1\nc1\t120\t3\nc2\t90\t1\n",
        capture_output=True,
        check=True,
    )
    assert run.stdout == b"contigName\tcontigLen\ttotalAvgDepth\ts1\nc1\t120\t3\t3\n"
    assert b"--cvExt" in run.stderr


def test_the_number_of_threads_changes_no_byte(command: Command) -> None:
    outputs = {command("depth", *BAMS, "-o", "-", "-q", "-t", threads).out for threads in (1, 2, 4)}
    assert len(outputs) == 1


def test_reads_are_chosen_by_options(command: Command) -> None:
    strict = command("depth", BAMS[0], "-o", "-", "-q", "--min-identity", 100).out
    loose = command("depth", BAMS[0], "-o", "-", "-q", "--min-identity", 0, "--end-bp", 0, "--min-mapq", 1).out
    depth = [float(text.splitlines()[3].split("\t")[3]) for text in (strict, loose)]
    assert 0 < depth[0] < 28 < depth[1]


def test_second_run_needs_force(command: Command, tmp_path: Path) -> None:
    arguments = ("depth", BAMS[0], "-o", tmp_path / "d.tsv", "-q")
    assert command(*arguments).code == 0
    assert command(*arguments).code == 1
    assert command(*arguments, "--force").code == 0


def test_bad_cell_names_file_line_and_record(command: Command, tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text("contig\ta\nc1\t1\nc2\tnan\n")
    result = command("depth", tmp_path / "t.tsv", "-o", tmp_path / "d.tsv", "-q")
    assert result.code == 1
    assert f"error: {tmp_path / 't.tsv'}:3: record 'c2': column 2: 'nan' is not finite" in result.err
    assert not (tmp_path / "d.tsv").exists()


@pytest.mark.parametrize("arguments", [("--min-identity", "101"), ("--end-bp", "-1"), ("--min-mapq", "300")])
def test_wrong_usage_ends_with_two(command: Command, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert command("depth", BAMS[0], "-o", tmp_path / "d.tsv", *arguments).code == 2


def test_help_names_the_options(command: Command) -> None:
    result = command("depth", "--help")
    assert result.code == 0
    assert all(option in result.out for option in ("--min-identity", "--end-bp", "--reference"))


def _depth_of_first(text: str) -> float:
    return float(text.splitlines()[1].split("\t")[2])


def test_noisy_long_reads_count_by_themselves(command: Command) -> None:
    given = command("depth", NOISY, "-o", "-", "-q", "--min-identity", 80).out
    result = command("depth", NOISY, "-o", "-")
    assert result.out == given
    assert 7.5 < _depth_of_first(given) < 8
    assert "long reads, 1000 bp at 92.1 % identity (median): those of 87 % and more count" in result.err


@pytest.mark.parametrize("option", [("--reads", "short"), ("--min-identity", "97")])
def test_a_filter_that_leaves_out_most_reads_is_a_warning(command: Command, option: tuple[str, str]) -> None:
    result = command("depth", NOISY, "-o", "-", "-q", *option)
    assert _depth_of_first(result.out) == 0
    assert "180 of 180 aligned reads are below 97 % identity and left out" in result.err


def test_a_few_reads_left_out_are_said_without_a_warning(command: Command) -> None:
    assert "14 of 7140 aligned reads are below 97 % identity" in command("depth", BAMS[0], "-o", "-").err
    quiet = command("depth", BAMS[0], "-o", "-", "-q", "--min-mapq", 1)
    assert "left out" not in quiet.err
    assert "below mapping quality 61" in command("depth", BAMS[0], "-o", "-", "-q", "--min-mapq", 61).err
