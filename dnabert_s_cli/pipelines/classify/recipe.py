"""`classify`: sequences, or vectors, to labels, by the built-in references or a classifier that `classify fit` wrote.

Records stream in -> chunks -> vectors, and k-mers where they are looked at -> labels -> a table, written as it grows;
counts of labels -> a kreport. Memory does not grow with the input.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from ... import defaults
from ...io.embeddings.reading import EmbeddedChunk, EmbeddingTable
from ...io.identity import check_apart
from ...io.labels.predictions import ClassificationTable, TaxVambTable, write_kreport
from ...io.labels.taxonomy import Lineage, label_text
from ...io.outputs import OutputFiles
from ..progress import Progress
from ..run_record import KEEP, Existing, Run, file_facts, run_json_beside
from ..vectors.chunks import record_chunks
from ..vectors.encoding import EncoderOptions, embed_chunk
from ..vectors.inputs import STDIN, SequenceInput, input_facts, model_files, table_files
from ..vectors.tables import read_vectors
from .labellers import Kmers, Labeller, check_vectors, kmers_of, open_labeller
from .store import check_encoder


@dataclass(frozen=True, slots=True)
class ClassifyOutput:
    """Files to write; "-" is standard output, None is not wanted."""

    table: Path
    kreport: Path | None = None
    taxvamb: Path | None = None
    existing: Existing = KEEP

    @property
    def run_path(self) -> Path | None:
        """Provenance next to the table (labels.tsv -> labels.tsv.run.json); None where the table is no file."""
        return None if str(self.table) == STDIN else run_json_beside(self.table)

    @property
    def every_file(self) -> tuple[Path | None, ...]:
        """All that is written."""
        return self.table, self.run_path, self.kreport, self.taxvamb

    @property
    def settings(self) -> dict[str, object]:
        """For provenance."""
        return {"table": self.table, "kreport": self.kreport, "taxvamb": self.taxvamb, "force": self.existing.force}

    @contextmanager
    def opened(self, run: Run) -> Iterator[_OpenOutput]:
        """Lock all files, and put them in place at the end."""
        sides = [] if self.run_path is None else [self.run_path]
        when_there = None
        if self.run_path is not None:
            when_there = run.if_complete(self.table, self.run_path, existing=self.existing)
        named = (self.table, self.kreport, self.taxvamb)
        with OutputFiles(named, sides=sides, force=self.existing.force, on_existing=when_there) as files:
            yield _OpenOutput(self, files)


@dataclass(frozen=True, slots=True, eq=False)
class _OpenOutput:
    """Files to write, locked."""

    output: ClassifyOutput
    files: OutputFiles

    def stream(self, path: Path, stack: ExitStack) -> TextIO:
        """Standard output, or a file that gets its name at the very end."""
        if str(path) == STDIN:
            return sys.stdout
        return stack.enter_context(self.files.at(path).open("w", encoding="utf-8", newline="\n"))

    def record(self, described: Mapping[str, object]) -> None:
        """Write run.json, if the table is a file."""
        if self.output.run_path is not None:
            self.files.record(self.output.run_path, described)


@dataclass(frozen=True, slots=True, eq=False)
class ClassifyReport:
    """Sequences by the label they were given, and those without one."""

    counts: Counter[Lineage]
    n_unclassified: int
    total_bp: int
    seconds: float

    @property
    def n_records(self) -> int:
        """All sequences."""
        return self.counts.total() + self.n_unclassified


def classify_sequences(
    source: SequenceInput,
    classifier_path: Path | None,
    *,
    output: ClassifyOutput,
    encoder: EncoderOptions,
    argv: Sequence[str] = (),
    progress: Progress,
) -> ClassifyReport:
    """Label every record of `source`, in input order; by the built-in references without a classifier.

    `encoder` without a model: that of the classifier; how sequences are read is always as the classifier says.

    Raises:
        DnabertSError: bad input, no such classifier, another encoder, existing output.
    """
    run = Run("classify run", argv=argv, asked=_asked(source, classifier_path, output=output, model=encoder.model))
    check_apart(output.every_file, [*source.files(), classifier_path, *model_files(encoder.model)])
    with output.opened(run) as files:
        return _classify_sequences(source, classifier_path, files=files, encoder=encoder, run=run, progress=progress)


def _classify_sequences(
    source: SequenceInput,
    classifier_path: Path | None,
    *,
    files: _OpenOutput,
    encoder: EncoderOptions,
    run: Run,
    progress: Progress,
) -> ClassifyReport:
    labeller = open_labeller(classifier_path, model=encoder.model)
    as_fitted = _as_fitted(encoder, labeller)
    as_fitted.announce()
    opened = as_fitted.open()
    check_encoder(labeller.encoder, opened.describe(), path=labeller.path)
    summary = source.scan()
    progress.start("classifying", summary.total_bp if summary else None, unit="bp")
    chunks = (
        (embed_chunk(opened, chunk, progress=progress), kmers_of(chunk, labeller.sample, threads=encoder.threads))
        for chunk in record_chunks(source.records())
    )
    report = _classify(chunks, labeller, files=files, threads=encoder.threads, run=run)
    inputs = [*input_facts(source, summary), *file_facts(labeller.path)]
    files.record(run.describe(inputs=inputs, settings=files.output.settings, encoder=opened.describe()))
    return report


def classify_table(
    table_path: Path,
    classifier_path: Path | None,
    *,
    output: ClassifyOutput,
    threads: int = defaults.THREADS,
    argv: Sequence[str] = (),
    progress: Progress,
) -> ClassifyReport:
    """Label every row of a table that `embed` made; errors as of `classify_sequences`."""
    run = Run("classify run", argv=argv, asked=_asked(table_path, classifier_path, output=output, model=None))
    check_apart(output.every_file, [*table_files(table_path), classifier_path])
    with output.opened(run) as files:
        return _classify_table(table_path, classifier_path, files=files, threads=threads, run=run, progress=progress)


def _classify_table(
    table_path: Path, classifier_path: Path | None, *, files: _OpenOutput, threads: int, run: Run, progress: Progress
) -> ClassifyReport:
    labeller = open_labeller(classifier_path)
    vectors = read_vectors(table_path)
    check_vectors(labeller, vectors.encoder_facts, dim=vectors.table.embeddings.shape[1])
    progress.start("classifying", len(vectors.table.ids), unit="vectors")
    chunks = ((chunk, None) for chunk in _table_chunks(vectors.table, progress=progress))
    report = _classify(chunks, labeller, files=files, threads=threads, run=run)
    inputs = [*vectors.inputs, *file_facts(labeller.path)]
    files.record(run.describe(inputs=inputs, settings=files.output.settings, encoder=vectors.encoder_facts))
    return report


def label_rows(report: ClassifyReport, *, most: int) -> list[tuple[str, int, float]]:
    """The most frequent labels, of equal ones in the order of their names: label, sequences, share of all."""
    counted = [(label_text(lineage), count) for lineage, count in report.counts.items()]
    counted.sort(key=lambda row: (-row[1], row[0]))
    return [(label, count, count / report.n_records) for label, count in counted[:most]]


def _asked(
    source: SequenceInput | Path, classifier_path: Path | None, *, output: ClassifyOutput, model: str | None
) -> dict[str, object]:
    sequences = asdict(source) if isinstance(source, SequenceInput) else {"table": source}
    return {**sequences, "classifier": classifier_path, "model": model, **asdict(output)}


def _as_fitted(options: EncoderOptions, labeller: Labeller) -> EncoderOptions:
    """The encoder of the classifier, unless another model is named, reading sequences as it did."""
    facts = labeller.encoder
    model = options.model or (str(facts["model"]) if "model" in facts else None)
    window_bp, overlap_bp = facts.get("window_bp"), facts.get("overlap_bp")
    return replace(
        options,
        model=model,
        strand=str(facts.get("strand", options.strand)),
        window_bp=window_bp if isinstance(window_bp, int) else options.window_bp,
        overlap_bp=overlap_bp if isinstance(overlap_bp, int) else options.overlap_bp,
    )


def _table_chunks(table: EmbeddingTable, *, progress: Progress) -> Iterator[EmbeddedChunk]:
    for start in range(0, len(table.ids), defaults.CHUNK_RECORDS):
        rows = slice(start, start + defaults.CHUNK_RECORDS)
        lengths_bp = np.asarray(table.lengths_bp[rows])
        none = np.zeros(len(lengths_bp), dtype=np.int64)
        yield EmbeddedChunk(table.ids[rows], lengths_bp, none, none, np.asarray(table.embeddings[rows], np.float32))
        progress.advance(len(lengths_bp))


def _classify(
    chunks: Iterator[tuple[EmbeddedChunk, Kmers | None]],
    labeller: Labeller,
    *,
    files: _OpenOutput,
    threads: int,
    run: Run,
) -> ClassifyReport:
    """Label chunk after chunk and write everything."""
    counts: Counter[Lineage] = Counter()
    n_unclassified = total_bp = 0
    output = files.output
    with ExitStack() as stack:
        tables: list[ClassificationTable | TaxVambTable] = [ClassificationTable(files.stream(output.table, stack))]
        if output.taxvamb is not None:
            tables.append(TaxVambTable(files.stream(output.taxvamb, stack)))
        for chunk, kmers in chunks:
            rows = labeller.label(chunk, kmers, threads=threads)
            for table in tables:
                table.append(rows)
            counts.update(row.lineage for row in rows if row.lineage)
            n_unclassified += sum(not row.lineage for row in rows)
            total_bp += int(chunk.lengths_bp.sum())
        if output.kreport is not None:
            write_kreport(files.stream(output.kreport, stack), counts, n_unclassified=n_unclassified)
    return ClassifyReport(counts, n_unclassified, total_bp, run.seconds)
