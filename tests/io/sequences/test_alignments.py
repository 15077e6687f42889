"""SAM, BAM and CRAM: each primary record is a read in its own orientation."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pysam
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.sequences.alignments import read_alignments, read_sam
from dnabert_s_cli.io.sequences.records import Chunk
from tests.io.reading import only_problem, pairs, parse, places, stream_of, where
from tests.locations import PROJECT

BAM = PROJECT / "tests" / "data" / "bam" / "sample1.bam"
HEADER = {"HD": {"VN": "1.6"}, "SQ": [{"SN": "c", "LN": 1000}]}
COMPLEMENT = str.maketrans("ACGTNRYSWKMBDHV", "TGCANYRSWMKVHDB")


def _sam_line(name: str, flag: int, sequence: str) -> str:
    return "\t".join([name, str(flag), "c", "1", "60", "*", "*", "0", "0", sequence, "*"])


def _bam(path: Path, reads: list[tuple[str, int, str | None]]) -> Path:
    with pysam.AlignmentFile(str(path), "wb", header=HEADER) as output:
        for name, flag, sequence in reads:
            segment = pysam.AlignedSegment()
            segment.query_name, segment.flag, segment.query_sequence = name, flag, sequence
            segment.reference_id, segment.reference_start = 0, 5
            output.write(segment)
    return path


def _cram(folder: Path) -> tuple[Path, Path]:
    """The real BAM as CRAM, and its reference."""
    reference = Path(shutil.copy(BAM.with_name("contigs.fa"), folder / "contigs.fa"))
    path = folder / "x.cram"
    with (
        pysam.AlignmentFile(str(BAM)) as alignments,
        pysam.AlignmentFile(str(path), "wc", template=alignments, reference_filename=str(reference)) as output,
    ):
        for segment in alignments:
            output.write(segment)
    return path, reference


def _read(path: Path, reference_path: Path | None = None) -> list[Chunk]:
    source = stream_of(b"")
    return list(read_alignments(source, str(path), reference_path=reference_path))


def test_every_read_of_a_real_bam_is_read() -> None:
    found = pairs(_read(BAM))
    with pysam.AlignmentFile(str(BAM)) as alignments:
        wanted = [
            (f"{segment.query_name}/{1 if segment.is_read1 else 2}", segment.get_forward_sequence())
            for segment in alignments
        ]
    assert len(found) == 7140
    assert found == wanted


def test_places_number_the_records() -> None:
    assert places(_read(BAM)) == list(range(1, 7141))


def test_a_reverse_read_is_turned_back_with_its_iupac_letters(tmp_path: Path) -> None:
    letters = "ACGTNRYSWKMBDHVA"
    path = _bam(tmp_path / "x.bam", [("r", 16, letters), ("f", 0, letters)])
    assert pairs(_read(path)) == [("r", letters.translate(COMPLEMENT)[::-1]), ("f", letters)]


def test_mates_get_a_suffix(tmp_path: Path) -> None:
    reads = [
        ("p", 1 | 64, "AC"),
        ("p", 1 | 128, "AG"),
        ("single", 0, "AT"),
        ("inner", 1 | 64 | 128, "AA"),
        ("q/1", 65, "A"),
    ]
    found = pairs(_read(_bam(tmp_path / "x.bam", [*reads])))
    assert [name for name, _ in found] == ["p/1", "p/2", "single", "inner", "q/1"]


def test_repeated_records_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = _bam(tmp_path / "x.bam", [("r", 0, "AC"), ("r", 256, None), ("r", 2048, "A")])
    with caplog.at_level(logging.INFO):
        assert pairs(_read(path)) == [("r", "AC")]
    assert f"{path}: skipped 2 secondary and supplementary records" in caplog.text


def test_a_read_without_sequence_is_a_problem(tmp_path: Path) -> None:
    path = _bam(tmp_path / "x.bam", [("a", 0, "AC"), ("b", 0, None)])
    chunks = _read(path)
    assert where(only_problem(chunks)) == (str(path), None, "b")
    assert only_problem(chunks).problem == "read has no stored sequence"
    assert [record.id for chunk in chunks for record in chunk.records] == ["a"]


def test_an_equals_sign_is_a_bad_letter(tmp_path: Path) -> None:
    path = _bam(tmp_path / "x.bam", [("a", 0, "AC=T")])
    assert where(only_problem(_read(path))) == (str(path), None, "a")
    assert only_problem(_read(path)).problem == "'=' is not a nucleotide letter"


def test_an_unaligned_bam_without_reference_names_is_read(tmp_path: Path) -> None:
    with pysam.AlignmentFile(str(tmp_path / "u.bam"), "wb", header={"HD": {"VN": "1.6"}}) as output:
        segment = pysam.AlignedSegment()
        segment.query_name, segment.flag, segment.query_sequence = "r", 4, "ACGT"
        output.write(segment)
    assert pairs(_read(tmp_path / "u.bam")) == [("r", "ACGT")]


def test_damage_inside_a_bam_is_a_problem_after_the_reads_before_it(tmp_path: Path) -> None:
    content = bytearray(BAM.read_bytes())
    content[150_000:150_050] = b"x" * 50
    (tmp_path / "x.bam").write_bytes(content)
    chunks = _read(tmp_path / "x.bam")
    assert only_problem(chunks).problem == "BAM data are truncated or corrupt"
    assert only_problem(chunks).path == str(tmp_path / "x.bam")
    assert 1000 < sum(len(chunk.records) for chunk in chunks) < 7140


def test_bytes_after_the_end_are_a_problem() -> None:
    source = stream_of(BAM.read_bytes() + b"x" * 100_000)
    chunks = list(read_alignments(source, "-", reference_path=None))
    assert where(only_problem(chunks)) == ("-", None, None)


def test_cram_without_its_reference_is_a_problem(tmp_path: Path) -> None:
    path, reference = _cram(tmp_path)
    reference.rename(tmp_path / "elsewhere.fa")
    problem = only_problem(_read(path))
    assert (problem.path, problem.problem) == (str(path), "CRAM cannot be decoded without its reference")
    assert pairs(_read(path, tmp_path / "elsewhere.fa")) == pairs(_read(BAM))


def test_cram_with_another_reference_is_a_problem(tmp_path: Path) -> None:
    path, reference = _cram(tmp_path)
    reference.write_text(reference.read_text().replace("ACG", "ATG"))
    problem = only_problem(_read(path, reference))
    assert (problem.path, problem.problem) == (str(path), "CRAM data do not fit the reference, or are corrupt")


def test_sam_is_read_as_its_bam_is(tmp_path: Path) -> None:
    with (
        pysam.AlignmentFile(str(BAM)) as source,
        pysam.AlignmentFile(str(tmp_path / "x.sam"), "w", template=source) as output,
    ):
        for segment in source:
            output.write(segment)
    assert pairs(parse(read_sam, (tmp_path / "x.sam").read_bytes())) == pairs(_read(BAM))


def test_sam_places_are_lines() -> None:
    content = "@SQ\tSN:c\tLN:9\n" + _sam_line("a", 0, "acgu") + "\r\n\n" + _sam_line("b", 16, "AAC")
    chunks = parse(read_sam, content.encode())
    assert pairs(chunks) == [("a", "ACGT"), ("b", "GTT")]
    assert places(chunks) == [2, 4]


def test_sam_bad_letter_is_not_taken_for_n() -> None:
    content = _sam_line("a", 0, "AC") + "\n" + _sam_line("b", 65, "AEC")
    problem = only_problem(parse(read_sam, content.encode()))
    assert where(problem) == ("x", 2, "b/1")
    assert problem.problem == "'E' is not a nucleotide letter"


def test_sam_read_without_sequence_is_a_problem() -> None:
    content = _sam_line("a", 0, "AC") + "\n" + _sam_line("a", 256, "*") + "\n" + _sam_line("b", 4, "*")
    assert where(only_problem(parse(read_sam, content.encode()))) == ("x", 3, "b")


def test_sam_line_cut_short_is_a_problem() -> None:
    content = _sam_line("a", 0, "AC") + "\n" + _sam_line("b", 0, "ACGT")[:15]
    problem = only_problem(parse(read_sam, content.encode()))
    assert where(problem) == ("x", 2, None)
    assert problem.problem.startswith("not a SAM record")


def test_sam_quality_of_another_length_is_a_problem() -> None:
    content = _sam_line("b", 0, "ACGT")[:-1] + "II\n"
    problem = only_problem(parse(read_sam, content.encode()))
    assert where(problem) == ("x", 1, "b")
    assert problem.problem == "4 bases but 2 quality letters"


def test_problems_raised_are_ours(tmp_path: Path) -> None:
    (tmp_path / "x.bam").write_bytes(BAM.read_bytes()[:-28])
    problem = only_problem(_read(tmp_path / "x.bam"))
    assert isinstance(problem, DnabertSError)
    assert problem.problem == "the mark at the end of the file is missing"
