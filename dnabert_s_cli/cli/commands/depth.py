"""`dnabert-s depth`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ... import defaults
from ..console import duration, progress, say, warn
from ..options import common as opt

_READS = "Reads"


def depth(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Sorted BAM or CRAM files, one per sample, and depth tables of other tools; - for a table on "
            "standard input.",
            metavar="FILES",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Table to write; - for standard output.", show_default=False)
    ],
    min_identity: Annotated[
        float,
        typer.Option(
            "--min-identity",
            min=0.0,
            max=100.0,
            help="Skip reads with a lower identity to the contig, in percent.",
            rich_help_panel=_READS,
        ),
    ] = defaults.MIN_IDENTITY,
    min_mapq: Annotated[
        int,
        typer.Option(
            "--min-mapq", min=0, max=255, help="Skip reads with a lower mapping quality.", rich_help_panel=_READS
        ),
    ] = defaults.MIN_MAPQ,
    end_bp: Annotated[
        int,
        typer.Option("--end-bp", min=0, help="Bases to ignore at both ends of each contig.", rich_help_panel=_READS),
    ] = defaults.END_BP,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    threads: opt.Threads = defaults.THREADS,
    *,
    existing: opt.ExistingFlags,
    messages: opt.MessageFlags,
) -> None:
    """Compute or convert the read depth of contigs.

    Reads BAM, CRAM and the depth tables of other tools, and writes the table of MetaBAT2's
    jgi_summarize_bam_contig_depths: mean and variance of each contig in each sample.
    """
    messages.start()
    from ...pipelines.depth.recipe import make_depth_table, sort_inputs
    from ...pipelines.depth.samples import DepthInput, DepthOptions

    options = DepthOptions(min_identity, end_bp, min_mapq)
    source = sort_inputs(inputs, DepthInput(reference_path=reference, options=options, threads=threads))
    with progress(quiet=messages.quiet) as shown:
        report = make_depth_table(
            source,
            output,
            min_length_bp=min_length,
            stdout=sys.stdout,
            existing=existing.existing(),
            argv=sys.argv,
            progress=shown,
        )
    if not report.has_variance:
        warn("the table has no variances because an input has none; run MetaBAT2 with --cvExt")
    if report.n_unknown_lengths:
        warn(f"{report.n_unknown_lengths:,} contigs are of unknown length, written as 0")
    say(
        f"{report.n_contigs:,} contigs in {report.n_samples:,} samples; {report.n_short:,} shorter contigs skipped; "
        f"{duration(report.seconds)}"
    )
