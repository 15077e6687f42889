from __future__ import annotations

import io
import math
from pathlib import Path

from dnabert_s_cli.io.bins.scores import BinRow, GenomeRow, write_bin_rows, write_genome_rows, write_score_rows


def test_scores_have_a_header_and_six_decimals() -> None:
    stream = io.StringIO()
    write_score_rows(stream, [{"binning": "x", "n_bins": 3, "f1": 0.25}, {"binning": "y", "n_bins": 0, "f1": math.nan}])
    assert stream.getvalue() == "binning\tn_bins\tf1\nx\t3\t0.250000\ny\t0\tNA\n"


def test_bins_are_written_in_the_order_of_their_columns(tmp_path: Path) -> None:
    write_bin_rows(tmp_path / "b.tsv", [BinRow("x", "bin.1", "A", 2, 50, 0.5, 1.0, 2 / 3, 0.25, 1.0)])
    header, row = (tmp_path / "b.tsv").read_text().splitlines()
    assert header.startswith("binning\tbin\tgenome\tn_contigs\ttotal_bp\tcompleteness_bp\tpurity_bp")
    assert row == "x\tbin.1\tA\t2\t50\t0.500000\t1.000000\t0.666667\t0.250000\t1.000000"


def test_a_genome_without_a_bin_has_none_named(tmp_path: Path) -> None:
    write_genome_rows(tmp_path / "g.tsv", [GenomeRow("x", "A", 2, 50, "", 0.0, 0.0, "", 0.0)])
    assert (tmp_path / "g.tsv").read_text().splitlines()[1].split("\t")[4:8] == ["NA", "0.000000", "0.000000", "NA"]
