"""Several files behind one flag."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.cli.several import spread_files
from tests.cli.bin_runs import BARE
from tests.cli.conftest import Command
from tests.io.depth.inputs import BAMS, FOLDER

CONTIGS = FOLDER / "contigs.fa"
SMALL = ("-m", 500, "--min-bin", 5_000)


@pytest.mark.parametrize(
    ("words", "spread"),
    [
        ("c.fa -b a.bam b.BAM -o out", "c.fa -b a.bam -b b.BAM -o out"),
        ("-b a.bam x=b.cram c.fa d.bam", "-b a.bam -b x=b.cram c.fa d.bam"),
        (
            "--bam=a.bam b.bam --depth d.tsv e.tsv.gz c.fa",
            "--bam=a.bam --bam b.bam --depth d.tsv --depth e.tsv.gz c.fa",
        ),
        ("-ba.bam b.bam", "-ba.bam -b b.bam"),
        ("-b a.bam -- b.bam", "-b a.bam -- b.bam"),
        ("-b a.bam -o b.bam", "-b a.bam -o b.bam"),
        ("-b odd b.bam", "-b odd -b b.bam"),
    ],
)
def test_each_file_behind_an_option_gets_its_flag(words: str, spread: str) -> None:
    assert spread_files(words.split(), "bin") == spread.split()


def test_other_commands_stay_as_they_are() -> None:
    assert spread_files(["-b", "a.bam", "b.bam"], "embed") == ["-b", "a.bam", "b.bam"]
    assert spread_files(["b.tsv", "--contigs", "a.fa", "b.fa"], "evaluate bins") == [
        *("b.tsv", "--contigs", "a.fa", "--contigs", "b.fa")
    ]


def test_depth_of_all_files_behind_one_flag_is_used(command: Command, tmp_path: Path) -> None:
    assert command("bin", CONTIGS, "-b", *BAMS, "-o", tmp_path / "out", *BARE, *SMALL).code == 0
    assert (tmp_path / "out" / "bins.tsv").read_text().splitlines()[0].split("\t")[6:8] == [
        "sample1.bam",
        "sample2.bam",
    ]


def test_a_sample_has_the_name_that_is_given(command: Command, tmp_path: Path) -> None:
    table = tmp_path / "strobealign.tsv"
    table.write_text(f"{next(Path(CONTIGS).open()).split()[0][1:]}\t3\n")  # noqa: SIM115
    result = command("depth", f"gut={BAMS[0]}", f"skin={table}", "-o", "-", "-q")
    assert result.out.splitlines()[0].split("\t")[3:] == ["gut", "skin"]


def test_a_name_for_several_samples_is_refused(command: Command) -> None:
    result = command("depth", f"gut={FOLDER / 'jgi_depth.tsv'}", "-o", "-")
    assert result.code == 1
    assert "'gut' names one sample, but it holds 2" in result.err


def test_alignments_among_contigs_are_refused(command: Command, tmp_path: Path) -> None:
    result = command("bin", CONTIGS, BAMS[0], "-o", tmp_path / "out", *BARE)
    assert result.code == 1
    assert "sample1.bam: is an alignment, not contigs" in result.err
    assert "--bam a.bam b.bam" in result.err
