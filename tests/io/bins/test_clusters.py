from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.clusters import (
    ClusterRow,
    write_cluster_summary,
    write_representative_ids,
    write_representative_sequences,
)
from dnabert_s_cli.io.sequences.reading import Record, read_sequences

ROWS = [ClusterRow(1, 12, 3400, 0.98765432, "r7"), ClusterRow(2, 3, 90, 1.0, "r1")]


def test_summary_has_a_line_for_each_cluster(tmp_path: Path) -> None:
    write_cluster_summary(tmp_path / "s.tsv", ROWS)
    assert (tmp_path / "s.tsv").read_text().splitlines() == [
        "cluster\tn\ttotal_bp\tmean_similarity\trepresentative",
        "1\t12\t3400\t0.987654\tr7",
        "2\t3\t90\t1.000000\tr1",
    ]


def test_representatives_are_named(tmp_path: Path) -> None:
    write_representative_ids(tmp_path / "r.tsv", ROWS)
    assert (tmp_path / "r.tsv").read_text() == "id\tcluster\nr7\t1\nr1\t2\n"


def test_representatives_are_written_by_cluster(tmp_path: Path) -> None:
    sequences = {"r1": "ACGT", "r7": "AC" * 100}
    write_representative_sequences(tmp_path / "r.fa", ROWS, sequence_of=sequences)
    assert (tmp_path / "r.fa").read_text().startswith(">r7 cluster=1 members=12\n")
    assert list(read_sequences([tmp_path / "r.fa"])) == [Record("r7", "AC" * 100), Record("r1", "ACGT")]


def test_a_sequence_that_has_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no longer in the input") as caught:
        write_representative_sequences(tmp_path / "r.fa", ROWS, sequence_of={"r7": "A"})
    assert caught.value.record == "r1"
    assert not (tmp_path / "r.fa").exists()
