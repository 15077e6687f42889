"""Genomes that a user names: files, folders and lists of files, or records that labels put together.

paths -> files, one genome each; or their records, sorted by label -> every genome's label and bases, all input checked
-> the genomes, one in memory at a time.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError, raise_together
from ...io.labels.reading import read_labels
from ...io.sequences import (
    Genome,
    GenomeFile,
    InputFile,
    Record,
    RecordsByLabel,
    list_genome_files,
    read_genome,
    read_sequences,
    scan_sequences,
)
from ..progress import Progress
from ..run_record import file_facts

_LOG = logging.getLogger(__name__)
_STDIN = "-"


@dataclass(frozen=True, slots=True)
class GenomeInput:
    """Sequence files, and what one genome is in them: a file; with labels, the records of one label; or a record.

    Args:
        paths: files, folders of files, and lists of files (.tsv: label TAB path); "-", at most once and not where a
            file is a genome, is standard input.
        min_length_bp: shorter records are left out.
    """

    paths: tuple[str | Path, ...]
    labels_path: Path | None = None
    by_record: bool = False
    min_length_bp: int = defaults.MIN_LENGTH_BP

    def scan(self) -> list[dict[str, object]]:
        """Read and check everything, all problems reported together; facts on each file. Not of standard input."""
        paths = [file.path for file in self.files()]
        if _STDIN in map(str, paths):
            return [{"path": str(path)} for path in paths]
        return [asdict(file) for file in scan_sequences(paths, min_length_bp=self.min_length_bp).files]

    def records(self) -> Iterator[Record]:
        """The records, in order."""
        return read_sequences([file.path for file in self.files()], min_length_bp=self.min_length_bp)

    def input_files(self) -> list[str | Path]:
        """Everything that is read: the files, the lists of files, and the labels."""
        labels = [] if self.labels_path is None else [self.labels_path]
        return [
            *(path for path in self.paths if not Path(path).is_dir()),
            *(file.path for file in self.files()),
            *labels,
        ]

    def files(self) -> list[GenomeFile]:
        """Every file with its label, folders and lists opened up."""
        return list_genome_files(self.paths)


@dataclass(frozen=True, slots=True)
class Genomes:
    """Every genome's label and bases, in order; a way to read them one by one; and facts on the input files."""

    labels: Sequence[str]
    total_bp: Sequence[int]
    read: Callable[[], Iterator[Genome]]
    inputs: list[dict[str, object]]


@contextmanager
def find_genomes(genomes: GenomeInput, *, progress: Progress) -> Iterator[Genomes]:
    """What genomes there are; all input is read and checked."""
    progress.start("reading genomes", None, unit="bp")
    if genomes.labels_path is None and not genomes.by_record:
        yield _genome_files(genomes)
        return
    with RecordsByLabel() as records:
        inputs = genomes.scan()
        if genomes.labels_path is None:
            for record in genomes.records():
                records.add(record, record.id)
        else:
            _add_labelled(genomes, records, labels_path=genomes.labels_path)
            inputs += file_facts(genomes.labels_path)
        yield Genomes(records.labels, records.total_bp, records.genomes, inputs)


def _genome_files(genomes: GenomeInput) -> Genomes:
    """One genome a file.

    Raises:
        DnabertSError: all that is wrong with any file, and files whose names give the same label.
    """
    problems: list[DnabertSError] = []
    scanned: list[InputFile] = []
    files = genomes.files()
    first_of: dict[str, GenomeFile] = {}
    for file in files:
        first = first_of.setdefault(file.label, file)
        try:
            if str(file.path) == _STDIN:
                hint = "give --labels or --by-record, or files"
                raise DnabertSError("has no file name, so genomes in it have no label", path=file.path, hint=hint)
            if first is not file:
                hint = "rename one, or say with --labels which records belong together"
                raise DnabertSError(f"its label '{file.label}' is also that of {first.path}", path=file.path, hint=hint)
            scanned += scan_sequences([file.path], min_length_bp=genomes.min_length_bp).files
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)

    def read() -> Iterator[Genome]:
        return (replace(read_genome(one.path, min_length_bp=genomes.min_length_bp), label=one.label) for one in files)

    return Genomes(list(first_of), [file.total_bp for file in scanned], read, [asdict(file) for file in scanned])


def _add_labelled(genomes: GenomeInput, records: RecordsByLabel, *, labels_path: Path) -> None:
    """The records that have a label; others are counted.

    Raises:
        DnabertSError: no record has one.
    """
    labels = read_labels(labels_path)
    n_labelled = n_other = 0
    for record in genomes.records():
        label = labels.get(record.id)
        if label is None:
            n_other += 1
        else:
            records.add(record, label)
            n_labelled += 1
    missing = len(labels) - n_labelled
    if not n_labelled:
        hint = "its first column holds the first words of the headers"
        raise DnabertSError("has no record of the input", path=labels_path, hint=hint)
    _LOG.info("%d records have a label, %d have none and are skipped", n_labelled, n_other)
    if missing:
        _LOG.warning("%s: %d of its ids are not in the input, or are too short", labels_path, missing)


def generator_of(seed: int, label: str) -> np.random.Generator:
    """Randomness of one genome, whatever other genomes there are."""
    digest = hashlib.blake2b(label.encode(), digest_size=8).digest()
    return np.random.default_rng((seed, int.from_bytes(digest, "little")))
