"""`dnabert-s evaluate bins`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ... import defaults
from ..console import duration, percent, say, show_table
from ..options import common as opt

if TYPE_CHECKING:
    from ...pipelines.evaluate.bins import BinsReport

_STDOUT = "-"
_OUTPUT = "Output"


def evaluate_bins(
    binnings: Annotated[
        list[Path],
        typer.Argument(
            help="contig2bin TSV, CAMI biobox, or folder of bins; several are shown next to each other.",
            metavar="BINNINGS",
            show_default=False,
        ),
    ],
    labels: Annotated[
        Path,
        typer.Option(
            "--labels", help="The gold standard: a biobox, or TSV of contig, genome and LENGTH.", show_default=False
        ),
    ],
    contigs: Annotated[
        list[Path] | None,
        typer.Option(
            "--contigs", help="FASTA file with the contigs, if --labels has no lengths. Repeatable.", show_default=False
        ),
    ] = None,
    names: Annotated[
        str, typer.Option("--names", help="Names of the binnings, comma-separated.", show_default="from their paths")
    ] = "",
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    min_completeness: Annotated[
        str,
        typer.Option(
            "--min-completeness",
            help="A recovered genome is more complete than this, in percent; comma-separated levels.",
        ),
    ] = defaults.RECOVERED_COMPLETENESS,
    max_contamination: Annotated[
        str,
        typer.Option(
            "--max-contamination",
            help="A recovered genome is less contaminated than this, in percent; comma-separated levels.",
        ),
    ] = defaults.RECOVERED_CONTAMINATION,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="TSV to write, with one row per binning; - for standard output.",
            rich_help_panel=_OUTPUT,
        ),
    ] = Path(_STDOUT),
    per_bin: Annotated[
        Path | None,
        typer.Option(
            "--per-bin", help="TSV to write, with one row per bin.", show_default=False, rich_help_panel=_OUTPUT
        ),
    ] = None,
    per_genome: Annotated[
        Path | None,
        typer.Option(
            "--per-genome", help="TSV to write, with one row per genome.", show_default=False, rich_help_panel=_OUTPUT
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", help="PNG to draw (needs the extra plots).", show_default=False, rich_help_panel=_OUTPUT
        ),
    ] = None,
    *,
    existing: opt.ExistingFlags,
    messages: opt.MessageFlags,
) -> None:
    """Measure bins against a gold standard, as AMBER does: completeness, purity, F1, ARI, genomes recovered."""
    messages.start()
    from ...pipelines.evaluate import bins as run

    given = tuple(name.strip() for name in names.split(",")) if names else ()
    source = run.BinsInput(tuple(binnings), labels, tuple(contigs or ()), given, min_length)
    levels = run.Levels.parse(min_completeness, max_contamination)
    to = run.BinsOutput(output, per_bin, per_genome, plot, existing.existing())
    report = run.measure_bins(source, levels, output=to, stdout=sys.stdout, argv=sys.argv)
    if not messages.quiet:
        _show(report)


def _show(report: BinsReport) -> None:
    """The figures that people quote, a column for each binning."""
    rows = [
        ("genomes, bins", *(f"{len(one.shared.genomes):,}, {len(one.bin_names):,}" for one in report.scored)),
        ("binned bp", *(percent(one.in_bp.binned) for one in report.scored)),
        ("average completeness (bp)", *(f"{one.in_bp.avg_completeness:.4f}" for one in report.scored)),
        ("average purity (bp)", *(f"{one.in_bp.avg_purity:.4f}" for one in report.scored)),
        ("F1 score (bp)", *(f"{one.in_bp.f1:.4f}" for one in report.scored)),
        ("ARI (bp)", *(f"{one.in_bp.ari:.4f}" for one in report.scored)),
        ("accuracy (bp)", *(f"{one.in_bp.accuracy:.4f}" for one in report.scored)),
        ("mean F1 of best bins (bp)", *(f"{one.scores.mean_f1:.4f}" for one in report.scored)),
    ]
    for level in report.scored[0].recovered:
        above, below = level.split("_")[1:]
        counts = (str(one.recovered[level]) for one in report.scored)
        rows.append((f"genomes >{above} % complete, <{below} % contaminated", *counts))
    show_table("bins against the gold standard", ("", *(one.name for one in report.scored)), rows)
    say(f"measured in {duration(report.seconds)}")
