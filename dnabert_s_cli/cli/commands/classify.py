"""`dnabert-s classify fit` and `dnabert-s classify run`, which `dnabert-s classify SEQUENCES` is short for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ... import defaults
from ..console import duration, percent, progress, say, scaled, show_table, warn
from ..examples import epilog
from ..options import common as opt
from ..parsing import Group, add_command

if TYPE_CHECKING:
    from ...pipelines.classify.extend import ExtendOptions
    from ...pipelines.classify.fit import FitOptions, FitReport
    from ...pipelines.classify.recipe import ClassifyReport
    from ...pipelines.vectors.inputs import SequenceInput

_STDOUT = "-"
_SHOWN_LABELS = 20
_REFERENCES = "References"
_NO_INPUT = ("-h", "--help", "help")

Method = Literal["centroid", "knn", "logistic"]
RunFlags = tuple[opt.ExistingFlags, opt.EncoderFlags, opt.MessageFlags]


class RunByDefault(Group):
    """A group whose command `run` is meant wherever the first word is none of its commands."""

    default_command = "run"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before arguments that name none."""
        if args and args[0] not in self.commands and args[0] not in _NO_INPUT:
            args = [self.default_command, *args]
        return super().parse_args(ctx, args)


classify = typer.Typer(
    cls=RunByDefault,
    epilog=epilog("classify"),
    help="Label sequences by known references.\n\n`classify SEQUENCES` is short for `classify run SEQUENCES`.",
    no_args_is_help=True,
)


def run_classifier(
    sequences: opt.MaybeSequences = None,
    embeddings: opt.Embeddings = None,
    classifier: Annotated[
        Path | None,
        typer.Option(
            "--classifier", "-c", help="Classifier that `classify fit` wrote.", show_default="the built-in references"
        ),
    ] = None,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="TSV to write: status, id, label, length, score, margin; - for standard output."
        ),
    ] = Path(_STDOUT),
    kreport: Annotated[
        Path | None,
        typer.Option(
            "--kreport", help="Report to write, in the format of Kraken 2: sequences per taxon.", show_default=False
        ),
    ] = None,
    taxvamb: Annotated[
        Path | None,
        typer.Option(
            "--taxvamb",
            help="File to write for TaxVAMB or Taxometer: contigs, predictions, scores.",
            show_default=False,
        ),
    ] = None,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    *,
    existing: opt.ExistingFlags,
    encoder: opt.ReaderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Label sequences; a sequence that is not certain gets no label."""
    messages.start()
    opt.require_one_input(sequences, embeddings)
    from ...pipelines.classify.recipe import ClassifyOutput, classify_sequences, classify_table
    from ...pipelines.vectors.inputs import SequenceInput

    files = ClassifyOutput(output, kreport, taxvamb, existing.existing())
    opt.require_one_stream(output, kreport, taxvamb)
    with progress(quiet=messages.quiet) as shown:
        if embeddings is not None:
            report = classify_table(
                embeddings, classifier, output=files, threads=encoder.threads, argv=sys.argv, progress=shown
            )
        else:
            source = SequenceInput(tuple(sequences or ()), min_length, reference)
            report = classify_sequences(
                source, classifier, output=files, encoder=encoder.options(), argv=sys.argv, progress=shown
            )
    if not messages.quiet:
        _show(report)


def fit_classifier(
    output: Annotated[Path, typer.Option("--output", "-o", help="Classifier to write.", show_default=False)],
    sequences: opt.MaybeSequences = None,
    embeddings: opt.Embeddings = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="TSV of id and label: a name, a lineage d__;p__;...;s__, or a taxid.",
            show_default="the text after the name in each FASTA header",
        ),
    ] = None,
    taxonomy: Annotated[
        Path | None,
        typer.Option(
            "--taxonomy",
            help="Folder with NCBI's nodes.dmp and names.dmp, or TSV of taxid and name, if labels are taxids.",
            show_default=False,
        ),
    ] = None,
    extend: Annotated[
        str | None,
        typer.Option(
            "--extend",
            help="Add the labels to these references: builtin, or a file that `classify fit --extend` wrote.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        Method | None,
        typer.Option("--method", help="Classification method.", show_default="chosen by cross-validation"),
    ] = None,
    neighbours: Annotated[
        int, typer.Option("--neighbours", min=1, help="Number of labelled neighbours that vote (knn).")
    ] = defaults.CLASSIFY_NEIGHBOURS,
    max_fpr: Annotated[
        float,
        typer.Option(
            "--max-fpr",
            min=0.0,
            max=1.0,
            help="Maximum expected share of sequences from unlabelled species that get a label, at each rank.",
        ),
    ] = defaults.MAX_FPR,
    piece: Annotated[
        int,
        typer.Option(
            "--piece",
            min=100,
            help="Length of the pieces that references are cut into, in bases.",
            rich_help_panel=_REFERENCES,
        ),
    ] = defaults.REFERENCE_PIECE_BP,
    pieces_per_label: Annotated[
        int,
        typer.Option(
            "--pieces-per-label", min=2, help="Maximum number of pieces per label.", rich_help_panel=_REFERENCES
        ),
    ] = defaults.PIECES_PER_LABEL,
    crops: Annotated[
        int,
        typer.Option(
            "--crops",
            min=1,
            help="Number of crops per label, for each of the lengths from 150 to 5,000 bases.",
            rich_help_panel=_REFERENCES,
        ),
    ] = defaults.CROPS_PER_LABEL,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    seed: opt.Seed = defaults.SEED,
    *,
    existing: opt.ExistingFlags,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Fit a classifier to labelled references."""
    messages.start()
    opt.require_one_input(sequences, embeddings)
    from ...pipelines.classify.extend import ExtendOptions
    from ...pipelines.classify.fit import FitOptions
    from ...pipelines.classify.references import ReferenceOptions
    from ...pipelines.vectors.inputs import SequenceInput

    given = embeddings or SequenceInput(tuple(sequences or ()), min_length, reference)
    run = existing, encoder, messages
    if extend is not None:
        _extend(given, output, added=ExtendOptions(extend, labels, taxonomy), run=run)
        return
    cutting = ReferenceOptions(piece, pieces_per_label, crops, seed)
    _fit(given, output, how=FitOptions(labels, taxonomy, method, neighbours, max_fpr, cutting), run=run)


def _fit(given: Path | SequenceInput, output: Path, *, how: FitOptions, run: RunFlags) -> None:
    """Fit, and say how held-out sequences did."""
    from ...pipelines.classify.fit import fit_from_sequences, fit_from_table

    existing, encoder, messages = run
    with progress(quiet=messages.quiet) as shown:
        if isinstance(given, Path):
            report = fit_from_table(
                given, output, options=how, existing=existing.existing(), argv=sys.argv, progress=shown
            )
        else:
            report = fit_from_sequences(
                given,
                output,
                encoder=encoder.announced(),
                options=how,
                existing=existing.existing(),
                argv=sys.argv,
                progress=shown,
            )
    _say_fit(report, max_fpr=how.max_fpr, is_quiet=messages.quiet)


def _extend(given: Path | SequenceInput, output: Path, *, added: ExtendOptions, run: RunFlags) -> None:
    """Add labels to references, and say what was added."""
    existing, encoder, messages = run
    from ...pipelines.classify.extend import extend_from_sequences, extend_from_table

    with progress(quiet=messages.quiet) as shown:
        if isinstance(given, Path):
            report = extend_from_table(given, output, options=added, existing=existing.existing(), argv=sys.argv)
        else:
            opened = encoder.options()
            report = extend_from_sequences(
                given,
                output,
                encoder=opened,
                options=added,
                existing=existing.existing(),
                argv=sys.argv,
                progress=shown,
            )
    if report.unplaced:
        names = ", ".join(report.unplaced[:_SHOWN_LABELS])
        warn(f"not in the tree, so without domain and phylum: {names}")
    if not messages.quiet:
        say(
            f"{report.n_labels:,} labels from {report.n_sequences:,} sequences added; {report.n_clades:,} references "
            f"in all; {duration(report.seconds)}"
        )


def _show(report: ClassifyReport) -> None:
    """The most frequent labels, and a summary."""
    from ...pipelines.classify.recipe import label_rows

    rows = [(label, f"{count:,}", percent(share)) for label, count, share in label_rows(report, most=_SHOWN_LABELS)]
    if rows:
        more = f" (the {_SHOWN_LABELS} most frequent of {len(report.counts)})" if len(report.counts) > len(rows) else ""
        show_table(f"labels{more}", ("label", "sequences", "share"), rows=rows)
    else:
        warn("no sequence is classified: none is certain enough")
    share = report.n_unclassified / report.n_records if report.n_records else 0
    rate = report.n_records / max(report.seconds, 1e-6)
    say(
        f"{report.n_records:,} sequences, {scaled(report.total_bp, 'bp')}: {report.n_unclassified:,} unclassified "
        f"({percent(share)}); {duration(report.seconds)}, {rate:,.0f} a second"
    )


def _say_fit(report: FitReport, *, max_fpr: float, is_quiet: bool) -> None:
    """How held-out sequences did, by rank and length, and what could not be calibrated."""
    from ...pipelines.classify.fit import calibration_rows, uncalibrated

    for gap in uncalibrated(report, max_fpr=max_fpr):
        warn(gap)
    if is_quiet:
        return
    columns = ("rank", "length", "right", "given a label", "right of those", "false labels of unknown", "clades")
    show_table("held-out sequences", columns, rows=calibration_rows(report))
    tried = ", ".join(f"{method} {accuracy:.3f}" for method, accuracy in report.fitted.accuracies.items())
    say(
        f"{len(report.labels.lineages):,} labels from {report.n_sequences:,} sequences; method {report.fitted.method}"
        f"{f' (accuracy in cross-validation: {tried})' if tried else ''}; {duration(report.seconds)}"
    )


add_command(classify, "classify run", run=run_classifier)
add_command(classify, "classify fit", run=fit_classifier)
