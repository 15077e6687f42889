"""`--contig-table` of `bin` and `refine`: how sure contigs are in their bins, and chimeras."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.cli.bin_runs import run_bin
from tests.cli.conftest import Command


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table with header."""
    with path.open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_each_contig_has_a_row_with_its_bin(command: Command, assembly: Path, tmp_path: Path) -> None:
    bins = run_bin(command, assembly, tmp_path / "out", "--contig-table")
    found = {row["contig"]: row for row in rows_of(tmp_path / "out" / "contigs.tsv")}
    assert found.keys() == bins.keys()
    for name, row in found.items():
        assert row["bin"] == bins[name] != row["second_choice"]
        assert float(row["confidence"]) > 0.5
        assert (row["length"], row["circular"]) == ("30000", "no")
        assert (float(row["chimerism"]), row["chimeric_at"], row["part_before"]) == (0, "-", "-")
    assert {row["chimerism"] for row in rows_of(tmp_path / "out" / "bins.tsv")} == {"0.0000"}


def test_vectors_from_a_table_say_nothing_of_chimeras(command: Command, assembly: Path, tmp_path: Path) -> None:
    command("embed", assembly, "-o", tmp_path / "e.npy", "--model", "tnf-c")
    run_bin(command, assembly, tmp_path / "out", "--embeddings", tmp_path / "e.npy", "--contig-table")
    assert {row["chimerism"] for row in rows_of(tmp_path / "out" / "contigs.tsv")} == {"NA"}
    assert "chimerism" not in (tmp_path / "out" / "bins.tsv").read_text().splitlines()[0]
