"""GenBank and EMBL: accession.version and sequence; truncation and missing sequence are problems."""

from __future__ import annotations

import io
import logging

import Bio
import pytest
from Bio import SeqIO
from Bio.Seq import Seq
from Bio.SeqRecord import SeqRecord

from dnabert_s_cli.io.sequences.flatfiles import read_embl, read_genbank
from tests.io.reading import only_problem, pairs, parse, places, where

SEQUENCES = {"AB000001.1": "ACGTTGCANR" * 20, "AB000002.3": "GGGCCC" * 15}
PARSERS = {"genbank": read_genbank, "embl": read_embl}
both = pytest.mark.parametrize("dialect", PARSERS)


def _flatfile(dialect: str, sequences: dict[str, str] = SEQUENCES) -> bytes:
    text = io.StringIO()
    records = [
        SeqRecord(Seq(letters), id=name, name=name.split(".")[0], annotations={"molecule_type": "DNA"})
        for name, letters in sequences.items()
    ]
    SeqIO.write(records, text, dialect)
    return text.getvalue().encode()


@both
def test_id_is_accession_with_version(dialect: str) -> None:
    assert pairs(parse(PARSERS[dialect], _flatfile(dialect))) == list(SEQUENCES.items())


@both
def test_places_are_the_first_lines_of_records(dialect: str) -> None:
    content = _flatfile(dialect)
    second = content[: content.index(b"//\n") + 3].count(b"\n") + 1
    assert places(parse(PARSERS[dialect], content)) == [1, second]


@both
def test_crlf_and_blank_lines_between_records_are_fine(dialect: str) -> None:
    content = _flatfile(dialect).replace(b"//\n", b"//\n\n").replace(b"\n", b"\r\n")
    assert pairs(parse(PARSERS[dialect], content)) == list(SEQUENCES.items())


@both
def test_truncation_anywhere_is_a_problem(dialect: str) -> None:
    content = _flatfile(dialect)
    first_end = content.index(b"//\n") + 3
    for n_bytes in range(first_end + 1, len(content) - 2, 3):
        chunks = parse(PARSERS[dialect], content[:n_bytes])
        assert [record.id for chunk in chunks for record in chunk.records] == ["AB000001.1"], n_bytes
        assert only_problem(chunks).line == content[:first_end].count(b"\n") + 1, n_bytes


@both
def test_a_bad_letter_names_the_record(dialect: str) -> None:
    content = _flatfile(dialect, {"AB000001.1": "ACGT", "AB000002.1": "ACEF"})
    problem = only_problem(parse(PARSERS[dialect], content))
    line = content[: content.index(b"//\n") + 3].count(b"\n") + 1
    assert where(problem) == ("x", line, "AB000002.1")
    assert problem.problem == "'E' is not a nucleotide letter"


@both
def test_text_between_records_is_a_problem(dialect: str) -> None:
    content = _flatfile(dialect)
    problem = only_problem(parse(PARSERS[dialect], content + b"something else\n"))
    assert where(problem) == ("x", content.count(b"\n") + 1, None)
    assert "a record must begin with" in problem.problem


def test_a_record_without_sequence_is_a_problem() -> None:
    content = _flatfile("genbank")
    begin, end = content.index(b"ORIGIN"), content.index(b"//\n")
    content = content[:begin] + b"CONTIG      join(AB000009.1:1..200)\n" + content[end:]
    problem = only_problem(parse(read_genbank, content))
    assert where(problem) == ("x", 1, "AB000001.1")
    assert problem.problem == "record holds no sequence"


def test_an_empty_sequence_is_a_problem() -> None:
    content = _flatfile("genbank", {"AB000001.1": "A"}).replace(b" 1 bp ", b" 0 bp ").replace(b"        1 a\n", b"")
    assert where(only_problem(parse(read_genbank, content))) == ("x", 1, "AB000001.1")


def test_a_shorter_sequence_than_announced_is_a_problem() -> None:
    content = _flatfile("genbank").replace(b" 90 bp ", b" 91 bp ")
    problem = only_problem(parse(read_genbank, content))
    assert problem.record == "AB000002.3"
    assert problem.problem.startswith("Expected sequence length 91, found 90")


@pytest.mark.skipif(Bio.__version__ < "1.85", reason="this date is an error to older Biopython")
def test_other_doubts_of_biopython_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    content = _flatfile("genbank").replace(b"01-JAN-1980", b"01-01-1980", 1)
    with caplog.at_level(logging.WARNING):
        assert len(pairs(parse(read_genbank, content))) == 2
    assert "x:1: " in caplog.text
