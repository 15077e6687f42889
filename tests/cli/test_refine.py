"""`refine`: whole folders, bad input, and runs that are repeated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.cli.bin_runs import BARE, digests, traces
from tests.cli.conftest import Command, Result

SPECIES = ("s0", "s1", "s2")


def write_table(path: Path, bin_of: Mapping[str, str]) -> Path:
    """A table of contig and bin without a header."""
    path.write_text("".join(f"{name}\t{label}\n" for name, label in bin_of.items()))
    return path


@pytest.fixture
def sets(assembly: Path, tmp_path: Path) -> list[Path]:
    """A table that mixes two of three species, and a folder that has half of the third in a bin of its own."""
    records = [record for record in read_sequences([assembly]) if len(record.sequence) > 1000]
    mixed = {record.id: "b" if record.id[:2] == "s0" else "a" for record in records}
    folder = tmp_path / "other"
    folder.mkdir()
    for record in records:
        half = "_2" if record.id[:2] == "s0" and int(record.id.partition("c")[2]) >= 8 else ""
        with (folder / f"{record.id[:2]}{half}.fa").open("a") as file:
            file.write(f">{record.id}\n{record.sequence}\n")
    return [write_table(tmp_path / "mixed.tsv", mixed), folder]


def refine(command: Command, sets: list[Path], contigs: Path, output: Path, *options: object) -> Result:
    """Run it without what takes seconds."""
    return command("refine", *sets, "--contigs", contigs, "-o", output, *BARE, *options)


def test_the_best_of_both_sets_is_one_bin_for_each_species(
    command: Command, sets: list[Path], assembly: Path, tmp_path: Path
) -> None:
    assert refine(command, sets, assembly, tmp_path / "out").code == 0
    bins = read_labels(tmp_path / "out" / "contig2bin.tsv")
    assert len(bins) == 36
    assert {frozenset(name[:2] for name, own in bins.items() if own == label) for label in bins.values()} == {
        frozenset((one,)) for one in SPECIES
    }
    in_fasta = {record.id for record in read_sequences(sorted((tmp_path / "out" / "bins").glob("*.fa")))}
    assert in_fasta == bins.keys()


def test_the_table_says_where_bins_come_from(
    command: Command, sets: list[Path], assembly: Path, tmp_path: Path
) -> None:
    refine(command, [f"one={sets[0]}", sets[1]], assembly, tmp_path / "out", "--prefix", "gut")
    header, *rows = [line.split("\t") for line in (tmp_path / "out" / "bins.tsv").read_text().splitlines()]
    assert header[-2:] == ["agreement", "source"]
    assert {row[0] for row in rows} == {"gut.bin.1", "gut.bin.2", "gut.bin.3"}
    assert {row[-1] for row in rows} == {"one/b", "other/s1", "other/s2"}
    assert all(0 < float(row[-2]) <= 1 for row in rows)
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert str(sets[0]) in {one["path"] for one in run["inputs"]}


def test_the_same_call_gives_the_same_bytes(command: Command, sets: list[Path], assembly: Path, tmp_path: Path) -> None:
    for threads in (1, 2):
        refine(command, sets, assembly, tmp_path / f"out{threads}", "-t", threads)
    assert digests(tmp_path / "out1") == digests(tmp_path / "out2")


def test_a_complete_run_is_not_repeated_and_another_one_is_refused(
    command: Command, sets: list[Path], assembly: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    refine(command, sets, assembly, output)
    before = digests(output)
    assert refine(command, sets, assembly, output).code == 1
    again = refine(command, sets, assembly, output, "--resume")
    assert (again.code, digests(output)) == (0, before)
    other = refine(command, sets, assembly, output, "--resume", "--min-bin", 1000)
    assert other.code == 1
    assert "other options" in other.err
    sets[0].write_text(sets[0].read_text() + "short\ta\n")
    changed = refine(command, sets, assembly, output, "--resume")
    assert changed.code == 1
    assert sets[0].name in changed.err


def test_contigs_that_are_too_short_are_no_error(
    command: Command, sets: list[Path], assembly: Path, tmp_path: Path
) -> None:
    sets[0].write_text(sets[0].read_text() + "short\ta\n")
    assert refine(command, sets, assembly, tmp_path / "out").code == 0
    assert "short" not in read_labels(tmp_path / "out" / "contig2bin.tsv")


def test_a_contig_of_another_assembly_is_named_and_leaves_nothing(
    command: Command, sets: list[Path], assembly: Path, tmp_path: Path
) -> None:
    (sets[1] / "s9.fa").write_text(">elsewhere\nACGT\n")
    result = refine(command, sets, assembly, tmp_path / "out")
    assert result.code == 1
    assert "s9.fa" in result.err
    assert "elsewhere" in result.err
    assert traces(tmp_path / "out") == []


def test_one_set_alone_is_refused(command: Command, sets: list[Path], assembly: Path, tmp_path: Path) -> None:
    result = refine(command, sets[:1], assembly, tmp_path / "out")
    assert result.code == 1
    assert "bin --refine" in result.err


def test_missing_sets_are_named_together(command: Command, assembly: Path, tmp_path: Path) -> None:
    result = refine(command, [tmp_path / "a.tsv", tmp_path / "b"], assembly, tmp_path / "out")
    assert result.code == 1
    assert "a.tsv" in result.err
    assert "no such file or folder" in result.err


def test_two_sets_of_one_name_are_refused(command: Command, sets: list[Path], assembly: Path, tmp_path: Path) -> None:
    result = refine(command, [f"x={sets[0]}", f"x={sets[1]}"], assembly, tmp_path / "out")
    assert result.code == 1
    assert "two sets are named 'x'" in result.err


def test_markers_judge_where_they_are_asked_for(
    command: Command, sets: list[Path], assembly: Path, tmp_path: Path
) -> None:
    quick = ("--model", "tnf-c", "--no-names", "--no-report", "-q")
    result = command("refine", *sets, "--contigs", assembly, "-o", tmp_path / "out", *quick)
    assert result.code == 0
    assert "completeness" in (tmp_path / "out" / "bins.tsv").read_text().splitlines()[0]


def test_help_names_the_options(command: Command) -> None:
    assert "--contigs" in command("refine", "--help").out
