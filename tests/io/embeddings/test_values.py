from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings import values as embeddings
from dnabert_s_cli.io.embeddings.values import EmbeddingTable, check_table, first_not_finite, id_lines
from tests.io.chunks import make_chunk

TABLE = Path("emb.npz")
IDS = Path("emb.ids.tsv")


def _table(ids: list[str], *, lengths_bp: list[int] | None = None, n_rows: int | None = None) -> EmbeddingTable:
    rows = np.ones((len(ids) if n_rows is None else n_rows, 2), dtype=np.float32)
    return EmbeddingTable(ids, np.array(lengths_bp or [100] * len(ids), dtype=np.int64), rows)


def test_id_lines_hold_the_four_text_columns() -> None:
    assert id_lines(make_chunk(["a", "b"]), dim=3) == ["a\t100\t20\t1", "b\t101\t21\t2"]


def test_chunk_of_another_width_is_a_misuse() -> None:
    with pytest.raises(ValueError, match=r"\(2, 4\) rows"):
        id_lines(make_chunk(["a", "b"]), dim=4)


def test_chunk_with_a_count_too_few_is_a_misuse() -> None:
    chunk = make_chunk(["a", "b"])
    with pytest.raises(ValueError, match="2 counts"):
        id_lines(dataclasses.replace(chunk, n_tokens=chunk.n_tokens[:1]), dim=3)


@pytest.mark.parametrize("bad_id", ["", "a\tb", "a\nb", "a\r"])
def test_id_that_would_break_a_line_is_a_misuse(bad_id: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        id_lines(make_chunk([bad_id]), dim=3)


def test_chunk_with_infinity_names_the_record() -> None:
    chunk = make_chunk(["a", "b", "c"])
    chunk.embeddings[1, 2] = np.inf
    with pytest.raises(DnabertSError, match="infinity") as caught:
        id_lines(chunk, dim=3)
    assert caught.value.record == "b"


def test_good_table_passes_as_it_is() -> None:
    table = _table(["a", "b"])
    assert check_table(table, TABLE) is table


def test_fewer_rows_than_ids_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="holds 1 rows, but there are 2 ids") as caught:
        check_table(_table(["a", "b"], n_rows=1), TABLE, ids_path=IDS)
    assert caught.value.path == "emb.npz"


def test_duplicate_id_names_both_lines() -> None:
    with pytest.raises(DnabertSError, match="duplicate id, first in line 3") as caught:
        check_table(_table(["a", "b", "c", "b"]), TABLE, ids_path=IDS)
    assert (caught.value.path, caught.value.line, caught.value.record) == ("emb.ids.tsv", 5, "b")


def test_duplicate_id_in_a_file_without_lines_names_both_rows() -> None:
    with pytest.raises(DnabertSError, match="first in row 1, here in row 3") as caught:
        check_table(_table(["a", "b", "a"]), TABLE)
    assert (caught.value.path, caught.value.line, caught.value.record) == ("emb.npz", None, "a")


def test_empty_id_names_its_line() -> None:
    with pytest.raises(DnabertSError, match="row 2 has an empty id") as caught:
        check_table(_table(["a", ""]), TABLE, ids_path=IDS)
    assert caught.value.line == 3


@pytest.mark.parametrize("length_bp", [0, -5])
def test_length_that_is_not_positive_names_line_and_record(length_bp: int) -> None:
    with pytest.raises(DnabertSError, match=f"length {length_bp} is not positive") as caught:
        check_table(_table(["a", "b"], lengths_bp=[1, length_bp]), TABLE, ids_path=IDS)
    assert (caught.value.path, caught.value.line, caught.value.record) == ("emb.ids.tsv", 3, "b")


def test_nan_names_the_first_record_that_has_one() -> None:
    table = _table(["a", "b", "c"])
    table.embeddings[1:, 1] = np.nan
    with pytest.raises(DnabertSError, match="row 2 holds NaN") as caught:
        check_table(table, TABLE)
    assert (caught.value.path, caught.value.record) == ("emb.npz", "b")


def test_row_that_is_not_finite_is_found_in_any_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "BLOCK_NUMBERS", 4)
    rows = np.ones((7, 2), dtype=np.float32)
    assert first_not_finite(rows) is None
    rows[5, 0] = np.nan
    assert first_not_finite(rows) == 5
