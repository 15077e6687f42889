"""`dnabert-s catalogue`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ... import defaults
from ..console import duration, progress, say, scaled
from ..options import common as opt


def catalogue(
    assemblies: Annotated[
        list[str],
        typer.Argument(
            help="Assemblies, as NAME=FILE or FILE; a folder of them; or a .tsv of name and file.",
            metavar="ASSEMBLIES",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="FASTA to write; compressed if it ends in .gz.", show_default=False)
    ],
    separator: Annotated[
        str, typer.Option("--separator", help="Text between the sample and the contig's own name.", metavar="TEXT")
    ] = defaults.SEPARATOR,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    resume: opt.KeepComplete = False,
    force: opt.Force = False,
    *,
    messages: opt.MessageFlags,
) -> None:
    """Join the assemblies of several samples in one FASTA, with contigs named SAMPLE:CONTIG.

    Map the reads of all samples to it, and bin it sample by sample with `bin --separator`. Also writes
    OUTPUT.contigs.tsv (contig, sample, length) and OUTPUT.samples.tsv.
    """
    messages.start()
    from ...pipelines.bin.catalogue import find_assemblies, write_catalogue
    from ...pipelines.run_record import Existing

    if not separator:
        raise typer.BadParameter("it is empty", param_hint="--separator")
    found = find_assemblies(assemblies, separator=separator, min_length_bp=min_length)
    with progress(quiet=messages.quiet) as shown:
        report = write_catalogue(found, output, existing=Existing(force, resume), argv=sys.argv, progress=shown)
    if not messages.quiet:
        say(
            f"{report.n_contigs:,} contigs, {scaled(report.total_bp, 'bp')}, of {report.n_samples:,} samples; "
            f"{report.n_short:,} shorter ones skipped; {duration(report.seconds)}"
        )
