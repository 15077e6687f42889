"""`dnabert-s pairs`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ... import defaults
from ..console import duration, progress, say
from ..options import common as opt

_GENOMES = "Genomes"
_PIECES = "Pieces"
_VALIDATION = "Validation"


def pairs(
    genomes: opt.Sequences,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="CSV to write, compressed if it ends in .gz.", show_default=False),
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="TSV of record id and label. Records with the same label are one genome; others are skipped.",
            show_default="one file is one genome",
            rich_help_panel=_GENOMES,
        ),
    ] = None,
    by_record: Annotated[
        bool, typer.Option("--by-record", help="Treat each record as a genome.", rich_help_panel=_GENOMES)
    ] = False,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    length: Annotated[
        int, typer.Option("--length", min=1, help="Length of a piece, in bases.", rich_help_panel=_PIECES)
    ] = defaults.PIECE_BP,
    shortest: Annotated[
        int | None,
        typer.Option(
            "--shortest",
            min=1,
            help="Draw lengths between this and --length.",
            show_default="all of one length",
            rich_help_panel=_PIECES,
        ),
    ] = None,
    pairs_per_genome: Annotated[
        int,
        typer.Option("--pairs-per-genome", min=1, help="Maximum number of pairs per genome.", rich_help_panel=_PIECES),
    ] = defaults.PAIRS_PER_GENOME,
    rounds: Annotated[
        int,
        typer.Option(
            "--rounds",
            min=1,
            help="Cut each genome N times; only pieces of different rounds overlap.",
            rich_help_panel=_PIECES,
        ),
    ] = defaults.PIECE_ROUNDS,
    join: Annotated[
        bool,
        typer.Option(
            "--join",
            help="Concatenate short records, such as genes, in random order and strand.",
            rich_help_panel=_PIECES,
        ),
    ] = False,
    max_n: Annotated[
        float,
        typer.Option(
            "--max-n", min=0.0, max=1.0, help="Skip pieces with a larger share of N.", rich_help_panel=_PIECES
        ),
    ] = defaults.MAX_N_SHARE,
    val: Annotated[
        Path | None,
        typer.Option(
            "--val",
            help="CSV to write with the pairs of genomes held out for validation.",
            show_default=False,
            rich_help_panel=_VALIDATION,
        ),
    ] = None,
    val_fraction: Annotated[
        float,
        typer.Option(
            "--val-fraction",
            min=0.0,
            max=1.0,
            help="Share of genomes to hold out; at least one.",
            rich_help_panel=_VALIDATION,
        ),
    ] = defaults.VAL_FRACTION,
    seed: opt.Seed = defaults.SEED,
    *,
    existing: opt.ExistingFlags,
    messages: opt.MessageFlags,
) -> None:
    """Cut genomes into training pairs.

    Each row of the CSV holds two pieces of one genome and its label. Also writes pairs.manifest.tsv.gz (where each
    piece comes from) and pairs.run.json (how they were made) next to pairs.csv.gz.
    """
    messages.start()
    from ...pipelines.genomes.inputs import GenomeInput
    from ...pipelines.genomes.pairs import PairOutput, make_pairs
    from ...pipelines.genomes.pieces import PieceSpec

    if labels is not None and by_record:
        raise typer.BadParameter("give either --labels or --by-record")
    spec = PieceSpec(length, shortest, pairs_per_genome, rounds, max_n, join)
    source = GenomeInput(tuple(genomes), labels, by_record, min_length)
    outputs = PairOutput(output, val, val_fraction)
    with progress(quiet=messages.quiet) as shown:
        report = make_pairs(
            source, outputs, spec=spec, seed=seed, existing=existing.existing(), argv=sys.argv, progress=shown
        )
    held_out = f"; {report.n_val_pairs:,} pairs of {report.n_val_genomes:,} held out" if val is not None else ""
    say(f"{report.n_pairs:,} pairs of {report.n_genomes:,} genomes{held_out}, in {duration(report.seconds)}")
