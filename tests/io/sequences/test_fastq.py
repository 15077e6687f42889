"""FASTQ: four lines or wrapped, the same records; problems name line and record."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.io.sequences import fastq
from dnabert_s_cli.io.sequences.fastq import read_fastq
from tests.io.reading import only_problem, pairs, parse, places, where

names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8)
sequences = st.text(st.sampled_from("ACGTNRYSWKMBDHV"), min_size=1, max_size=40)
wanted_records = st.lists(st.tuples(names, sequences), min_size=1, max_size=8)


def _layout(records: list[tuple[str, str]], layout: random.Random, *, is_wrapped: bool) -> tuple[bytes, list[int]]:
    """FASTQ in a random layout with random qualities, and the line numbers of its headers."""
    end = layout.choice(["\n", "\r\n"])
    lines: list[str] = []
    header_lines = []
    for name, sequence in records:
        header_lines.append(len(lines) + 1)
        header = name + layout.choice(["", " 1:N:0:ACGT"])
        qualities = "".join(chr(layout.randint(33, 126)) for _ in sequence)
        width = layout.randint(1, len(sequence)) if is_wrapped else len(sequence)
        starts = range(0, len(sequence), width)
        letters = sequence.lower() if layout.random() < 0.5 else sequence
        lines += [f"@{header}", *(letters[i : i + width] for i in starts), layout.choice(["+", f"+{header}"])]
        lines += [qualities[i : i + width] for i in starts]
        lines += [""] * (layout.randrange(2) if is_wrapped else 0)
    return (end.join(lines) + layout.choice(["", end, end + end])).encode(), header_lines


@given(records=wanted_records, seed=st.integers(0, 2**32), block_bytes=st.integers(1, 100), is_wrapped=st.booleans())
def test_any_layout_in_any_blocks_gives_the_records_back(
    records: list[tuple[str, str]], seed: int, block_bytes: int, is_wrapped: bool
) -> None:
    content, header_lines = _layout(records, random.Random(seed), is_wrapped=is_wrapped)
    chunks = parse(read_fastq, content, block_bytes=block_bytes)
    assert pairs(chunks) == records
    assert places(chunks) == header_lines


@given(seed=st.integers(0, 2**32), is_wrapped=st.booleans(), block_bytes=st.integers(1, 100))
def test_a_file_cut_anywhere_loses_no_record_in_silence(seed: int, is_wrapped: bool, block_bytes: int) -> None:
    layout = random.Random(seed)
    wanted = [("a", "ACGTACGT"), ("b", "GGGCCC"), ("c", "TTTTA")]
    content, header_lines = _layout(wanted, layout, is_wrapped=is_wrapped)
    cut = content[: layout.randrange(1, len(content))]
    chunks = parse(read_fastq, cut, block_bytes=block_bytes)
    found = [(record.id, record.sequence) for chunk in chunks for record in chunk.records]
    assert found == wanted[: len(found)]
    n_lines = len(cut.split(b"\n")) - cut.endswith(b"\n")
    n_begun = sum(line <= n_lines for line in header_lines)
    assert chunks[-1].problem is not None or len(found) == n_begun


@pytest.mark.parametrize(
    ("content", "line"), [(b"@a", 1), (b"@a\n", 1), (b"@a\nAC", 2), (b"@a\nAC\n+", 3), (b"@a\nAC\n+\n", 3)]
)
def test_a_truncated_last_record_is_a_problem(content: bytes, line: int) -> None:
    problem = only_problem(parse(read_fastq, b"@z\nACGT\n+\nIIII\n" + content))
    assert where(problem) == ("x", 4 + line, "a")
    assert problem.problem == "the file ends within this record"


def test_a_short_quality_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@a\nACGT\n+\nIII\n@b\nAC\n+\nII\n"))
    assert where(problem) == ("x", 4, "a")
    assert problem.problem == "4 bases but 3 quality letters"


def test_a_long_quality_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@b\nAC\n+\nII\n@a\nAC\n+\nIII\n"))
    assert where(problem) == ("x", 8, "a")


def test_a_long_wrapped_quality_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@a\nAC\nGT\n+\nII\nIII\n"))
    assert where(problem) == ("x", 6, "a")
    assert problem.problem == "4 bases but 5 quality letters"


def test_a_line_that_is_no_header_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@a\nAC\n+\nII\nACGT\n+\nIIII\n"))
    assert where(problem) == ("x", 5, None)
    assert problem.problem == "a header must begin with '@', not 'ACGT'"


def test_a_missing_plus_line_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@a\nAC\nII\n@b\nAC\n+\nII\n"))
    assert where(problem) == ("x", 4, "a")
    assert problem.problem == "no '+' line before the next header"


def test_a_plus_line_of_another_record_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@a\nAC\n+b\nII\n"))
    assert where(problem) == ("x", 3, "a")
    assert problem.problem == "the '+' line repeats another header"


def test_a_bad_letter_is_shown_with_its_line() -> None:
    problem = only_problem(parse(read_fastq, b"@a\nAC\n+\nII\n@b\nAC-T\n+\nIIII\n"))
    assert where(problem) == ("x", 6, "b")
    assert problem.problem == "'-' is not a nucleotide letter"


@given(empty=st.sets(st.integers(0, 7)), block_bytes=st.integers(1, 100), is_wrapped=st.booleans())
def test_empty_reads_are_counted_and_left_out(empty: set[int], block_bytes: int, is_wrapped: bool) -> None:
    letters = "AC\nGT" if is_wrapped else "ACGT"
    reads = [f"@r{n}\n{'' if n in empty else letters}\n+\n{'' if n in empty else letters}\n" for n in range(8)]
    chunks = parse(read_fastq, "".join(reads).encode(), block_bytes=block_bytes)
    kept = [n for n in range(8) if n not in empty]
    assert pairs(chunks) == [(f"r{n}", "ACGT") for n in kept]
    lines = "".join(reads).split("\n")
    assert [lines[place - 1] for place in places(chunks)] == [f"@r{n}" for n in kept]
    assert sum(chunk.n_empty for chunk in chunks) == len(empty)


def test_an_empty_read_with_a_quality_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@a\n\n+\nII\n@b\nAC\n+\nII\n"))
    assert where(problem) == ("x", 4, "a")
    assert problem.problem == "0 bases but 2 quality letters"


def test_the_last_read_may_be_empty_without_a_line_of_quality() -> None:
    assert pairs(parse(read_fastq, b"@b\nAC\n+\nII\n@a\n\n+\n")) == [("b", "AC")]


def test_a_header_without_a_name_is_a_problem() -> None:
    problem = only_problem(parse(read_fastq, b"@a\nAC\n+\nII\n@\nAC\n+\nII\n"))
    assert where(problem) == ("x", 5, None)


def test_records_before_a_problem_are_kept() -> None:
    chunks = parse(read_fastq, b"@a\nAC\n+\nII\n@b\nAC\n+\nI\n")
    assert [record.id for chunk in chunks for record in chunk.records] == ["a"]


def test_a_quality_that_looks_like_a_header_is_counted() -> None:
    assert pairs(parse(read_fastq, b"@a\nACGT\nAC\n+\n@abc\n+d\n@b\nAC\n+\n@@\n")) == [("a", "ACGTAC"), ("b", "AC")]


def test_a_read_over_many_blocks_is_one_record() -> None:
    sequence = "ACGTTGCATT" * 20_000
    content = f"@a\n{sequence}\n+\n{'I' * len(sequence)}\n@b\nAC\n+\nII\n".encode()
    assert pairs(parse(read_fastq, content, block_bytes=500)) == [("a", sequence), ("b", "AC")]


@pytest.mark.parametrize("header", [b"r%d", b"r%d 1:N:0:ACGT", b"r%d  two blanks"])
def test_plain_records_are_read_without_a_look_at_each_line(header: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"".join(b"@" + header % number + b"\nACGTN\n+\n@II+I\n" for number in range(9))
    monkeypatch.setattr(fastq, "_four_line_records", None)  # it would not be called
    chunks = parse(read_fastq, content, block_bytes=70)
    assert pairs(chunks) == [(f"r{number}", "ACGTN") for number in range(9)]
    assert places(chunks) == list(range(1, 37, 4))


@pytest.mark.parametrize(
    "record",
    [
        b"@b\nACgT\n+\nIIII\n",
        b"@b\nACRT\n+\nIIII\n",
        b"@b\nACGT\n+b\nIIII\n",
        b"@b\t1\nACGU\n+\nIIII\n",
        b"@b\xc3\xa9\nACGT\n+\nIIII\n",
    ],
)
def test_records_of_another_kind_are_read_with_plain_ones(record: bytes) -> None:
    plain = b"@a\nACGT\n+\nIIII\n"
    chunks = parse(read_fastq, plain + record + plain.replace(b"@a", b"@c"))
    name = record[1:].split()[0].decode()
    letters = record.split(b"\n")[1].decode().upper().replace("U", "T")
    assert pairs(chunks) == [("a", "ACGT"), (name, letters), ("c", "ACGT")]
