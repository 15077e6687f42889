"""`pairs`: genomes to a CSV of training pairs.

Genomes, one a file, a label or a record, pass one by one -> some of them are held out whole for validation -> each is
cut into pairs of pieces -> rows of one of two files, a manifest beside each. The pieces of a genome follow from the
seed, its label and its sequences alone.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .. import defaults
from ..errors import DnabertSError, raise_together
from ..io.files import check_output, sha256_file
from ..io.genomes import Genome, RecordsByLabel, file_label, read_genome
from ..io.labels import read_labels
from ..io.pair_writer import PairWriter, run_json_path
from ..io.provenance import describe_run, write_run_json
from ..io.sequences import InputFile, Record, read_sequences, scan_sequences
from .pieces import CutGenome, PieceSpec, cut_pairs
from .progress import Progress

_LOG = logging.getLogger(__name__)
_SHOWN_NAMES = 10
_STDIN = "-"


@dataclass(frozen=True, slots=True)
class GenomeInput:
    """Sequence files, and what one genome is in them: a file; with labels, the records of one label; or a record.

    Args:
        paths: "-", at most once and not where a file is a genome, is standard input.
        min_length_bp: shorter records are left out.
    """

    paths: tuple[str | Path, ...]
    labels_path: Path | None = None
    by_record: bool = False
    min_length_bp: int = defaults.MIN_LENGTH_BP

    def scan(self) -> list[dict[str, object]]:
        """Read and check everything, all problems reported together; facts on each file. Not of standard input."""
        if _STDIN in map(str, self.paths):
            return [{"path": str(path)} for path in self.paths]
        return [asdict(file) for file in scan_sequences(self.paths, min_length_bp=self.min_length_bp).files]

    def records(self) -> Iterator[Record]:
        """The records, in order."""
        return read_sequences(self.paths, min_length_bp=self.min_length_bp)


@dataclass(frozen=True, slots=True)
class PairOutput:
    """The CSV to write, and the one for `val_fraction` of the genomes, if any are held out."""

    path: Path
    val_path: Path | None = None
    val_fraction: float = defaults.VAL_FRACTION


@dataclass(frozen=True, slots=True)
class PairsReport:
    """What a finished run did; genomes are counted where they gave a pair."""

    n_pairs: int
    n_genomes: int
    n_val_pairs: int
    n_val_genomes: int
    n_rich: int
    too_small: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Genomes:
    """Every genome's label and bases, in order; a way to read them one by one; and facts on the input files."""

    labels: Sequence[str]
    total_bp: Sequence[int]
    read: Callable[[], Iterator[Genome]]
    inputs: list[dict[str, object]]


def make_pairs(
    genomes: GenomeInput,
    output: PairOutput,
    *,
    spec: PieceSpec,
    seed: int = defaults.SEED,
    force: bool = False,
    argv: Sequence[str] = (),
    progress: Progress,
) -> PairsReport:
    """Write pairs of pieces of every genome, its label in the third column.

    Memory: the largest genome; with labels or by record also 12 bytes a record, on top of their names, and a copy of
    the sequences in the folder of temporary files.

    Raises:
        DnabertSError: bad input (all problems together), existing output, or no genome that is large enough.
    """
    started = time.monotonic()
    with ExitStack() as outputs:
        paths = [output.path] if output.val_path is None else [output.path, output.val_path]
        check_output(run_json_path(output.path), force=force)
        writers = [PairWriter(path, force=force) for path in paths]
        if len({run_json_path(path).resolve() for path in paths}) < len(paths):
            raise DnabertSError("training and validation pairs would be one file", path=output.val_path)
        found = outputs.enter_context(_found(genomes, progress=progress))
        held_out = _held_out(found, output, least_bp=2 * spec.least_bp, seed=seed)
        for writer in writers:
            outputs.enter_context(writer)
        report = _write(found, writers, held_out=held_out, spec=spec, seed=seed, progress=progress, started=started)
        settings = {**asdict(spec), **asdict(output), **asdict(genomes)}
    run = describe_run(
        argv=argv,
        command="pairs",
        seed=seed,
        encoder={},
        inputs=found.inputs,
        settings=settings,
        timings_s={"total": report.seconds},
    )
    write_run_json(run_json_path(output.path), {**run, "outcome": asdict(report)})
    return report


def _write(
    found: _Genomes,
    writers: Sequence[PairWriter],
    *,
    held_out: frozenset[str],
    spec: PieceSpec,
    seed: int,
    progress: Progress,
    started: float,
) -> PairsReport:
    """Cut genome by genome; the last writer takes those held out.

    Raises:
        DnabertSError: one of the files would stay empty.
    """
    progress.start("cutting", sum(found.total_bp), unit="bp")
    n_genomes = [0] * len(writers)
    n_rich = 0
    too_small: list[str] = []
    for genome in found.read():
        cut = cut_pairs(genome, spec, rng=_generator(seed, genome.label))
        side = len(writers) - 1 if genome.label in held_out else 0
        _append(cut, writers[side], label=genome.label)
        n_rich += cut.n_rich
        if cut.pairs:
            n_genomes[side] += 1
        else:
            too_small.append(genome.label)
        progress.advance(genome.total_bp)
    for writer in writers:
        if not writer.n_pairs:
            hint = "make pieces shorter (--length), or join short records (--join)"
            raise DnabertSError("no genome for this file is large enough for a pair", path=writer.path, hint=hint)
    _report_skipped(too_small, n_rich)
    n_pairs = [writer.n_pairs for writer in writers] + [0]
    n_genomes.append(0)
    seconds = time.monotonic() - started
    return PairsReport(n_pairs[0], n_genomes[0], n_pairs[1], n_genomes[1], n_rich, tuple(too_small), seconds)


def _append(cut: CutGenome, writer: PairWriter, *, label: str) -> None:
    for pair in cut.pairs:
        writer.write(pair, label)


def _generator(seed: int, label: str) -> np.random.Generator:
    """Randomness of one genome, whatever other genomes there are."""
    digest = hashlib.blake2b(label.encode(), digest_size=8).digest()
    return np.random.default_rng((seed, int.from_bytes(digest, "little")))


def _held_out(found: _Genomes, output: PairOutput, *, least_bp: int, seed: int) -> frozenset[str]:
    """Labels of the genomes for validation, drawn among those with bases enough for a pair; at least one.

    Raises:
        DnabertSError: there are not two such genomes.
    """
    if output.val_path is None:
        return frozenset()
    eligible = [label for label, n_bp in zip(found.labels, found.total_bp, strict=True) if n_bp >= least_bp]
    if len(eligible) < 2:
        problem = f"{len(eligible)} of {len(found.labels)} genomes is large enough, so none can be held out"
        raise DnabertSError(problem, path=output.val_path, hint="leave out --val, or give more genomes")
    n_held_out = min(max(1, round(output.val_fraction * len(eligible))), len(eligible) - 1)
    drawn = np.random.default_rng(seed).permutation(len(eligible))[:n_held_out]
    return frozenset(eligible[index] for index in drawn.tolist())


@contextmanager
def _found(genomes: GenomeInput, *, progress: Progress) -> Iterator[_Genomes]:
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
            inputs.append({"path": str(genomes.labels_path), "sha256": sha256_file(genomes.labels_path)})
        yield _Genomes(records.labels, records.total_bp, records.genomes, inputs)


def _genome_files(genomes: GenomeInput) -> _Genomes:
    """One genome a file.

    Raises:
        DnabertSError: all that is wrong with any file, and files whose names give the same label.
    """
    problems: list[DnabertSError] = []
    files: list[InputFile] = []
    path_of: dict[str, str | Path] = {}
    for path in genomes.paths:
        first = path_of.setdefault(file_label(path), path)
        try:
            if str(path) == _STDIN:
                hint = "give --labels or --by-record, or files"
                raise DnabertSError("has no file name, so genomes in it have no label", path=path, hint=hint)
            if first is not path:
                hint = "rename one, or say with --labels which records belong together"
                raise DnabertSError(f"its label '{file_label(path)}' is also that of {first}", path=path, hint=hint)
            files += scan_sequences([path], min_length_bp=genomes.min_length_bp).files
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)

    def read() -> Iterator[Genome]:
        return (read_genome(path, min_length_bp=genomes.min_length_bp) for path in genomes.paths)

    return _Genomes(list(path_of), [file.total_bp for file in files], read, [asdict(file) for file in files])


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
        raise DnabertSError("names no record of the input", path=labels_path, hint=hint)
    _LOG.info("%d records have a label, %d have none and are left out", n_labelled, n_other)
    if missing:
        _LOG.warning("%s: %d of its ids name no record, or one that is too short", labels_path, missing)


def _report_skipped(too_small: Sequence[str], n_rich: int) -> None:
    if n_rich:
        _LOG.info("left out %d pieces with too much N", n_rich)
    if too_small:
        names = ", ".join(too_small[:_SHOWN_NAMES])
        more = f" and {len(too_small) - _SHOWN_NAMES} more" if len(too_small) > _SHOWN_NAMES else ""
        _LOG.warning("left out %d genomes too small for a pair: %s%s", len(too_small), names, more)
