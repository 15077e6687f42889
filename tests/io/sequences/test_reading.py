"""All formats through one door: records in order, problems of all files together."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import logging
import lzma
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.io.sequences.reading import InputFile, read_sequences, scan_sequences
from tests.io.reading import read_error, read_pairs, scan_errors, where
from tests.locations import PROJECT

BAM = PROJECT / "tests" / "data" / "bam" / "sample1.bam"
CRAM = PROJECT / "tests" / "data" / "faults" / "reads_no_UR.cram"
FASTA = b">a x\nACGT\nacgt\n>b\nNNRY"
PAIRS = [("a", "ACGTACGT"), ("b", "NNRY")]
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}
TO_DNA = str.maketrans("0123456789abcdef", "ACGT" * 4)
TELL = """
import sys
from dnabert_s_cli.io.sequences.reading import read_sequences
n_bp = [len(record.sequence) for record in read_sequences(["-"])]
sys.stdout.write(f"{len(n_bp)} {sum(n_bp)}")
"""


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _through_stdin(content: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", TELL], input=content, capture_output=True, check=False)


@pytest.mark.parametrize("name", COMPRESS)
def test_every_compression_is_read(tmp_path: Path, name: str) -> None:
    assert read_pairs(_write(tmp_path / "x", COMPRESS[name](FASTA))) == PAIRS


def test_files_are_read_in_their_order(tmp_path: Path) -> None:
    first = _write(tmp_path / "z", b">c\nA\n")
    second = _write(tmp_path / "y", b"@d\nAC\n+\nII\n")
    assert read_pairs(first, second) == [("c", "A"), ("d", "AC")]


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_fasta_is_read_from_standard_input(compress: Callable[[bytes], bytes]) -> None:
    assert _through_stdin(compress(FASTA)).stdout == b"2 12"


def test_bam_is_read_from_standard_input() -> None:
    assert _through_stdin(BAM.read_bytes()).stdout == b"7140 1071000"


def test_a_truncated_bam_on_standard_input_is_an_error() -> None:
    done = _through_stdin(BAM.read_bytes()[:-28])
    assert done.returncode == 1
    assert b"DnabertSError: <stdin>: " in done.stderr
    assert b"the mark at the end of the file is missing" in done.stderr


def test_standard_input_is_read_as_it_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    monkeypatch.setattr(sys, "stdin", open(read_end, encoding="utf-8"))  # noqa: PTH123, SIM115  # a descriptor
    os.write(write_end, b">a\nACGT\n" + b"".join(b">r%d\n%b\n" % (i, b"ACGT" * 500) for i in range(20)))
    records = read_sequences(["-"])
    assert next(records).id == "a"  # although the pipe is still open
    os.close(write_end)
    assert sum(1 for _ in records) == 20


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(gzip.compress(FASTA)))
    writer.start()
    assert read_pairs(path) == PAIRS
    writer.join()


def test_short_records_are_left_out_and_counted_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = _write(tmp_path / "x", FASTA)
    with caplog.at_level(logging.DEBUG):
        assert [record.id for record in read_sequences([path], min_length_bp=5)] == ["a"]
    assert "skipped 1 of 2 records shorter than 5 bp" in caplog.text


def test_reading_stops_right_at_the_first_problem(tmp_path: Path) -> None:
    path = _write(tmp_path / "x", b">a\nAC\n>b\nA!\n>c\nAC\n")
    records = read_sequences([path])
    assert next(records).id == "a"
    with pytest.raises(DnabertSError):
        next(records)


def test_a_duplicate_id_names_both_lines(tmp_path: Path) -> None:
    path = _write(tmp_path / "x", b">a\nAC\n>b\nAC\n\n>a z\nGG\n")
    error = read_error(path)
    assert where(error) == (str(path), 6, "a")
    assert error.problem == f"duplicate id, also at {path}:1"


def test_a_duplicate_id_in_two_files_names_both(tmp_path: Path) -> None:
    first = _write(tmp_path / "x", b">b\nAC\n>a\nAC\n")
    second = _write(tmp_path / "y", b"@a\nAC\n+\nII\n")
    error = read_error(first, second)
    assert where(error) == (str(second), 1, "a")
    assert error.problem == f"duplicate id, also at {first}:3"


def test_a_late_duplicate_id_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dnabert_s_cli.io.sequences.name_index._MAX_YOUNG", 10)
    content = b"".join(b">r%d\nAC\n" % i for i in range(20_000)) + b">r7\nAC\n"
    path = _write(tmp_path / "x", content)
    assert where(read_error(path)) == (str(path), 40_001, "r7")
    assert [where(error) for error in scan_errors(path)] == [(str(path), 40_001, "r7")]


def test_truncated_compression_names_the_last_whole_record(tmp_path: Path) -> None:
    letters = random.Random(0)
    content = gzip.compress(
        b"".join(b">r%d\n%b\n" % (i, letters.randbytes(50).hex().translate(TO_DNA).encode()) for i in range(9000))
    )
    path = _write(tmp_path / "x", content[:-1000])
    error = read_error(path)
    assert error.path == str(path)
    assert error.problem == "gzip data end too early: the file is truncated (after this record)"
    assert error.record is not None
    assert error.line == 2 * int(error.record[1:]) + 1
    assert 7500 < int(error.record[1:]) < 9000


def test_missing_paths_and_folders_are_reported_together(tmp_path: Path) -> None:
    good = _write(tmp_path / "good", FASTA)
    error = read_error(tmp_path / "absent", good, tmp_path)
    assert isinstance(error, BadInputsError)
    assert [(problem.path, problem.problem) for problem in error.problems] == [
        (str(tmp_path / "absent"), "no such file"),
        (str(tmp_path), "is a folder, not a file"),
    ]


def test_an_input_given_twice_is_an_error(tmp_path: Path) -> None:
    path = _write(tmp_path / "x", FASTA)
    assert read_error(path, tmp_path / "." / "x").problem == "is given twice"


def test_standard_input_given_twice_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="is given twice"):
        list(read_sequences(["-", "-"]))


def test_no_path_is_a_misuse() -> None:
    with pytest.raises(ValueError, match="no input paths"):
        scan_sequences([])


def test_a_single_path_instead_of_several_is_a_misuse() -> None:
    with pytest.raises(TypeError):
        list(read_sequences("contigs.fa"))


@pytest.mark.parametrize("content", [b"@HD\tVN:1.6\n", b"@SQ\tSN:c\tLN:4\n\n"])
def test_a_file_without_records_is_an_error(tmp_path: Path, content: bytes) -> None:
    path = _write(tmp_path / "x", content)
    assert where(read_error(path)) == (str(path), None, None)
    assert read_error(path).problem == "file holds no record"


def test_scan_counts_what_is_kept(tmp_path: Path) -> None:
    first = _write(tmp_path / "x.gz", gzip.compress(FASTA))
    second = _write(tmp_path / "y", b"@d\nACC\n+\nIII\n@e\nACCGG\n+\nIIIII\n")
    summary = scan_sequences([first, second], min_length_bp=4)
    assert (summary.n_records, summary.total_bp, summary.longest_bp, summary.n_short) == (3, 17, 8, 1)
    assert summary.files == (
        InputFile(str(first), "fasta", 2, 12, hashlib.sha256(first.read_bytes()).hexdigest()),
        InputFile(str(second), "fastq", 1, 5, hashlib.sha256(second.read_bytes()).hexdigest()),
    )


def test_scan_of_a_bam_counts_its_reads() -> None:
    summary = scan_sequences([BAM])
    assert (summary.n_records, summary.total_bp, summary.longest_bp) == (7140, 1_071_000, 150)
    assert summary.files[0].sha256 == hashlib.sha256(BAM.read_bytes()).hexdigest()


def test_scan_and_read_agree(tmp_path: Path) -> None:
    path = _write(tmp_path / "x", FASTA)
    assert scan_sequences([path]).total_bp == sum(len(record.sequence) for record in read_sequences([path]))


def test_scan_reports_every_problem_of_every_file(tmp_path: Path) -> None:
    fasta = _write(tmp_path / "x.fa", b">a\n>b\nA!\n>c\nAC\n>c\nAC\n")
    fastq = _write(tmp_path / "y.fq", b"@d\nAC\n+\nI\n@e\nAC\n+\nI\n")
    packed = _write(tmp_path / "z.gz", gzip.compress(b">f\nACGT\n")[:-4])
    binary = _write(tmp_path / "w", b"\x00\x01")
    empty = _write(tmp_path / "v", b"")
    errors = scan_errors(fasta, tmp_path / "absent", fastq, packed, binary, empty)
    assert [where(error) for error in errors] == [
        (str(fasta), 1, "a"),
        (str(fasta), 3, "b"),
        (str(fasta), 6, "c"),
        (str(tmp_path / "absent"), None, None),
        (str(fastq), 4, "d"),
        (str(packed), None, None),
        (str(binary), None, None),
        (str(empty), None, None),
    ]


def test_scan_of_a_protein_file_stops_after_a_hundred_problems(tmp_path: Path) -> None:
    path = _write(tmp_path / "x", b"".join(b">p%d\nMEL\n" % i for i in range(1000)))
    errors = scan_errors(path)
    assert len(errors) == 101
    assert errors[-1].problem == "not read further after 100 problems"


def test_scan_refuses_standard_input() -> None:
    with pytest.raises(ValueError, match="standard input"):
        scan_sequences(["-"])


def test_scan_refuses_a_named_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (error,) = scan_errors(tmp_path / "pipe")
    assert (error.path, error.problem) == (str(tmp_path / "pipe"), "is a pipe, which can be read only once")


def test_a_missing_reference_is_reported_by_scan(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no such reference file") as caught:
        scan_sequences([CRAM], reference_path=tmp_path / "absent.fa")
    assert caught.value.path == str(tmp_path / "absent.fa")


def test_a_stream_larger_than_memory_allows_is_read_in_blocks(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from dnabert_s_cli.io.sequences.reading import read_sequences\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "n = sum(1 for _ in read_sequences([sys.argv[1]]))\n"
        "sys.stdout.write(f'{n} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before}')\n"
    )
    block = b"".join(b">r%%d_%d\n%b\n" % (i, b"ACGT" * 2500) for i in range(100))
    with gzip.open(tmp_path / "x", "wb", compresslevel=1) as output:
        for i in range(60):
            output.write(block.replace(b"%d", b"%d" % i))
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "x")], capture_output=True, check=True)
    n_records, growth = map(int, done.stdout.split())
    assert n_records == 6000  # 60 Mbp
    assert growth * 1024 < 20_000_000
