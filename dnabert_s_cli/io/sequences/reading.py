"""Read sequence files of any format: the public face of reading.

paths -> `SequenceFile` (opened, recognised, parsed) -> `Chunk`s -> names compared with all before -> records of at
least the minimum length. `read_sequences` hands them on and stops at the first problem; `scan_sequences` counts, and
collects every problem of every file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError, raise_together
from ..files import check_input
from .formats import SequenceFile, first_read_name
from .name_index import NameIndex
from .records import Record

__all__ = ["InputFile", "InputSummary", "Record", "read_sequences", "scan_sequences"]

_log = logging.getLogger(__name__)

_MATES = ("/1", "/2")
_MAX_PROBLEMS = 100  # per file; a protein FASTA has one in each record
_Path = str | Path


@dataclass(frozen=True, slots=True)
class InputFile:
    """One input that has been read whole: records kept, their bases, SHA-256 of the bytes on disk."""

    path: str
    format: str
    n_records: int
    total_bp: int
    sha256: str


@dataclass(frozen=True, slots=True)
class InputSummary:
    """All inputs of a call: counts of the records kept; `n_short`, `short_bp` of those below the minimum length."""

    n_records: int
    total_bp: int
    longest_bp: int
    n_short: int
    files: tuple[InputFile, ...]
    short_bp: int = 0


def read_sequences(
    paths: Sequence[_Path], *, min_length_bp: int = 0, reference_path: _Path | None = None
) -> Iterator[Record]:
    """Records of all files, in order, one at a time; memory holds one block and the largest record.

    Formats (FASTA, FASTQ, SAM, BAM, CRAM, GenBank, EMBL) and compressions (gzip, bzip2, xz, zstd) are recognised from
    content. An id is the first word of its header and unique over all files. Sequences are upper-case IUPAC
    letters; the U of RNA becomes T. Of alignments, each primary record is a read, in its own orientation. Two FASTQ
    files whose first reads bear one name hold mates, which get the suffix /1 and /2, as from alignments. Reads without
    a letter are left out, and counted in the log.

    Args:
        paths: files; "-", at most once, is standard input.
        min_length_bp: shorter records are left out, and counted in the log.
        reference_path: FASTA with which CRAM is decoded; nothing is ever downloaded.

    Raises:
        DnabertSError: at the first problem, after the records before it (an id that was there before may be noticed
            some 100,000 records later); missing paths at once and together.
    """
    raise_together([problem for problem in _path_problems(paths) if problem is not None])
    names = NameIndex()
    n_records = n_short = n_empty = 0
    for stretch in _checked_files(paths, names, reference_path=reference_path):
        n_empty += stretch.n_empty
        n_records += len(stretch.records)
        if min_length_bp <= 1:  # no record is empty
            yield from stretch.records
        else:
            kept = [record for record in stretch.records if len(record.sequence) >= min_length_bp]
            n_short += len(stretch.records) - len(kept)
            yield from kept
        if stretch.problem is not None:
            raise stretch.problem
    _log_empty(n_empty, level=logging.WARNING if "-" in map(str, paths) else logging.DEBUG)
    level = logging.INFO if "-" in map(str, paths) else logging.DEBUG  # files have been scanned, which said it
    _log_short(n_records, n_short, min_length_bp=min_length_bp, level=level)


def scan_sequences(
    paths: Sequence[_Path],
    *,
    min_length_bp: int = 0,
    reference_path: _Path | None = None,
    on_records: Callable[[Sequence[Record]], object] | None = None,
) -> InputSummary:
    """Read everything once, to count it and to find all that is wrong before any work is done.

    Arguments are those of `read_sequences`, save that "-" is refused: standard input cannot be read again.

    Args:
        on_records: given the records kept, in order, some thousand at a time.

    Raises:
        DnabertSError: every problem of every file together. A FASTA file is read on after a bad record (up to
            100 problems), any other file up to its first problem.
    """
    path_problems = _path_problems(paths, are_reread=True)
    if any(str(path) == "-" for path in paths):
        raise ValueError("standard input can be read only once, so it cannot be scanned")
    names = NameIndex()
    problems: list[DnabertSError] = []
    scans: list[_Scan] = []
    suffixes = _mate_suffixes(paths)
    _log_mates(suffixes)
    for path, path_problem in zip(paths, path_problems, strict=True):
        if path_problem is not None:
            problems.append(path_problem)
            continue
        scan = _Scan(min_length_bp, on_records)
        suffix = suffixes.get(str(path), "")
        try:
            with SequenceFile(path, reference_path=reference_path, is_hashed=True, suffix=suffix) as file:
                scan.read(file, names)
        except DnabertSError as error:
            scan.problems.append(error)
        scans.append(scan)
        problems += scan.problems
    problems += names.age()
    raise_together(problems)
    n_short = sum(scan.n_short for scan in scans)
    files = tuple(scan.file for scan in scans if scan.file is not None)
    n_records = sum(file.n_records for file in files)
    _log_short(n_records + n_short, n_short, min_length_bp=min_length_bp, level=logging.INFO)
    _log_empty(sum(scan.n_empty for scan in scans), level=logging.WARNING)
    return InputSummary(
        n_records=n_records,
        total_bp=sum(file.total_bp for file in files),
        longest_bp=max(scan.longest_bp for scan in scans),
        n_short=n_short,
        files=files,
        short_bp=sum(scan.short_bp for scan in scans),
    )


def _checked_files(paths: Sequence[_Path], names: NameIndex, *, reference_path: _Path | None) -> Iterator[_Stretch]:
    """Records of all files in order, each stretch with the problem that ends it."""
    suffixes = _mate_suffixes(paths)
    for path in paths:
        suffix = suffixes.get(str(path), "")
        with SequenceFile(path, reference_path=reference_path, is_hashed=False, suffix=suffix) as file:
            yield from _checked(file, names)
    yield from (_Stretch([], problem) for problem in names.age())


def _mate_suffixes(paths: Sequence[_Path]) -> dict[str, str]:
    """/1 or /2 for each of two FASTQ files whose first reads bear one name; nothing for all others."""
    paths_of: dict[str, list[str]] = {}
    for path in paths if len(paths) > 1 else ():
        name = first_read_name(path)
        if name is not None:
            paths_of.setdefault(name, []).append(str(path))
    pairs = [pair for pair in paths_of.values() if len(pair) == len(_MATES)]
    return {path: suffix for pair in pairs for path, suffix in zip(pair, _MATES, strict=True)}


def _log_mates(suffixes: Mapping[str, str]) -> None:
    paths = list(suffixes)
    for first, second in zip(paths[::2], paths[1::2], strict=True):
        _log.info("%s and %s hold mates of one name, called NAME/1 and NAME/2", first, second)


def _log_empty(n_empty: int, *, level: int) -> None:
    if n_empty:
        _log.log(level, "skipped %d reads without a letter", n_empty)


def _log_short(n_records: int, n_short: int, *, min_length_bp: int, level: int) -> None:
    if n_short:
        _log.log(level, "skipped %d of %d records shorter than %d bp", n_short, n_records, min_length_bp)


class _Scan:
    """The counts and problems of one file."""

    def __init__(self, min_length_bp: int, on_records: Callable[[Sequence[Record]], object] | None) -> None:
        self._min_length_bp = min_length_bp
        self._on_records = on_records
        self.longest_bp = 0
        self.n_short = self.short_bp = self.n_empty = 0
        self.problems: list[DnabertSError] = []
        self.file: InputFile | None = None

    def read(self, file: SequenceFile, names: NameIndex) -> None:
        n_records = total_bp = 0
        for stretch in _checked(file, names):
            lengths = [len(record.sequence) for record in stretch.records]
            kept = [record for record in stretch.records if len(record.sequence) >= self._min_length_bp]
            kept_bp = sum(len(record.sequence) for record in kept)
            n_records += len(kept)
            total_bp += kept_bp
            if self._on_records is not None:
                self._on_records(kept)
            self.n_short += len(lengths) - len(kept)
            self.short_bp += sum(lengths) - kept_bp
            self.n_empty += stretch.n_empty
            self.longest_bp = max([self.longest_bp, *(len(record.sequence) for record in kept)])
            if stretch.problem is not None:
                self.problems.append(stretch.problem)
            if len(self.problems) == _MAX_PROBLEMS:
                message = f"not read further after {_MAX_PROBLEMS} problems"
                self.problems.append(DnabertSError(message, path=file.path))
                return
        if not self.problems:
            self.file = InputFile(file.path, file.format, n_records, total_bp, file.sha256())


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Neighbouring records, the problem that ends them, and how many reads without a letter were among them."""

    records: list[Record]
    problem: DnabertSError | None
    n_empty: int = 0


def _checked(file: SequenceFile, names: NameIndex) -> Iterator[_Stretch]:
    """Records of a file, each stretch with the problem that ends it: a bad record, a duplicate id, damage."""
    names.begin_file(file.path, has_lines=file.has_lines)
    last: Record | None = None
    last_place = 0
    is_empty = True
    try:
        for chunk in file.chunks():
            begin = 0
            for index, problem in names.add(chunk):
                yield _Stretch(chunk.records[begin:index], problem)
                begin = index + 1
            if chunk.records:
                last, last_place = chunk.records[-1], chunk.places[-1]
            is_empty = is_empty and not chunk.records and chunk.problem is None
            yield _Stretch(chunk.records[begin:], chunk.problem, chunk.n_empty)
            if names.is_full:
                yield from (_Stretch([], problem) for problem in names.age())
    except DnabertSError as error:
        yield _Stretch([], _after(error, last, line=last_place if file.has_lines else None))
        return
    if is_empty:
        yield _Stretch([], DnabertSError("file holds no record", path=file.path))


def _after(error: DnabertSError, record: Record | None, *, line: int | None) -> DnabertSError:
    """Say after which record the damage was met, where the error itself names no place."""
    if record is None or error.line is not None or error.record is not None:
        return error
    problem = f"{error.problem} (after this record)"
    return DnabertSError(problem, path=error.path, line=line, record=record.id, hint=error.hint)


def _path_problems(paths: Sequence[_Path], *, are_reread: bool = False) -> list[DnabertSError | None]:
    """What is wrong with each path itself, seen without opening it."""
    if isinstance(paths, str):
        raise TypeError("paths is a sequence of paths, not one path")
    if not paths:
        raise ValueError("no input paths")
    seen: set[tuple[int, int] | None] = set()
    return [_path_problem(path, seen, are_reread=are_reread) for path in paths]


def _path_problem(path: _Path, seen: set[tuple[int, int] | None], *, are_reread: bool) -> DnabertSError | None:
    try:
        check_input(path)
    except DnabertSError as error:
        return error
    is_stdin = str(path) == "-"
    identity = None if is_stdin else (Path(path).stat().st_dev, Path(path).stat().st_ino)
    if identity in seen:
        return DnabertSError("is given twice", path=path, hint="give each input once")
    seen.add(identity)
    if are_reread and not Path(path).is_file():
        hint = "write it to a file first, compressed if you like"
        return DnabertSError("is a pipe, which can be read only once", path=path, hint=hint)
    return None
