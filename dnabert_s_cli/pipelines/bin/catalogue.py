"""Assemblies of several samples as one: contigs named by their sample, read together or written to one FASTA.

NAME=PATH, files, folders or a table -> assemblies with names -> records `S1:contig`, in order -> what `bin` reads, or a
compressed FASTA with a table of its contigs and one of its samples.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, TextIO

from ...defaults import SEPARATOR
from ...errors import DnabertSError, raise_together
from ...io.depth import sample_names, split_names
from ...io.identity import check_apart
from ...io.outputs import OutputFiles
from ...io.sequences import InputSummary, Record, fasta_record, list_genome_files, scan_sequences
from ..progress import Progress
from ..run_record import KEEP, Existing, Run, run_json_beside
from ..vectors.inputs import SequenceInput

_GZIP_LEVEL = 6
_UNFIT = re.compile(r"[\s/]|^[-.]")  # names of samples become those of files


@dataclass(frozen=True, slots=True)
class Assemblies(SequenceInput):
    """One file for each sample; contigs are named sample, separator, own name.

    Args:
        samples: names, one for each path.
    """

    samples: tuple[str, ...] = ()
    separator: str = SEPARATOR

    def scan(self, *, on_records: Callable[[Sequence[Record]], object] | None = None) -> InputSummary | None:
        """Read and check everything, all problems reported together; None for a stream."""
        if self.is_stream:
            return None
        summaries: list[InputSummary] = []
        problems: list[DnabertSError] = []
        for sample, one in self.parts():
            told = None if on_records is None else partial(_tell, on_records, name=self.name_of(sample))
            try:
                summaries.append(
                    scan_sequences(
                        one.paths,
                        min_length_bp=one.min_length_bp,
                        reference_path=one.reference_path,
                        on_records=told,
                    )
                )
            except DnabertSError as error:
                problems.append(error)
        raise_together(problems)
        return _added(summaries)

    def records(self) -> Iterator[Record]:
        """The records of all samples, in order."""
        for sample, one in self.parts():
            name = self.name_of(sample)
            for record in one.records():
                yield record._replace(id=name(record.id))

    def parts(self) -> Iterator[tuple[str, SequenceInput]]:
        """Each sample with its file."""
        for sample, path in zip(self.samples, self.paths, strict=True):
            yield sample, SequenceInput((path,), self.min_length_bp, self.reference_path)

    def name_of(self, sample: str) -> Callable[[str], str]:
        """A contig's own name -> its name among all."""
        return f"{sample}{self.separator}{{}}".format


@dataclass(frozen=True, slots=True)
class CatalogueReport:
    """What a finished run did."""

    n_samples: int
    n_contigs: int
    total_bp: int
    n_short: int
    seconds: float


def find_assemblies(words: Sequence[str], *, separator: str = SEPARATOR, min_length_bp: int) -> Assemblies:
    """Assemblies as NAME=PATH, a file, a folder of files, or a .tsv of name and path.

    Files without a name are named after themselves, or after their folders where several files are named the same.

    Raises:
        DnabertSError: no such file, a name that comes twice, holds the separator, or cannot name a file.
    """
    paths, given = split_names(words)
    files = list_genome_files(paths)
    found = [file.path for file in files]
    own = [file.label for file in files]
    names = [_of_folder(name) for name in sample_names(found, given, own=own)]
    _check_names(names, found, separator=separator)
    return Assemblies(tuple(found), min_length_bp, samples=tuple(names), separator=separator)


def write_catalogue(
    assemblies: Assemblies,
    output: Path,
    *,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> CatalogueReport:
    """Write the catalogue, gzipped where its name ends in .gz, with `<output>.contigs.tsv` and `<output>.samples.tsv`.

    Raises:
        DnabertSError: bad input (all problems together), existing output, standard output, or a full disk.
        OutputIsComplete: with `existing.resume`, the same run has been completed.
    """
    if str(output) == "-":
        raise DnabertSError("a catalogue is several files, not a stream", hint="give a file to --output")
    run = Run("catalogue", argv=argv, asked=asdict(assemblies))
    contigs_path, samples_path = (output.with_name(f"{output.name}.{kind}.tsv") for kind in ("contigs", "samples"))
    run_path = run_json_beside(output)
    sides = [contigs_path, samples_path, run_path]
    check_apart([output, *sides], assemblies.files())
    when_there = run.if_complete(output, run_path, existing=existing)
    with OutputFiles([output], sides=sides, force=existing.force, on_existing=when_there) as files:
        summary = assemblies.scan()
        if summary is None:
            raise DnabertSError("standard input can be read only once", path="-", hint="write it to a file first")
        progress.start("writing the catalogue", summary.total_bp, unit="bp")
        contigs = files.at(contigs_path)
        with files.at(output).open("wb") as raw, contigs.open("w", encoding="utf-8", newline="\n") as table:
            stream = gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) if output.suffix == ".gz" else raw
            _write_records(assemblies, stream, table=table, progress=progress)
            if stream is not raw:
                stream.close()
        files.at(samples_path).write_text(_samples_text(assemblies, summary), encoding="utf-8")
        settings = {"separator": assemblies.separator, "min_length_bp": assemblies.min_length_bp}
        files.record(run_path, run.describe(inputs=[asdict(file) for file in summary.files], settings=settings))
    n_samples = len(assemblies.samples)
    return CatalogueReport(n_samples, summary.n_records, summary.total_bp, summary.n_short, run.seconds)


def _write_records(
    assemblies: Assemblies, stream: IO[bytes] | gzip.GzipFile, *, table: TextIO, progress: Progress
) -> None:
    """All contigs as FASTA, and their lengths as TSV."""
    table.write("contig\tsample\tlength\n")
    for sample, one in assemblies.parts():
        name = assemblies.name_of(sample)
        for record in one.records():
            stream.write(
                fasta_record(name(record.id) + (" circular=yes" if record.is_circular else ""), record.sequence)
            )
            table.write(f"{name(record.id)}\t{sample}\t{len(record.sequence)}\n")
            progress.advance(len(record.sequence))


def _samples_text(assemblies: Assemblies, summary: InputSummary) -> str:
    lines = ["sample\tpath\tn_contigs\ttotal_bp\tsha256\n"]
    for sample, file in zip(assemblies.samples, summary.files, strict=True):
        lines.append(f"{sample}\t{file.path}\t{file.n_records}\t{file.total_bp}\t{file.sha256}\n")
    return "".join(lines)


def _tell(
    on_records: Callable[[Sequence[Record]], object], records: Sequence[Record], *, name: Callable[[str], str]
) -> None:
    on_records([record._replace(id=name(record.id)) for record in records])


def _added(summaries: Sequence[InputSummary]) -> InputSummary:
    """The counts of all files together."""
    return InputSummary(
        n_records=sum(one.n_records for one in summaries),
        total_bp=sum(one.total_bp for one in summaries),
        longest_bp=max((one.longest_bp for one in summaries), default=0),
        n_short=sum(one.n_short for one in summaries),
        files=tuple(file for one in summaries for file in one.files),
        short_bp=sum(one.short_bp for one in summaries),
    )


def _of_folder(name: str) -> str:
    """`gut1` of `gut1/contigs`: files of one name in several folders are told apart by those."""
    folders, slash, _ = name.rpartition("/")
    return folders.replace("/", "_") if slash else name


def _check_names(names: Sequence[str], paths: Sequence[str | Path], *, separator: str) -> None:
    n_with = Counter(names)
    hint = "name it: NAME=PATH"
    problems = []
    for name, path in zip(names, paths, strict=True):
        if n_with[name] > 1:
            problems.append(DnabertSError(f"two samples are named '{name}'", path=path, hint=hint))
        elif separator in name or _UNFIT.search(name) or not name:
            problem = (
                f"'{name}' cannot name a sample: it holds the separator, a blank or a slash, or begins with - or ."
            )
            problems.append(DnabertSError(problem, path=path, hint=hint))
    raise_together(problems)
