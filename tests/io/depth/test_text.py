"""Tables of depths are read whatever their maker, and written as jgi_summarize_bam_contig_depths does."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth import text as depth_text
from dnabert_s_cli.io.depth.table import DepthTable
from dnabert_s_cli.io.depth.text import read_depth_table, write_depth
from tests.io.depth.inputs import JGI_TABLE


def _read(folder: Path, text: str) -> DepthTable:
    (folder / "s.tsv").write_text(text)
    return read_depth_table(folder / "s.tsv")


def _error(folder: Path, text: str) -> tuple[int | None, str | None, str]:
    with pytest.raises(DnabertSError) as caught:
        _read(folder, text)
    assert caught.value.path == str(folder / "s.tsv")
    return caught.value.line, caught.value.record, caught.value.problem


def _written(table: DepthTable) -> str:
    stream = io.StringIO()
    write_depth(stream, table)
    return stream.getvalue()


def test_what_jgi_wrote_is_read_and_written_the_same() -> None:
    found = [line.split("\t") for line in _written(read_depth_table(JGI_TABLE)).splitlines()]
    expected = [line.split("\t") for line in JGI_TABLE.read_text().splitlines()]
    assert [row[:2] + row[3:] for row in found] == [row[:2] + row[3:] for row in expected]
    totals = [[float(row[2]) for row in rows[1:]] for rows in (found, expected)]
    np.testing.assert_allclose(*totals, rtol=1e-5)  # theirs is the sum of numbers that are not rounded


def test_compression_is_told_by_content(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_bytes(gzip.compress(JGI_TABLE.read_bytes()))
    assert _written(read_depth_table(tmp_path / "x.tsv")) == _written(read_depth_table(JGI_TABLE))


def test_coverm_is_read(tmp_path: Path) -> None:
    table = _read(tmp_path, "Contig\ta Mean\ta Variance\tb Mean\tb Variance\nc1\t1\t2\t3\t4\n")
    assert (table.names, table.samples, table.mean.tolist()) == (["c1"], ("a", "b"), [[1, 3]])
    assert table.variance is not None
    assert table.variance.tolist() == [[2, 4]]


def test_strobealign_is_read(tmp_path: Path) -> None:
    table = _read(tmp_path, "c1\t1.5\nc2\t0\n")
    assert (table.names, table.samples, table.mean.tolist()) == (["c1", "c2"], ("s",), [[1.5], [0]])
    assert (table.lengths_bp.tolist(), table.variance) == ([0, 0], None)


def test_vamb_is_read(tmp_path: Path) -> None:
    table = _read(tmp_path, "contigname\ta\tb\nc1\t1\t2\n")
    assert (table.samples, table.mean.tolist(), table.mean.dtype) == (("a", "b"), [[1, 2]], np.float32)


def test_a_plain_table_with_lengths_is_read(tmp_path: Path) -> None:
    assert _read(tmp_path, "id\tlength\ta\nc1\t120\t2\n").lengths_bp.tolist() == [120]


def test_names_end_at_the_first_blank(tmp_path: Path) -> None:
    assert _read(tmp_path, "contig\ta\nc1 length=5\t1\n").names == ["c1"]


def test_line_ends_of_windows_and_empty_lines_are_passed_over(tmp_path: Path) -> None:
    assert _read(tmp_path, "\ufeffcontig\ta\r\n\r\nc1\t1\r\n").names == ["c1"]


def test_lengths_that_jgi_rounded_are_read(tmp_path: Path) -> None:
    text = "contigName\tcontigLen\ttotalAvgDepth\ta\ta-var\nc1\t1.23457e+07\t1\t1\t0\n"
    assert _read(tmp_path, text).lengths_bp.tolist() == [12_345_700]


def test_tables_of_many_batches_are_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(depth_text, "_BATCH_LINES", 3)
    table = _read(tmp_path, "contig\ta\n" + "".join(f"c{n}\t{n}\n" for n in range(10)))
    assert table.mean[:, 0].tolist() == list(range(10))


def test_tables_without_variances_are_written_without(tmp_path: Path) -> None:
    text = "contigName\tcontigLen\ttotalAvgDepth\ta\tb\nc1\t0\t3\t1\t2\n"
    assert _written(_read(tmp_path, "contig\ta\tb\nc1\t1\t2\n")) == text
    assert _written(_read(tmp_path, text)) == text


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        *(("nan", "is not finite"), ("inf", "is not finite"), ("1e39", "is not finite"), ("-1", "is negative")),
        *(("-inf", "is negative"), ("x", "is no number"), ("", "is no number"), ("1,5", "is no number")),
    ],
)
def test_a_cell_that_is_no_depth_is_an_error(tmp_path: Path, cell: str, problem: str) -> None:
    found = _error(tmp_path, f"contig\ta\tb\nc1\t1\t2\nc2\t3\t{cell}\nc3\tx\t2\n")
    assert found == (3, "c2", f"column 3: '{cell}' {problem}")


def test_a_length_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    assert _error(tmp_path, "id\tlength\ta\nc1\tlong\t2\n") == (2, "c1", "column 2: 'long' is no number")


@pytest.mark.parametrize("row", ["c2\t1", "c2\t1\t2\t3"])
def test_a_ragged_row_is_an_error(tmp_path: Path, row: str) -> None:
    n_columns = len(row.split("\t"))
    found = _error(tmp_path, f"contig\ta\tb\nc1\t1\t2\n{row}\n")
    assert found == (3, "c2", f"{n_columns} columns, but 3 in the lines before")


def test_a_duplicate_contig_is_an_error(tmp_path: Path) -> None:
    assert _error(tmp_path, "c1\t1\nc2\t2\nc1 x\t3\n") == (3, "c1", "duplicate contig, first in line 1")


def test_a_contig_without_a_name_is_an_error(tmp_path: Path) -> None:
    assert _error(tmp_path, "contig\ta\n \t1\n") == (2, None, "the name of the contig is empty")


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_an_empty_file_is_an_error(tmp_path: Path, text: str) -> None:
    assert _error(tmp_path, text) == (None, None, "file holds no contig")


def test_a_header_alone_is_an_error(tmp_path: Path) -> None:
    assert _error(tmp_path, "contig\ta\n") == (1, None, "file holds no contig, only a header")


def test_bytes_that_are_no_text_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "s.tsv").write_bytes(b"contig\ta\nc\xff\t1\n")
    with pytest.raises(DnabertSError, match="is not text in UTF-8") as caught:
        read_depth_table(tmp_path / "s.tsv")
    assert caught.value.line == 2


def test_quotes_around_cells_are_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    path.write_text('"contig"\t"length"\t"my ""s"""\n"c 1"\t"400"\t2.5\n')
    table = read_depth_table(path)
    assert (list(table.names), table.samples, table.lengths_bp.tolist()) == (["c"], ('my "s"',), [400])
    assert table.mean.tolist() == [[2.5]]


@pytest.mark.parametrize("name", ["unmapped", "*", "total"])
def test_a_row_that_is_a_summary_is_an_error(tmp_path: Path, name: str) -> None:
    path = tmp_path / "d.tsv"
    path.write_text(f"c1\t3\n{name}\t4\n")
    with pytest.raises(DnabertSError, match="is a summary, no contig") as caught:
        read_depth_table(path)
    assert (caught.value.path, caught.value.line) == (str(path), 2)


def test_a_length_beyond_reason_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    path.write_text("contig\tlength\ts\nc1\t1e30\t4\n")
    with pytest.raises(DnabertSError, match="'1e30' is not a number of bases") as caught:
        read_depth_table(path)
    assert (caught.value.line, caught.value.record) == (2, "c1")
