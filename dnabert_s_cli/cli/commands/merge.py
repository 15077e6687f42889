"""`dnabert-s merge`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..console import duration, progress, say
from ..options import common as opt


def merge(
    shards: Annotated[
        list[Path],
        typer.Argument(help="The tables of all shards, in any order.", metavar="SHARDS", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Table to write: .npy, .npz, .tsv, .parquet or .h5ad.", show_default=False),
    ],
    table_format: Annotated[
        opt.TableFormat | None,
        typer.Option("--format", help="Format of the table.", show_default="by suffix"),
    ] = None,
    resume: opt.Resume = False,
    force: opt.Force = False,
    *,
    messages: opt.MessageFlags,
) -> None:
    """Join the tables of `embed --shard` into the table that a single process would have made."""
    messages.start()
    from ...pipelines.embed.merge import merge as run
    from ...pipelines.embed.recipe import TableOptions

    writing = TableOptions(table_format, resume, force)
    with progress(quiet=messages.quiet) as shown:
        report = run(shards, output, writing=writing, argv=sys.argv, progress=shown)
    say(f"{report.n_records:,} records of {report.n_shards} shards in {duration(report.seconds)}; {output}")
