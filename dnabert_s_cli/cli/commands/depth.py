"""`dnabert-s depth`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ... import defaults
from ..console import duration, progress, say, warn
from ..options import common as opt
from ..options.reads import ReadFlags


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
    reads: ReadFlags,
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

    source = sort_inputs(inputs, reads.settings(reference=reference, threads=threads))
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
