from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings.reading import EmbeddingTable
from dnabert_s_cli.io.sequences.reading import Record
from dnabert_s_cli.pipelines.classify.references import (
    ReferenceOptions,
    cut_references,
    embed_references,
    match_labels,
    table_examples,
)
from dnabert_s_cli.pipelines.progress import Silent
from tests.conftest import random_dna

OPTIONS = ReferenceOptions(piece_bp=1000, pieces_per_label=6, crops_per_label=5)
RECORDS = [Record(f"c{number}", random_dna(3100, number)) for number in range(8)]
CLASSES = {f"c{number}": number % 2 for number in range(8)}


def test_long_sequences_are_cut_whole_into_pieces_of_nearly_one_length() -> None:
    pieces = cut_references(RECORDS[:1], CLASSES, options=OPTIONS)
    assert sorted(len(piece.sequence) for piece in pieces) == [1033, 1033, 1034]


def test_no_label_has_more_pieces_than_asked_for() -> None:
    labels = [piece.label for piece in cut_references(RECORDS, CLASSES, options=OPTIONS)]
    assert labels == [0] * 6 + [1] * 6


def test_pieces_drawn_do_not_depend_on_the_order_of_records() -> None:
    assert cut_references(RECORDS, CLASSES, options=OPTIONS) == cut_references(RECORDS[::-1], CLASSES, options=OPTIONS)


def test_another_seed_draws_other_pieces() -> None:
    other = ReferenceOptions(piece_bp=1000, pieces_per_label=6, crops_per_label=5, seed=1)
    assert cut_references(RECORDS, CLASSES, options=OPTIONS) != cut_references(RECORDS, CLASSES, options=other)


def test_the_only_piece_of_a_label_is_halved() -> None:
    record = Record("c0", random_dna(900))
    pieces = cut_references([record], CLASSES, options=OPTIONS)
    assert [piece.sequence for piece in pieces] == [record.sequence[:450], record.sequence[450:]]
    assert [piece.unit for piece in pieces] == [0, 1]


def test_records_without_label_and_tiny_ones_are_left_out() -> None:
    records = [Record("x", random_dna(900)), Record("c0", random_dna(99))]
    assert cut_references(records, CLASSES, options=OPTIONS) == []


def test_crops_of_each_length_come_before_the_pieces() -> None:
    pieces = cut_references(RECORDS, CLASSES, options=OPTIONS)
    groups = embed_references(pieces, load_encoder("tnf-c"), options=OPTIONS, progress=Silent())
    assert [group.length_bp for group in groups] == [150, 250, 400, 650, 1033]
    assert [len(group.labels) for group in groups] == [10, 10, 10, 10, 12]
    assert all(group.is_tested.all() for group in groups)


def test_label_without_a_long_piece_trains_but_is_not_tested() -> None:
    pieces = cut_references([*RECORDS[::2], Record("c1", random_dna(240))], CLASSES, options=OPTIONS)
    groups = embed_references(pieces, load_encoder("tnf-c"), options=OPTIONS, progress=Silent())
    assert [group.is_tested[group.labels == 1].any() for group in groups] == [False] * 4 + [True]
    assert all(1 in group.labels for group in groups)


def test_rows_of_a_table_are_tested_at_their_own_length() -> None:
    lengths_bp = np.repeat([1000, 9000], 100)
    table = EmbeddingTable([f"r{row}" for row in range(200)], lengths_bp, np.zeros((200, 4), np.float32))
    groups = table_examples(table, np.arange(200) % 3)
    assert [group.length_bp for group in groups] == [1000, 9000]
    assert [group.is_tested.sum() for group in groups] == [100, 100]
    assert all(len(group.labels) == 200 for group in groups)


def test_few_rows_of_a_table_are_one_length() -> None:
    table = EmbeddingTable(["a", "b"], np.array([100, 9000]), np.zeros((2, 4), np.float32))
    assert len(table_examples(table, np.array([0, 1]))) == 1


def test_labels_of_ids_that_are_there_are_kept_in_their_order() -> None:
    assert match_labels({"a": "x", "b": "y", "c": "y"}, ["b", "z", "a"], path=None, n_short=0, least_labels=2) == {
        "b": "y",
        "a": "x",
    }


@pytest.mark.parametrize("label_of", [{"a": "x", "p": "y", "q": "y"}, {"p": "x"}])
def test_fewer_than_half_of_the_labels_is_an_error(label_of: dict[str, str]) -> None:
    with pytest.raises(DnabertSError, match="labelled ids are among the sequences") as caught:
        match_labels(label_of, ["a", "b", "c"], path=Path("l.tsv"), n_short=0, least_labels=2)
    assert caught.value.path == "l.tsv"


def test_few_sequences_of_many_labelled_ones_will_do() -> None:
    label_of = {f"c{number}": "xy"[number % 2] for number in range(20)}
    assert match_labels(label_of, ["c0", "c1"], path=None, n_short=0, least_labels=2) == {"c0": "x", "c1": "y"}
