"""`depth`: table written, streams, wrong usage, and bad input."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.io.depth.inputs import BAMS, JGI_TABLE


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
