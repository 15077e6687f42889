"""FASTA: whatever the layout and the block size, the same records; problems name line and record."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.io.sequences import fasta
from dnabert_s_cli.io.sequences.fasta import read_fasta
from tests.io.reading import only_problem, pairs, parse, places, where

LETTERS = "ACGTNRYSWKMBDHV"
names = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=8)
sequences = st.text(st.sampled_from(LETTERS), min_size=1, max_size=60)
wanted_records = st.lists(st.tuples(names, sequences), min_size=1, max_size=8)
block_sizes = pytest.mark.parametrize("block_bytes", [1, 2, 3, 7, 1 << 17])


def _layout(records: list[tuple[str, str]], layout: random.Random) -> tuple[bytes, list[int]]:
    """FASTA in a random layout, and the line numbers of its headers."""
    end = layout.choice(["\n", "\r\n"])
    lines: list[str] = [""] * layout.randrange(3)
    header_lines = []
    for name, sequence in records:
        header_lines.append(len(lines) + 1)
        lines.append(f">{name}" + layout.choice(["", " ", " a > b", "\tx"]))
        width = layout.randint(1, len(sequence) + 1)
        for i in range(0, len(sequence), width):
            letters = "".join(layout.choice([letter, letter.lower()]) for letter in sequence[i : i + width])
            lines.append(letters.replace("T", layout.choice("TU")) + layout.choice(["", "", " ", "\t"]))
        lines += [""] * layout.choice([0, 0, 1, 2])
    text = end.join(lines) + layout.choice(["", end])
    return text.encode(), header_lines


@given(records=wanted_records, seed=st.integers(0, 2**32), block_bytes=st.integers(1, 100))
def test_any_layout_in_any_blocks_gives_the_records_back(
    records: list[tuple[str, str]], seed: int, block_bytes: int
) -> None:
    content, header_lines = _layout(records, random.Random(seed))
    chunks = parse(read_fasta, content, block_bytes=block_bytes)
    assert pairs(chunks) == records
    assert places(chunks) == header_lines


@given(
    records=wanted_records, seed=st.integers(0, 2**32), block_bytes=st.integers(1, 100), bad=st.sampled_from("-.*X@1é")
)
def test_a_bad_letter_is_found_in_its_line_and_reading_goes_on(
    records: list[tuple[str, str]], seed: int, block_bytes: int, bad: str
) -> None:
    content = _layout(records, random.Random(seed))[0].rstrip()
    content += b"\nAC\nGG" + bad.encode() + b"T\n>last\nACGT\n"
    chunks = parse(read_fasta, content, block_bytes=block_bytes)
    problem = only_problem(chunks)
    assert where(problem) == ("x", content.count(b"\n") - 2, records[-1][0])
    found = [(record.id, record.sequence) for chunk in chunks for record in chunk.records]
    assert found == [*records[:-1], ("last", "ACGT")]


def test_rna_becomes_dna() -> None:
    assert pairs(parse(read_fasta, b">r\nAUGu\n")) == [("r", "ATGT")]


def test_id_is_the_first_word_of_the_header() -> None:
    assert pairs(parse(read_fasta, b">c1 length=4 cov=2\nACGT\n>c2\tx\nAC\n")) == [("c1", "ACGT"), ("c2", "AC")]


def test_greater_than_inside_a_header_begins_no_record() -> None:
    assert pairs(parse(read_fasta, b">a >b> c\nAC\n>d->e\nGT\n")) == [("a", "AC"), ("d->e", "GT")]


@block_sizes
def test_greater_than_inside_a_sequence_line_is_a_bad_letter(block_bytes: int) -> None:
    problem = only_problem(parse(read_fasta, b">a\nAC\nGT>b\nAC\n", block_bytes=block_bytes))
    assert where(problem) == ("x", 3, "a")
    assert problem.problem == "'>' is not a nucleotide letter"


@pytest.mark.parametrize("letter", ["-", ".", "*", "E", "X", "5", ">"])
def test_the_bad_letter_is_shown(letter: str) -> None:
    problem = only_problem(parse(read_fasta, f">a\nACGT\n>b\nAC\nG{letter}T\n".encode()))
    assert where(problem) == ("x", 5, "b")
    assert problem.problem == f"'{letter}' is not a nucleotide letter"


def test_gaps_and_proteins_get_their_own_hint() -> None:
    assert "gaps" in str(only_problem(parse(read_fasta, b">a\nA-C\n")).hint)
    assert "proteins" in str(only_problem(parse(read_fasta, b">a\nMEL\n")).hint)


def test_only_the_first_bad_letter_of_a_record_is_reported() -> None:
    assert where(only_problem(parse(read_fasta, b">a\nA\nX\nX\n", block_bytes=2))) == ("x", 3, "a")


@block_sizes
@pytest.mark.parametrize(
    ("content", "line"),
    [(b">a\n>b\nAC\n", 1), (b">b\nAC\n>a\n", 3), (b">b\nAC\n>a", 3), (b">b\nAC\n>a\n \n\r\n>c\nAC", 3)],
)
def test_a_record_without_letters_is_a_problem(content: bytes, line: int, block_bytes: int) -> None:
    problem = only_problem(parse(read_fasta, content, block_bytes=block_bytes))
    assert where(problem) == ("x", line, "a")
    assert problem.problem == "sequence is empty"


@block_sizes
@pytest.mark.parametrize("header", [b">", b"> ", b">\r"])
def test_a_header_without_a_name_is_a_problem(header: bytes, block_bytes: int) -> None:
    problem = only_problem(parse(read_fasta, b">a\nAC\n" + header + b"\nAC\n", block_bytes=block_bytes))
    assert where(problem) == ("x", 3, None)
    assert problem.problem == "header has no name"


def test_a_name_that_is_no_utf8_is_a_problem() -> None:
    problem = only_problem(parse(read_fasta, b">a\nAC\n>b\xe9\nAC\n>c\nAC\n"))
    assert where(problem) == ("x", 3, None)
    assert problem.problem == "header is not UTF-8 text: b\\xe9"


def test_a_description_may_be_in_any_encoding() -> None:
    assert pairs(parse(read_fasta, b">b caf\xe9\nAC\n")) == [("b", "AC")]


def test_lone_carriage_returns_are_explained() -> None:
    problem = only_problem(parse(read_fasta, b">a\rACGT\r>b\rAC\r"))
    assert where(problem) == ("x", 1, "a")
    assert "lone carriage return" in problem.problem


def test_an_endless_header_is_refused() -> None:
    with pytest.raises(Exception, match="a header is longer than 1 MB"):
        parse(read_fasta, b">" + b"x" * (1 << 21))


def test_a_long_line_over_many_blocks_is_one_record() -> None:
    sequence = "ACGTTGCATT" * 100_000
    chunks = parse(read_fasta, b">a\n" + sequence.lower().encode() + b"\n>b\nAC", block_bytes=1000)
    assert pairs(chunks) == [("a", sequence), ("b", "AC")]


def test_every_problem_of_a_file_is_found() -> None:
    chunks = parse(read_fasta, b">a\n>b\nAC\n>c\nA!\n>\nAC\n>d\nGT\n")
    assert [where(chunk.problem) for chunk in chunks if chunk.problem] == [
        ("x", 1, "a"),
        ("x", 5, "c"),
        ("x", 6, None),
    ]
    assert [record.id for chunk in chunks for record in chunk.records] == ["b", "d"]


def test_plain_records_are_read_without_a_look_at_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"".join(b">r%d\nACGTN\n" % number for number in range(9))
    monkeypatch.setattr(fasta, "clean_all", None)  # it would not be called
    chunks = parse(read_fasta, content)
    assert pairs(chunks) == [(f"r{number}", "ACGTN") for number in range(9)]
    assert places(chunks) == list(range(1, 18, 2))


@pytest.mark.parametrize(
    ("record", "sequence"),
    [
        (b">A\nAcGT\n", "ACGT"),
        (b">A\nACGU\n", "ACGT"),
        (b">A b\nACGT\n", "ACGT"),
        (b">A\nAC GT\n", "ACGT"),
    ],
)
def test_records_of_another_kind_are_read_with_plain_ones(record: bytes, sequence: str) -> None:
    chunks = parse(read_fasta, b">a\nAAAA\n>b\nGGGG\n" + record + b">z\nTTTT\n>y\nCCCC\n")
    assert pairs(chunks) == [("a", "AAAA"), ("b", "GGGG"), ("A", sequence), ("z", "TTTT"), ("y", "CCCC")]


def test_three_lines_and_one_are_not_taken_for_two_records() -> None:
    problem = only_problem(parse(read_fasta, b">a\nAAAA\n>A\nAC\nGT\n>C\n>z\nTTTT\n>y\nCCCC\n"))
    assert where(problem) == ("x", 6, "C")
    assert problem.problem == "sequence is empty"
