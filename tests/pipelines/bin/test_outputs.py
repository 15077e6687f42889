"""Files of `bin` from contigs whose bins are given."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.bins.stats import BinStats
from dnabert_s_cli.io.sequences.reading import InputSummary
from dnabert_s_cli.pipelines.bin.contigs import Contigs, scan_contigs
from dnabert_s_cli.pipelines.bin.groups import Bins
from dnabert_s_cli.pipelines.bin.outputs import (
    BinnedContigs,
    OutputOptions,
    map_contigs,
    write_bin_report,
    write_fasta,
    write_tables,
)
from dnabert_s_cli.pipelines.cluster.methods import ClusterOptions
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.inputs import SequenceInput
from tests.marker_contigs import made_up_hits, made_up_set

SEQUENCES = {"a": "ACGG" * 10, "tiny": "AT", "b": "AATT" * 5, "c": "GGGG" * 20, "n": "NNNN" * 5}


def some_contigs(**more: object) -> BinnedContigs:
    """Contigs without the tiny one; b and c in bin 1, a in bin 2, n in none."""
    gc, known_bp = np.array([0.75, 0.0, 1.0, np.nan]), np.array([40, 20, 80, 0])
    contigs = Contigs(("a", "b", "c", "n"), np.array([40, 20, 80, 20]), gc, known_bp, np.zeros(4, dtype=bool))
    options = ClusterOptions("louvain", None, 1, None, 25)
    bins = Bins(np.array([2, 1, 1, 0]), ["bin.1", "bin.2"], None, np.eye(4, dtype=np.float32), options)
    return BinnedContigs(contigs, bins, np.eye(4, dtype=np.float32), **more)  # type: ignore[arg-type]


def write(folder: Path, binned: BinnedContigs, options: OutputOptions | None = None) -> list[BinStats]:
    source = write_contigs(folder)
    (folder / "out").mkdir()
    stats = binned.stats()
    write_fasta(folder / "out", source, binned=binned, options=options or OutputOptions())
    write_tables(folder / "out", binned, stats=stats, options=options or OutputOptions())
    return stats


def write_contigs(folder: Path) -> SequenceInput:
    path = folder / "contigs.fasta"
    path.write_text("".join(f">{name}\n{sequence}\n" for name, sequence in SEQUENCES.items()))
    return SequenceInput((str(path),), 10)


def table(folder: Path) -> list[list[str]]:
    return [line.split("\t") for line in (folder / "out" / "bins.tsv").read_text().splitlines()]


def test_contig2bin_goes_by_bin_then_by_input(tmp_path: Path) -> None:
    write(tmp_path, some_contigs())
    assert (tmp_path / "out" / "contig2bin.tsv").read_text() == "b\tbin.1\nc\tbin.1\na\tbin.2\n"


def test_depth_of_a_bin_is_the_mean_by_length(tmp_path: Path) -> None:
    depth = np.array([[3.0, 1.0], [10.0, 0.0], [20.0, 5.0], [9.0, 9.0]], dtype=np.float32)
    write(tmp_path, some_contigs(depth=depth, samples=("s1", "s2")))
    assert table(tmp_path)[0][6:] == ["s1", "s2", "circular"]
    assert [row[6:] for row in table(tmp_path)[1:]] == [["18.0000", "4.0000", "no"], ["3.0000", "1.0000", "no"]]


def test_quality_is_that_of_each_bin(tmp_path: Path) -> None:
    hits = made_up_hits(made_up_set(2), 4, (1, 0), (2, 0), (0, 0), (3, 1))
    stats = write(tmp_path, some_contigs(hits=hits))
    assert [(one.completeness, one.contamination) for one in stats] == [(50.0, 50.0), (50.0, 0.0)]
    assert [row[6:] for row in table(tmp_path)[1:]] == [["50.00", "50.00", "no"], ["50.00", "0.00", "no"]]


def test_without_depth_and_markers_there_are_no_columns_for_them(tmp_path: Path) -> None:
    write(tmp_path, some_contigs())
    assert table(tmp_path)[0] == ["bin", "n_contigs", "total_bp", "n50", "longest", "gc", "circular"]


def test_the_scan_notes_lengths_and_composition_of_contigs_that_are_long_enough(tmp_path: Path) -> None:
    contigs, summary = scan_contigs(write_contigs(tmp_path))
    expected = some_contigs().contigs
    assert tuple(contigs.ids) == expected.ids
    for name in ("lengths_bp", "gc", "known_bp"):
        np.testing.assert_array_equal(getattr(contigs, name), getattr(expected, name))
    assert (summary.n_short, summary.short_bp) == (1, 2)


def test_contigs_are_chosen_by_name() -> None:
    chosen = some_contigs().contigs.named(["c", "a"])
    assert (chosen.ids, chosen.lengths_bp.tolist(), chosen.gc.tolist()) == (["c", "a"], [80, 40], [1.0, 0.75])


def test_short_contigs_are_among_the_unbinned(tmp_path: Path) -> None:
    write(tmp_path, some_contigs(), OutputOptions(unbinned=True))
    assert (tmp_path / "out" / "unbinned.fa").read_text() == f">tiny\nAT\n>n\n{'NNNN' * 5}\n"


@pytest.mark.parametrize("title", ["gut sample", ""])
def test_the_report_bears_the_name_of_the_output(tmp_path: Path, title: str) -> None:
    binned = some_contigs()
    stats = write(tmp_path, binned)
    shown = map_contigs(binned, seed=0, threads=1, progress=Silent())
    summary = InputSummary(n_records=4, total_bp=160, longest_bp=80, n_short=1, files=())
    write_bin_report(tmp_path / "out", shown, stats=stats, run={}, title=title, summary=summary)
    assert f"<title>{title or 'bins'}" in (tmp_path / "out" / "report.html").read_text()
