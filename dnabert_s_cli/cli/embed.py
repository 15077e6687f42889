"""`dnabert-s embed`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import defaults
from . import options as opt
from .console import duration, progress, say, scaled

_STDOUT = "-"


def embed(
    sequences: opt.Sequences,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Table to write: .npy, .npz, .tsv or .parquet; - for TSV on standard output.",
            show_default=False,
        ),
    ],
    table_format: Annotated[
        opt.TableFormat | None,
        typer.Option("--format", help="Format of the table.", show_default="by suffix; tsv on standard output"),
    ] = None,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    resume: opt.Resume = False,
    force: opt.Force = False,
    *,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Turn sequences into vectors: one row per record, in input order.

    Beside emb.npy stand emb.ids.tsv (id, length, tokens, windows) and emb.run.json (how it was made).
    """
    messages.start()
    from ..pipelines.embed import TableOptions, embed_to_stdout
    from ..pipelines.embed import embed as run
    from ..pipelines.encoding import SequenceInput

    source = SequenceInput(tuple(sequences), min_length, reference)
    with progress(quiet=messages.quiet) as shown:
        if str(output) == _STDOUT:
            report = embed_to_stdout(source, encoder.options(), table_format=table_format or "tsv", progress=shown)
        else:
            writing = TableOptions(table_format, resume, force)
            report = run(source, output, options=encoder.options(), writing=writing, argv=sys.argv, progress=shown)
    rate = scaled(report.total_bp / max(report.seconds, 1e-6), "bp")
    say(f"{report.n_records:,} records, {scaled(report.total_bp, 'bp')} in {duration(report.seconds)} ({rate}/s)")
