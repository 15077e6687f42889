from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings import text as embedding_text
from dnabert_s_cli.io.embeddings.text import TsvStream, read_ids, read_tsv
from tests.io.chunks import make_chunk, three_chunks, write_chunks

HEADER = "id\tlength\ttokens\twindows\te0\te1\n"
GOOD_LINE = "a\t100\t20\t1\t0.5\t-1e-05\n"


def test_stream_gets_the_header_once_and_a_line_for_each_record() -> None:
    stream = io.StringIO()
    table = TsvStream(stream, dim=2)
    for ids in (["a", "b"], ["c"]):
        table.append(make_chunk(ids, dim=2))
    lines = stream.getvalue().splitlines()
    assert lines[0] == HEADER.strip()
    assert [line.split("\t")[0] for line in lines[1:]] == ["a", "b", "c"]


def test_stream_and_file_hold_the_same_text(tmp_path: Path) -> None:
    stream = io.StringIO()
    table = TsvStream(stream, dim=3)
    for chunk in three_chunks():
        table.append(chunk)
    write_chunks(tmp_path / "emb.tsv", three_chunks())
    assert (tmp_path / "emb.tsv").read_text() == stream.getvalue()


def test_long_chunk_is_formatted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, parts = io.StringIO(), io.StringIO()
    chunk = make_chunk([f"c{i}" for i in range(20)])
    TsvStream(whole, dim=3).append(chunk)
    monkeypatch.setattr(embedding_text, "_FORMATTED_NUMBERS", 7)
    TsvStream(parts, dim=3).append(chunk)
    assert parts.getvalue() == whole.getvalue()


def test_table_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_chunks(tmp_path / "emb.tsv", three_chunks())
    whole = read_tsv(tmp_path / "emb.tsv")
    monkeypatch.setattr(embedding_text, "_PARSED_NUMBERS", 7)
    parts = read_tsv(tmp_path / "emb.tsv")
    assert parts.ids == whole.ids
    assert np.array_equal(parts.embeddings, whole.embeddings)


def test_compressed_table_with_crlf_is_read(tmp_path: Path) -> None:
    path = tmp_path / "emb.tsv"
    path.write_bytes(gzip.compress((HEADER + GOOD_LINE).replace("\n", "\r\n").encode()))
    table = read_tsv(path)
    assert (table.ids, table.lengths_bp.tolist()) == (["a"], [100])
    assert np.array_equal(table.embeddings, np.array([[0.5, -1e-05]], dtype=np.float32))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("b\n", "expected an id, a TAB and a length"),
        ("\n", "expected an id, a TAB and a length"),
        ("b\t1.5\t20\t1\t0.5\t1\n", "length '1.5' is not a whole number"),
        ("b\t-3\t20\t1\t0.5\t1\n", "length '-3' is not a whole number"),
        ("b\t100\t20\t1\t0.5\n", "expected 6 columns, found 5"),
        ("b\t100\t20\t1\t0.5\t1\t2\n", "expected 6 columns, found 7"),
        ("b\t100\t20\t1\t0.5\tx\n", "'x' in column e1 is no number"),
        ("b\t100\t20\t1\t\t1\n", "'' in column e0 is no number"),
    ],
)
def test_bad_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "emb.tsv"
    path.write_text(HEADER + GOOD_LINE + line)
    with pytest.raises(DnabertSError) as caught:
        read_tsv(path)
    assert problem in caught.value.problem
    assert (caught.value.path, caught.value.line) == (str(path), 3)


def test_bad_number_names_the_record(tmp_path: Path) -> None:
    path = tmp_path / "emb.tsv"
    path.write_text(HEADER + GOOD_LINE + "b\t100\t20\t1\t0.5\tx\n")
    with pytest.raises(DnabertSError) as caught:
        read_tsv(path)
    assert caught.value.record == "b"


def test_empty_number_in_a_table_of_one_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "emb.tsv"
    path.write_text("id\tlength\ttokens\twindows\te0\na\t1\t1\t1\t\n")
    with pytest.raises(DnabertSError, match="'' in column e0 is no number") as caught:
        read_tsv(path)
    assert caught.value.line == 2


def test_line_end_within_a_number_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "emb.tsv"
    path.write_bytes((HEADER + "a\t100\t20\t1\t0.5\t1\r7\n").encode())
    with pytest.raises(DnabertSError) as caught:
        read_tsv(path)
    assert caught.value.line == 2


@pytest.mark.parametrize("header", ["", GOOD_LINE, "id\tlength\ttokens\twindows\n"])
def test_table_without_header_is_an_error(tmp_path: Path, header: str) -> None:
    path = tmp_path / "emb.tsv"
    path.write_text(header)
    with pytest.raises(DnabertSError, match="not the header of an embedding table") as caught:
        read_tsv(path)
    assert (caught.value.path, caught.value.line) == (str(path), 1)


def test_ids_file_needs_only_two_columns(tmp_path: Path) -> None:
    path = tmp_path / "emb.ids.tsv"
    path.write_text("id\tlength\na\t5\nb\t6\n")
    ids, lengths_bp = read_ids(path)
    assert (ids, lengths_bp.tolist()) == (["a", "b"], [5, 6])


def test_ids_file_without_header_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "emb.ids.tsv"
    path.write_text("a\t5\n")
    with pytest.raises(DnabertSError, match="not the header of an ids file") as caught:
        read_ids(path)
    assert (caught.value.path, caught.value.line) == (str(path), 1)
