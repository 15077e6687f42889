"""`dnabert-s embed`."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ... import defaults
from ..console import duration, progress, say, scaled
from ..options import common as opt

if TYPE_CHECKING:
    from ...pipelines.embed.recipe import EmbedReport
    from ...pipelines.progress import Progress
    from ...pipelines.vectors.encoding import EncoderOptions
    from ...pipelines.vectors.inputs import SequenceInput

_STDOUT = "-"
_CPU = "cpu"
_SPLIT = "Several processes or jobs"


@dataclass(frozen=True, slots=True)
class SplitFlags:
    """How the work is divided."""

    gpus: Annotated[
        int, typer.Option("--gpus", min=1, help="Number of processes, one per GPU.", rich_help_panel=_SPLIT)
    ] = defaults.PROCESSES
    processes: Annotated[
        int,
        typer.Option(
            "--processes",
            min=1,
            help="Number of processes on the CPU, which share its threads.",
            rich_help_panel=_SPLIT,
        ),
    ] = defaults.PROCESSES
    shard: Annotated[
        str | None,
        typer.Option(
            "--shard",
            help="i/n, i from 0: embed only this part of the records. `merge` joins the n tables.",
            show_default=False,
            rich_help_panel=_SPLIT,
        ),
    ] = None

    def check(self, *, is_stdout: bool) -> None:
        """Wrong usage unless the options go together."""
        several = max(self.gpus, self.processes) > 1
        if self.shard is not None:
            self.parsed_shard()
        if self.shard is not None and several:
            raise typer.BadParameter("give either --shard or several processes")
        if is_stdout and (self.shard is not None or several):
            raise typer.BadParameter("--shard, --gpus and --processes need a file as --output")

    def parsed_shard(self) -> tuple[int, int]:
        """(i, n)."""
        found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", self.shard or "")
        index, n_shards = map(int, found.groups()) if found else (0, 0)
        if index >= n_shards:
            raise typer.BadParameter(f"'{self.shard}' is not i/n with i from 0 to n - 1", param_hint="--shard")
        return index, n_shards


def embed(
    sequences: opt.Sequences,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="Table to write: .npy, .npz, .tsv, .parquet or .h5ad; - for TSV on standard output.",
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
    split: SplitFlags,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> int:
    """Turn sequences into vectors, one row per record, in input order.

    Also writes emb.ids.tsv (id, length, tokens, windows) and emb.run.json (how it was made) next to emb.npy.
    """
    messages.start()
    from ...pipelines.launching import is_first_process, launch_processes

    split.check(is_stdout=str(output) == _STDOUT)
    code = launch_processes(sys.argv[1:], gpus=split.gpus, processes=split.processes)
    if code is not None:
        return code
    from ...pipelines.vectors.inputs import SequenceInput

    source = SequenceInput(tuple(sequences), min_length, reference)
    options = encoder.announced(device=_CPU if split.processes > 1 else None)
    with progress(quiet=messages.quiet or not is_first_process()) as shown:
        report: EmbedReport | None
        if str(output) == _STDOUT:
            report = _run_to_stdout(source, options, table_format=table_format, shown=shown)
        else:
            writing = (table_format, resume, force)
            report = _run(source, output, options=options, writing=writing, split=split, shown=shown)
    if report is not None:
        rate = scaled(report.total_bp / max(report.seconds, 1e-6), "bp")
        say(f"{report.n_records:,} records, {scaled(report.total_bp, 'bp')} in {duration(report.seconds)} ({rate}/s)")
    return 0


def _run_to_stdout(
    source: SequenceInput, options: EncoderOptions, *, table_format: str | None, shown: Progress
) -> EmbedReport:
    from ...pipelines.embed.recipe import embed_to_stdout

    return embed_to_stdout(source, options, table_format=table_format or "tsv", progress=shown)


def _run(
    source: SequenceInput,
    output: Path,
    *,
    options: EncoderOptions,
    writing: tuple[str | None, bool, bool],
    split: SplitFlags,
    shown: Progress,
) -> EmbedReport | None:
    """The whole, one shard of it, or one process's part: one function each."""
    from ...pipelines.embed.recipe import TableOptions
    from ...pipelines.embed.recipe import embed as run
    from ...pipelines.launching import is_one_of_several

    how = TableOptions(*writing)
    if not split.shard and not is_one_of_several():
        return run(source, output, options=options, writing=how, argv=sys.argv, progress=shown)
    from ...pipelines.embed.shards import embed_shard, embed_together

    if not split.shard:
        return embed_together(source, output, options=options, writing=how, argv=sys.argv, progress=shown)
    shard = split.parsed_shard()
    return embed_shard(source, output, shard=shard, options=options, writing=how, argv=sys.argv, progress=shown)
