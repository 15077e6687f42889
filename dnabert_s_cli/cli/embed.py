"""`dnabert-s embed`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import defaults
from . import options as opt
from .console import duration, progress, say, scaled, start_logging

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
    model: opt.Model = None,
    device: opt.DeviceName = defaults.DEVICE,
    dtype: opt.DtypeName = defaults.DTYPE,
    window: opt.Window = defaults.WINDOW_BP,
    overlap: opt.Overlap = defaults.OVERLAP_BP,
    strand: opt.StrandName = defaults.STRAND,
    batch_tokens: opt.BatchTokens = defaults.BATCH_TOKENS,
    trust_remote_code: opt.TrustRemoteCode = False,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    threads: opt.Threads = defaults.THREADS,
    resume: opt.Resume = False,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Turn sequences into vectors: one row per record, in input order.

    Beside emb.npy stand emb.ids.tsv (id, length, tokens, windows) and emb.run.json (how it was made).
    """
    start_logging(quiet=quiet, verbose=verbose)
    from ..pipelines.embed import TableOptions, embed_to_stdout
    from ..pipelines.embed import embed as run
    from ..pipelines.encoding import EncoderOptions, SequenceInput

    source = SequenceInput(tuple(sequences), min_length, reference)
    encoder = EncoderOptions(model, device, dtype, window, overlap, strand, batch_tokens, threads, trust_remote_code)
    with progress(quiet=quiet) as shown:
        if str(output) == _STDOUT:
            report = embed_to_stdout(source, encoder, table_format=table_format or "tsv", progress=shown)
        else:
            writing = TableOptions(table_format, resume, force)
            report = run(source, output, options=encoder, writing=writing, argv=sys.argv, progress=shown)
    rate = scaled(report.total_bp / max(report.seconds, 1e-6), "bp")
    say(f"{report.n_records:,} records, {scaled(report.total_bp, 'bp')} in {duration(report.seconds)} ({rate}/s)")
