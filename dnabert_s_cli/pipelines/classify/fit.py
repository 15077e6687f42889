"""`classify fit`: labelled sequences, or labelled vectors, to a classifier file.

Labels -> references of each, embedded whole and as crops -> fitted and calibrated -> one file, and a report.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from ... import defaults
from ...analysis.classification.fit import LEAST_CLADES, FittedClassifier
from ...analysis.classification.fit import fit_classifier as fit
from ...analysis.classification.held_out import Examples
from ...errors import DnabertSError
from ...io.identity import check_apart, files_of
from ...io.labels.headers import read_header_labels
from ...io.labels.reading import read_labels
from ...io.outputs import OutputFiles
from ...io.sequences import Record
from ..progress import Progress
from ..run_record import Existing, Run, run_json_beside
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import SequenceInput, input_facts, model_files, table_files
from ..vectors.tables import read_vectors
from .label_set import LabelSet, make_label_set, parse_labels
from .references import ReferenceOptions, cut_references, embed_references, match_labels, table_examples
from .store import save_classifier

_ROUNDING = 1e-6  # of a share


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How a classifier is fitted.

    Args:
        labels: TSV of id and label; None for labels in the headers.
        taxonomy: folder of NCBI dumps or TSV of names, where labels are taxids.
        method: centroid, knn or logistic; None for the most accurate.
        n_neighbours: that vote (knn).
        max_fpr: share of sequences of unlabelled species that may get a label.
        references: how they are cut.
    """

    labels: Path | None = None
    taxonomy: Path | None = None
    method: str | None = None
    n_neighbours: int = defaults.CLASSIFY_NEIGHBOURS
    max_fpr: float = defaults.MAX_FPR
    references: ReferenceOptions = field(default_factory=ReferenceOptions)

    def files(self) -> list[str | Path]:
        """Files that are read beside the sequences."""
        return [*files_of(self.labels), *files_of(self.taxonomy)]


@dataclass(frozen=True, slots=True, eq=False)
class FitReport:
    """What a finished fit did."""

    fitted: FittedClassifier
    labels: LabelSet
    n_sequences: int
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """Examples of all lengths, what their numbers mean, and what provenance says."""

    examples: Sequence[Examples]
    labels: LabelSet
    n_sequences: int
    encoder: Mapping[str, object]
    inputs: Sequence[Mapping[str, object]]


def fit_from_sequences(
    source: SequenceInput,
    output: Path,
    *,
    encoder: EncoderOptions,
    options: FitOptions,
    existing: Existing,
    argv: Sequence[str] = (),
    progress: Progress,
) -> FitReport:
    """Fit a classifier to labelled sequences and write it to `output`.

    Raises:
        DnabertSError: bad input, labels that do not match, no such model, existing output.
    """
    asked = {**asdict(source), **asdict(encoder), **asdict(options)}
    run = Run("classify fit", argv=argv, seed=options.references.seed, asked=asked)
    inputs = [*source.files(), *model_files(encoder.model), *options.files()]
    with opened_output(output, inputs, run=run, existing=existing) as files:
        prepared = _from_sequences(source, encoder, options=options, progress=progress)
        return _fit(prepared, output, files=files, options=options, run=run, progress=progress)


def fit_from_table(
    table: Path, output: Path, *, options: FitOptions, existing: Existing, argv: Sequence[str] = (), progress: Progress
) -> FitReport:
    """Fit a classifier to vectors that `embed` made; errors as of `fit_from_sequences`."""
    run = Run("classify fit", argv=argv, seed=options.references.seed, asked={"table": table, **asdict(options)})
    with opened_output(output, [*table_files(table), *options.files()], run=run, existing=existing) as files:
        prepared = _from_table(table, options)
        return _fit(prepared, output, files=files, options=options, run=run, progress=progress)


def calibration_rows(report: FitReport) -> list[tuple[str, ...]]:
    """Rank, length, and of held-out sequences: share right, given a label, right of those, false of unknown; clades.

    The false ones with their upper 95 % limit: it follows from the number of clades, given last.
    """
    rows = []
    for one in sorted(report.fitted.calibrations, key=lambda one: (-one.rank, one.length_bp)):
        shares = [_percent(share) for share in (one.accuracy, one.accepted, one.precision, one.fpr)]
        if not math.isnan(one.fpr_limit):
            shares[-1] += f" (up to {one.fpr_limit:.0%})"
        rows.append((report.labels.ranks[one.rank], f"{one.length_bp:,.0f} bp", *shares, f"{one.n_clades:,}"))
    return rows


def uncalibrated(report: FitReport, *, max_fpr: float) -> list[str]:
    """What could not be calibrated, or not as asked for, in words."""
    said = []
    found = report.fitted.calibrations
    without = [
        rank
        for place, rank in enumerate(report.labels.ranks)
        if not any(one.n_unknown for one in found if one.rank == place)
    ]
    if len(without) == len(report.labels.ranks):
        said.append(
            f"fewer than {LEAST_CLADES} labels: none can be held out, so there is no threshold, and every sequence "
            "gets a label"
        )
    elif without:
        said.append(f"ranks {', '.join(without)} have fewer than {LEAST_CLADES} clades, so no label stops there")
    if not any(one.n_known for one in found):
        said.append("each label has one sequence: none can be held out, so scores and accuracy are not calibrated")
    missed = [one for one in found if one.fpr > max_fpr + _ROUNDING]
    if missed:
        worst = max(missed, key=lambda one: one.fpr)
        said.append(
            f"{_percent(max_fpr)} of false labels cannot be reached everywhere, with {worst.n_clades} clades to hold "
            f"out: at rank {report.labels.ranks[worst.rank]} and {worst.length_bp:,.0f} bp {_percent(worst.fpr)} of "
            "the sequences of unlabelled clades are expected to get a label"
        )
    return said


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.1%}"


@contextmanager
def opened_output(
    output: Path, inputs: Sequence[str | Path | None], *, run: Run, existing: Existing
) -> Iterator[OutputFiles]:
    """The classifier and its run.json, locked, and put in place at the end."""
    run_path = run_json_beside(output)
    check_apart((output, run_path), inputs)
    when_there = run.if_complete(output, run_path, existing=existing)
    with OutputFiles([output], sides=[run_path], force=existing.force, on_existing=when_there) as files:
        yield files


def _from_table(table: Path, options: FitOptions) -> _Prepared:
    """Examples of vectors made before."""
    if options.labels is None:
        raise DnabertSError("vectors have no headers to take labels from", path=table, hint="give --labels")
    vectors = read_vectors(table)
    ids = vectors.table.ids
    known = match_labels(read_labels(options.labels), ids, path=options.labels, n_short=0, least_labels=2)
    lineages = parse_labels(known, options.taxonomy, path=options.labels)
    labels = make_label_set(list(lineages.values()))
    rows = np.array([row for row, name in enumerate(ids) if name in known], dtype=np.int64)
    number_of = {lineage: number for number, lineage in enumerate(labels.lineages)}
    numbers = np.array([number_of[lineages[ids[row]]] for row in rows], dtype=np.int64)
    chosen = type(vectors.table)(
        [ids[row] for row in rows], vectors.table.lengths_bp[rows], vectors.table.embeddings[rows]
    )
    return _Prepared(table_examples(chosen, numbers), labels, len(rows), vectors.encoder_facts, vectors.inputs)


def _from_sequences(
    source: SequenceInput, encoder_options: EncoderOptions, *, options: FitOptions, progress: Progress
) -> _Prepared:
    """Two passes over files: one checks them, one takes the pieces; a stream is read once."""
    if options.labels is None and source.is_stream:
        hint = "give --labels, or the sequences as a file"
        raise DnabertSError("labels in headers cannot be read from standard input", hint=hint)
    label_of = read_labels(options.labels) if options.labels else read_header_labels(source.paths)
    path = options.labels or Path(str(source.paths[0]))
    summary = source.scan()
    lineages = parse_labels(label_of, options.taxonomy, path=path)
    every = {lineage: number for number, lineage in enumerate(dict.fromkeys(lineages.values()))}
    names: list[str] = []

    def noted(record: Record) -> Record:
        names.append(record.id)
        return record

    classes = {name: every[lineage] for name, lineage in lineages.items()}
    pieces = cut_references(map(noted, source.records()), classes, options=options.references)
    known = match_labels(
        label_of, names, path=path, n_short=summary.n_short if summary is not None else 0, least_labels=2
    )
    present = list(every)
    labels = make_label_set([present[number] for number in sorted({piece.label for piece in pieces})])
    if len(labels.lineages) < 2:
        hint = f"sequences shorter than {defaults.MIN_REFERENCE_BP} bp are skipped"
        raise DnabertSError("fewer than two labels have a sequence to learn from", path=path, hint=hint)
    number_of = {lineage: number for number, lineage in enumerate(labels.lineages)}
    renumbered = [type(piece)(piece.sequence, number_of[present[piece.label]], piece.unit) for piece in pieces]
    encoder = encoder_options.open()
    examples = embed_references(renumbered, encoder, options=options.references, progress=progress)
    return _Prepared(examples, labels, len(known), encoder.describe(), input_facts(source, summary))


def _fit(
    prepared: _Prepared,
    output: Path,
    *,
    files: OutputFiles,
    options: FitOptions,
    run: Run,
    progress: Progress,
) -> FitReport:
    """Fit, calibrate, write."""
    progress.start(
        f"fitting {len(prepared.labels.lineages):,} labels at {len(prepared.examples)} lengths", None, unit=""
    )
    fitted = fit(
        prepared.examples,
        prepared.labels.members,
        method=options.method,
        n_neighbours=options.n_neighbours,
        max_fpr=options.max_fpr,
        seed=options.references.seed,
    )
    described = run.describe(inputs=prepared.inputs, settings=asdict(options), encoder=prepared.encoder)
    save_classifier(files.at(output), fitted, labels=prepared.labels, max_fpr=options.max_fpr, run=described)
    files.record(run_json_beside(output), described)
    return FitReport(fitted, prepared.labels, prepared.n_sequences, run.seconds)
