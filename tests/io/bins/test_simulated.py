from __future__ import annotations

from pathlib import Path

import numpy as np

from dnabert_s_cli.io.bins.simulated import (
    LabelledPiece,
    write_abundances,
    write_contigs,
    write_depths,
    write_fragments,
    write_gold,
    write_origins,
)
from dnabert_s_cli.io.files import open_input
from dnabert_s_cli.io.labels.evaluation_sets import read_labelled
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.pairs.writer import Piece, Stretch
from dnabert_s_cli.io.sequences.reading import read_sequences

PIECES = [
    LabelledPiece("c1", "A a", Piece("ACGT" * 30, (Stretch("r", 5, 125, "-"),))),
    LabelledPiece("c2", "B", Piece("GGC", (Stretch("s", 0, 3, "+"),))),
]


def test_fragments_are_read_back(tmp_path: Path) -> None:
    write_fragments(tmp_path / "f.tsv.gz", PIECES)
    labelled = read_labelled(tmp_path / "f.tsv.gz")
    assert (labelled.sequences, labelled.labels) == (("ACGT" * 30, "GGC"), ("A a", "B"))


def test_contigs_are_read_back(tmp_path: Path) -> None:
    write_contigs(tmp_path / "c.fa.gz", PIECES)
    assert [(one.id, len(one.sequence)) for one in read_sequences([tmp_path / "c.fa.gz"])] == [("c1", 120), ("c2", 3)]


def test_gold_standard_is_a_biobox(tmp_path: Path) -> None:
    write_gold(tmp_path / "gold.tsv", PIECES, sample_id="s")
    assert read_labels(tmp_path / "gold.tsv") == {"c1": "A a", "c2": "B"}


def test_origins_have_a_line_for_each_stretch(tmp_path: Path) -> None:
    write_origins(tmp_path / "o.tsv.gz", PIECES)
    with open_input(tmp_path / "o.tsv.gz") as stream:
        assert stream.read().decode().splitlines()[1] == "c1\tA a\tr\t5\t125\t-"


def test_depths_have_the_columns_of_jgi(tmp_path: Path) -> None:
    write_depths(
        tmp_path / "d.tsv", PIECES, depths=np.array([[1.0, 2], [0, 3]]), variances=np.array([[4.0, 5], [0, 6]])
    )
    assert (tmp_path / "d.tsv").read_text().splitlines()[:2] == [
        "contigName\tcontigLen\ttotalAvgDepth\tsample1.bam\tsample1.bam-var\tsample2.bam\tsample2.bam-var",
        "c1\t120\t3\t1\t4\t2\t5",
    ]


def test_abundances_have_a_row_for_each_genome(tmp_path: Path) -> None:
    write_abundances(tmp_path / "a.tsv", ["A a"], depths=np.array([[1.5, 2]]))
    assert (tmp_path / "a.tsv").read_text() == "genome\tsample1\tsample2\nA a\t1.5000\t2.0000\n"
