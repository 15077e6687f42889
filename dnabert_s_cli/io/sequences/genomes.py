"""Genomes: the records that belong together, one genome in memory at a time.

One file is one genome, named after the file or by a list of files; or records are sorted by their labels: each is
copied to a temporary file, of which memory holds 12 bytes a record, and read back label by label.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DnabertSError, raise_together
from ...untrusted import utf8_name
from ..text_tables import iter_fields, plain_name
from .reading import read_sequences
from .records import Record

_COMPRESSED = frozenset((".gz", ".bgz", ".bz2", ".xz", ".zst"))
_SEQUENCES = frozenset(
    (
        *(".fa", ".fasta", ".fna", ".ffn", ".fas", ".fsa", ".fq", ".fastq"),
        *(".gb", ".gbk", ".gbff", ".genbank", ".embl", ".bam", ".cram", ".sam"),
    )
)
_LIST = ".tsv"
_PATH_NAMES = frozenset(("path", "file", "fasta", "filename", "genomepath"))  # of the second column, in a header


@dataclass(frozen=True, slots=True)
class GenomeFile:
    """A file that is one genome, and what that is called."""

    label: str
    path: str | Path


@dataclass(frozen=True, slots=True)
class Genome:
    """Records of one genome, in input order."""

    label: str
    records: tuple[Record, ...]

    @property
    def total_bp(self) -> int:
        """Bases of all records."""
        return sum(len(record.sequence) for record in self.records)


def file_label(path: str | Path) -> str:
    """Name of a file without the suffixes of compression and format: GCF_1.2_x.fna.gz -> GCF_1.2_x."""
    return utf8_name(_strip(_strip(Path(path).name, _COMPRESSED), _SEQUENCES))


def is_sequence_file(path: str | Path) -> bool:
    """Whether the name of a file ends as those of sequences do, compressed or not."""
    return _suffix(path) in _SEQUENCES


def list_genome_files(paths: Sequence[str | Path]) -> list[GenomeFile]:
    """Files of genomes: those of a folder, by name; those of a list; and others as they are, named after the file.

    A list is a .tsv of label TAB path, with or without a header; paths in it are relative to its own folder.

    Raises:
        DnabertSError: a folder without sequence files, a line without label or path, or whose file is not there; all
            together.
    """
    files: list[GenomeFile] = []
    problems: list[DnabertSError] = []
    for path in paths:
        try:
            if Path(path).is_dir():
                files += _files_in(Path(path))
            elif _suffix(path) == _LIST:
                files += _files_of(Path(path), problems)
            else:
                files.append(GenomeFile(file_label(path), path))
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    return files


def read_genome(path: str | Path, *, min_length_bp: int = 0) -> Genome:
    """All records of a file as one genome; errors as in `read_sequences`."""
    return Genome(file_label(path), tuple(read_sequences([path], min_length_bp=min_length_bp)))


class RecordsByLabel:
    """Records in any order in, genomes out, in the order in which their labels came first.

    Used in a `with`, which removes the temporary file.

    Attributes:
        labels: of the genomes so far.
        total_bp: bases of each.
    """

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.total_bp: list[int] = []
        self._number_of: dict[str, int] = {}
        self._numbers = array("i")
        self._ends = array("q", [0])
        self._file = tempfile.TemporaryFile(prefix="dnabert-s-")  # noqa: SIM115  # closed by __exit__

    def add(self, record: Record, label: str) -> None:
        """One more record of genome `label`."""
        number = self._number_of.setdefault(label, len(self.labels))
        if number == len(self.labels):
            self.labels.append(label)
            self.total_bp.append(0)
        self.total_bp[number] += len(record.sequence)
        text = f"{record.id}\n{record.sequence}".encode()
        try:
            self._file.write(text)
        except OSError as error:
            hint = "choose a larger folder for temporary files: TMPDIR=/scratch dnabert-s ..."
            raise DnabertSError(f"cannot write: {error.strerror}", path=tempfile.gettempdir(), hint=hint) from error
        self._numbers.append(number)
        self._ends.append(self._ends[-1] + len(text))

    def genomes(self) -> Iterator[Genome]:
        """Every genome once, its records in the order in which they were added."""
        self._file.flush()
        numbers = np.frombuffer(self._numbers, np.intc) if self._numbers else np.empty(0, np.intc)
        records: list[Record] = []
        last = -1
        for place in map(int, np.argsort(numbers, kind="stable")):
            if self._numbers[place] != last and records:
                yield Genome(self.labels[last], tuple(records))
                records = []
            last = self._numbers[place]
            records.append(self._read(place))
        if records:
            yield Genome(self.labels[last], tuple(records))

    def _read(self, place: int) -> Record:
        begin, end = self._ends[place], self._ends[place + 1]
        name, _, sequence = os.pread(self._file.fileno(), end - begin, begin).decode().partition("\n")
        return Record(name, sequence)

    def __enter__(self) -> RecordsByLabel:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _files_in(folder: Path) -> list[GenomeFile]:
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and is_sequence_file(path)]
    if not files:
        hint = "files of sequences end in .fa, .fna, .fasta, .gbk, ..., compressed or not"
        raise DnabertSError("holds no sequence file", path=folder, hint=hint)
    return [GenomeFile(file_label(path), path) for path in files]


def _files_of(path: Path, problems: list[DnabertSError]) -> list[GenomeFile]:
    """The files that a list names; what is wrong with its lines is added to `problems`."""
    files: list[GenomeFile] = []
    for line, fields in iter_fields(path):
        label, name = (fields[column].strip() if len(fields) > column else "" for column in (0, 1))
        if not files and plain_name(name) in _PATH_NAMES:
            continue
        file = path.parent / name
        if not label or not name:
            hint = "a line is the genome's label, a TAB, and the path of its file"
            problems.append(DnabertSError("lacks a label or a path", path=path, line=line, hint=hint))
        elif not file.is_file():
            hint = "paths are relative to the folder of the list"
            problems.append(DnabertSError(f"no such file: {file}", path=path, line=line, record=label, hint=hint))
        else:
            files.append(GenomeFile(label, file))
    if not files and not problems:
        raise DnabertSError("names no genome", path=path, hint="a line is label TAB path")
    return files


def _suffix(path: str | Path) -> str:
    """The suffix of the format: x.fna.gz -> .fna."""
    return Path(_strip(Path(path).name, _COMPRESSED)).suffix.lower()


def _strip(name: str, suffixes: frozenset[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and dot + suffix.lower() in suffixes else name
