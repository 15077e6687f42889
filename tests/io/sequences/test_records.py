"""Letters are cleaned or refused; chunks keep what precedes a problem."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.sequences.records import Record, bad_letter, clean, clean_all, first_words, in_chunks
from tests.conftest import random_dna
from tests.io.reading import where

ALLOWED = "ACGTUNRYSWKMBDHV"


def test_each_byte_is_kept_left_out_or_refused_as_documented() -> None:
    for code in range(256):
        letter = bytes([code])
        if letter.decode("latin-1").upper() in ALLOWED and code < 128:
            assert clean(letter) == letter.decode().upper().replace("U", "T")
        elif letter in b" \t\r\n":
            assert clean(letter) == ""
        else:
            assert clean(letter) is None


@given(st.lists(st.binary(min_size=1, max_size=4), max_size=6))
def test_cleaning_together_is_cleaning_each(raw: list[bytes]) -> None:
    each = [clean(letters) for letters in raw]
    assert clean_all(raw) == (each if raw and all(each) else None)


@given(st.lists(st.text(st.sampled_from(ALLOWED + ALLOWED.lower() + " \r\n>-"), min_size=1, max_size=6), min_size=1))
def test_cleaning_together_sees_what_cleaning_each_sees(raw: list[str]) -> None:
    each = [clean(letters.encode()) for letters in raw]
    assert clean_all([letters.encode() for letters in raw]) == (each if all(each) else None)


def test_no_headers_have_no_words() -> None:
    assert first_words([b"a b", b"c"]) == ["a", "c"]
    assert first_words([b"a", b" "]) is None
    assert first_words([b"a", b"\xff"]) is None


@pytest.mark.parametrize(("raw", "line"), [(b"X", 7), (b"AC\nGT\nAXC", 9), (b"\n\n-", 9)])
def test_the_line_of_a_bad_letter_is_counted(raw: bytes, line: int) -> None:
    error = bad_letter(raw, "x.fa", line=7, name="c")
    assert (error.path, error.line, error.record) == ("x.fa", line, "c")


def test_a_bad_byte_is_shown_in_hexadecimal() -> None:
    assert bad_letter(b"A\xc3\xa9", "x.fa", line=1, name="c").problem == "'\\xc3' is not a nucleotide letter"


def _records(n: int, n_bp: int) -> Iterator[tuple[Record, int]]:
    for i in range(n):
        yield Record(str(i), "A" * n_bp), i + 1


def test_many_records_are_split_over_chunks() -> None:
    chunks = list(in_chunks(_records(10_000, 1)))
    assert len(chunks) == 3
    assert [place for chunk in chunks for place in chunk.places] == list(range(1, 10_001))


def test_long_records_are_chunks_of_their_own() -> None:
    assert [len(chunk.records) for chunk in in_chunks(_records(2, 2_000_000))] == [1, 1, 0]


def test_a_problem_ends_the_last_chunk() -> None:
    def broken() -> Iterator[tuple[Record, int]]:
        yield from _records(2, 1)
        raise DnabertSError("broken")

    (chunk,) = in_chunks(broken())
    assert [record.id for record in chunk.records] == ["0", "1"]
    assert str(chunk.problem) == "broken"


def kmers(dna: str, k: int) -> str:
    return " ".join(dna[start : start + k] for start in range(len(dna) - k + 1))


@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_overlapping_words_are_no_sequence(k: int) -> None:
    raw = kmers(random_dna(200), k).encode()
    assert clean(raw) is None
    assert clean_all([b"ACGT", raw]) is None
    assert clean(raw[1:-1]) is None  # a block may begin and end within a word
    problem = bad_letter(raw, "x", line=2, name="a")
    assert "k-mers" in problem.problem
    assert where(problem) == ("x", 2, "a")


@pytest.mark.parametrize(
    "raw",
    [
        b"ACGTACGTAC GTTACGATCA CCATTGACCA GGT",  # groups of ten
        b"AAAAAAAAAA AAAAAAAAAA AAAAAAAAAA AAAAAAAAAA",
        b"ACGT CGTA",  # too few to tell
        b"ACGTACGT \nCCATTGAC \nGGTTAACC \n",  # blanks at the ends of lines
    ],
)
def test_sequence_in_groups_is_joined(raw: bytes) -> None:
    assert clean(raw) == raw.decode().replace(" ", "").replace("\n", "")
    assert clean_all([raw]) == [clean(raw)]
