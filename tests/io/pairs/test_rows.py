from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.io.pairs.rows import Pair, PairFile, pair_line

SEQUENCES = st.text("ACGTNRYSWKMBDHV", min_size=1, max_size=30)
LABELS = st.text(st.characters(blacklist_categories=("C", "Z"), blacklist_characters="\x85"), min_size=1, max_size=12)
COMPRESSIONS: list[Callable[[bytes], bytes]] = [
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstandard.ZstdCompressor().compress,
]


def _file(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "pairs.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _read(tmp_path: Path, content: str | bytes) -> list[Pair]:
    with PairFile(_file(tmp_path, content), unpack_folder=tmp_path) as pairs:
        return [pairs[row] for row in range(len(pairs))]


def _error(tmp_path: Path, content: str | bytes) -> DnabertSError:
    with pytest.raises(DnabertSError) as caught:
        PairFile(_file(tmp_path, content), unpack_folder=tmp_path)
    assert caught.value.path == str(tmp_path / "pairs.csv")
    return caught.value


def test_two_columns_are_a_pair_without_label(tmp_path: Path) -> None:
    assert _read(tmp_path, "ACGT,TTTT\nGG,CC\n") == [Pair("ACGT", "TTTT"), Pair("GG", "CC")]


def test_third_column_is_the_label(tmp_path: Path) -> None:
    assert _read(tmp_path, "A,C,E. coli\nA,C,7\n") == [Pair("A", "C", "E. coli"), Pair("A", "C", "7")]


def test_empty_label_is_none(tmp_path: Path) -> None:
    assert _read(tmp_path, "A,C,x\nA,C,\n")[1] == Pair("A", "C", None)


def test_letters_become_upper_case_dna(tmp_path: Path) -> None:
    assert _read(tmp_path, "acgu,Nryk\n") == [Pair("ACGT", "NRYK")]


@pytest.mark.parametrize("content", ["A,C\r\nG,T\r\n", "A,C\nG,T", "A,C\nG,T\n\n\r\n\n", "A, C\n G ,T\n"])
def test_line_ends_and_blanks_do_not_matter(tmp_path: Path, content: str) -> None:
    assert _read(tmp_path, content) == [Pair("A", "C"), Pair("G", "T")]


def test_quoted_cells_are_read(tmp_path: Path) -> None:
    assert _read(tmp_path, '"ACGT","TT","a, ""b"""\n') == [Pair("ACGT", "TT", 'a, "b"')]


def test_quoted_sequence_may_be_long(tmp_path: Path) -> None:
    long = "ACGT" * 100_000
    assert _read(tmp_path, f'"{long}",T\n') == [Pair(long, "T")]


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_compression_is_told_by_content(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    assert _read(tmp_path, compress(b"A,C\nG,T\n")) == [Pair("A", "C"), Pair("G", "T")]


def test_rows_are_read_in_any_order(tmp_path: Path) -> None:
    path = _file(tmp_path, "".join(f"{'A' * n},{'C' * n}\n" for n in range(1, 200)))
    with PairFile(path) as pairs:
        assert [len(pairs[row].first) for row in (150, 3, 198, 0)] == [151, 4, 199, 1]


@pytest.mark.parametrize("row", [-1, 1])
def test_row_outside_is_an_index_error(tmp_path: Path, row: int) -> None:
    with PairFile(_file(tmp_path, "A,C\n")) as pairs, pytest.raises(IndexError):
        pairs[row]


@given(
    rows=st.lists(st.tuples(SEQUENCES, SEQUENCES, LABELS), min_size=1, max_size=8),
    packed=st.booleans(),
    crlf=st.booleans(),
)
@settings(max_examples=60)
def test_written_pairs_read_back(rows: list[tuple[str, str, str]], packed: bool, crlf: bool) -> None:
    text = "".join(pair_line(first, second, label=label) for first, second, label in rows)
    content = text.replace("\n", "\r\n").encode() if crlf else text.encode()
    with tempfile.TemporaryDirectory() as folder:
        assert _read(Path(folder), gzip.compress(content) if packed else content) == [Pair(*row) for row in rows]


def test_digest_is_that_of_the_content_whatever_the_compression(tmp_path: Path) -> None:
    digests = []
    for content in (b"A,C\nG,T\n", gzip.compress(b"A,C\nG,T\n"), b"A,C\nG,A\n"):
        with PairFile(_file(tmp_path, content), unpack_folder=tmp_path) as pairs:
            digests.append(pairs.digest)
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("A", "one column where two or three are expected: 'A'"),
        ("A,C,x,y", "4 columns where two or three are expected: 'A,C,x,y'"),
        ("A\tC", "one column where two or three are expected: 'A\tC'"),
        ("A,C,x", "has 3 columns, line 1 has 2"),
        (",C", "column 1: sequence is empty"),
        ("A, ", "column 2: sequence is empty"),
        ("A,CXG", "column 2: 'X' is not a nucleotide letter"),
        ("A-C,G", "column 1: '-' is not a nucleotide letter"),
        ("", "the row is empty"),
        ('"A,C', "quotes that do not match: '\"A,C'"),
        ('A"C,G', "quotes that do not match: 'A\"C,G'"),
    ],
)
def test_bad_row_is_an_error_with_its_line(tmp_path: Path, row: str, problem: str) -> None:
    error = _error(tmp_path, f"A,C\nG,T\n{row}\nA,C\n")
    assert (error.problem, error.line) == (problem, 3)


def test_label_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    error = _error(tmp_path, b"A,C,x\nA,C,\xff\n")
    assert (error.problem, error.line) == ("the label is not text in UTF-8", 2)


@pytest.mark.parametrize("header", ["seq1,seq2", "sequence_1,sequence_2,label", '"first","second"'])
def test_header_is_an_error(tmp_path: Path, header: str) -> None:
    error = _error(tmp_path, f"{header}\nA,C\n")
    assert error.line == 1
    assert "has a header" in error.problem
    assert "must have none" in error.problem


@pytest.mark.parametrize("row", ["ACGTXACGT,ACGTXACG", "AC-T,AC-T"])
def test_bad_letters_in_the_first_row_are_no_header(tmp_path: Path, row: str) -> None:
    assert "is not a nucleotide letter" in _error(tmp_path, f"{row}\n").problem


def test_protein_is_an_error_that_says_so(tmp_path: Path) -> None:
    assert "proteins cannot be read" in str(_error(tmp_path, "MKVLEEFPQ,A\n").hint)


@pytest.mark.parametrize("content", ["", "\n", "\r\n\n"])
def test_file_without_a_row_is_an_error(tmp_path: Path, content: str) -> None:
    assert _error(tmp_path, content).problem == "file holds no pair"


def test_bad_last_row_is_seen_on_opening(tmp_path: Path) -> None:
    assert _error(tmp_path, "A,C\n" * 500 + "A").line == 501


def test_bad_row_in_the_middle_is_seen_when_it_is_read(tmp_path: Path) -> None:
    with PairFile(_file(tmp_path, "A,C\n" * 300 + "A,!\n" + "A,C\n" * 10)) as pairs:
        assert pairs[299] == Pair("A", "C")
        with pytest.raises(DnabertSError, match="'!' is not a nucleotide letter") as caught:
            pairs[300]
    assert caught.value.line == 301


def test_check_all_reports_all_bad_rows_together(tmp_path: Path) -> None:
    with (
        PairFile(_file(tmp_path, "A,C\n" * 300 + "A,!\nA\n" + "A,C\n")) as pairs,
        pytest.raises(BadInputsError) as caught,
    ):
        pairs.check_all()
    assert [problem.line for problem in caught.value.problems] == [301, 302]


def test_check_all_stops_at_a_hundred(tmp_path: Path) -> None:
    with (
        PairFile(_file(tmp_path, "A,C\n" * 200 + "A,!\n" * 150 + "A,C\n")) as pairs,
        pytest.raises(BadInputsError) as caught,
    ):
        pairs.check_all()
    assert len(caught.value.problems) == 101
    assert "not read further" in caught.value.problems[-1].problem


def test_check_all_passes_a_good_file(tmp_path: Path) -> None:
    with PairFile(_file(tmp_path, "A,C\n" * 300)) as pairs:
        pairs.check_all()


def test_file_cut_while_in_use_is_an_error(tmp_path: Path) -> None:
    path = _file(tmp_path, "A,C\n" * 300)
    with PairFile(path) as pairs:
        path.write_text("A,C\n")
        with pytest.raises(DnabertSError, match="has become shorter") as caught:
            pairs[200]
    assert (caught.value.path, caught.value.line) == (str(path), 201)


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no such file") as caught:
        PairFile(tmp_path / "none.csv")
    assert caught.value.path == str(tmp_path / "none.csv")


def test_standard_input_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="must be a file") as caught:
        PairFile("-")
    assert caught.value.path == "-"


def test_closing_twice_does_nothing(tmp_path: Path) -> None:
    pairs = PairFile(_file(tmp_path, "A,C\n"))
    pairs.close()
    pairs.close()


@pytest.mark.parametrize("label", ["a,b", 'say "a"', "plain", "é"])
def test_label_is_quoted_only_where_it_must(label: str) -> None:
    assert pair_line("A", "C", label=label).startswith('A,C,"') == (label in ("a,b", 'say "a"'))


def test_line_without_label_has_two_columns() -> None:
    assert pair_line("A", "C") == "A,C\n"


@pytest.mark.parametrize("compress", [bytes, *COMPRESSIONS])
def test_a_byte_order_mark_is_dropped(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    content = b"\xef\xbb\xbfACGT,TTTT,x\nGG,CC,y\n"
    assert _read(tmp_path, compress(content)) == [Pair("ACGT", "TTTT", "x"), Pair("GG", "CC", "y")]


def test_overlapping_kmers_are_no_sequence(tmp_path: Path) -> None:
    error = _error(tmp_path, "ACGT CGTT GTTA TTAC,ACGT\n")
    assert (error.line, "k-mers" in error.problem) == (1, True)
