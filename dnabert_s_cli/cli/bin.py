"""`dnabert-s bin`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import defaults
from . import options as opt
from .console import duration, progress, say, scaled, show_table, warn

if TYPE_CHECKING:
    from ..pipelines.bin import BinReport

_SHOWN_BINS = 20
_OUTPUT = "Output"


def bin_contigs(
    contigs: opt.Sequences,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write; it appears when all is done.", show_default=False)
    ],
    embeddings: opt.Embeddings = None,
    method: opt.BinMethodName = defaults.CLUSTER_METHOD,
    min_similarity: opt.MinSimilarity = None,
    neighbours: opt.NeighbourCount = defaults.NEIGHBOURS,
    min_bin: Annotated[int, typer.Option("--min-bin", min=1, help="Smallest bin, in bases.")] = defaults.MIN_BIN_BP,
    min_length: opt.MinLength = defaults.MIN_CONTIG_BP,
    reference: opt.Reference = None,
    gzip: Annotated[
        bool, typer.Option("--gzip", help="Compress the bins' FASTA files.", rich_help_panel=_OUTPUT)
    ] = False,
    unbinned: Annotated[
        bool, typer.Option("--unbinned", help="Write the contigs of no bin, too.", rich_help_panel=_OUTPUT)
    ] = False,
    biobox: Annotated[
        bool, typer.Option("--biobox", help="Write bins.biobox.tsv (CAMI, AMBER), too.", rich_help_panel=_OUTPUT)
    ] = False,
    seed: opt.Seed = defaults.SEED,
    force: opt.Force = False,
    *,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Sort the contigs of an assembly into species bins.

    Writes bins/bin.N.fa (numbered by size), contig2bin.tsv, bins.tsv and run.json.
    """
    messages.start()
    from ..pipelines.bin import BinOptions
    from ..pipelines.bin import bin_contigs as run
    from ..pipelines.clustering import ClusterOptions
    from ..pipelines.encoding import SequenceInput

    source = SequenceInput(tuple(contigs), min_length, reference)
    smallest = defaults.MIN_CLUSTER_SIZE if method == "hdbscan" else defaults.MIN_BIN_CONTIGS
    clustering = ClusterOptions(method, min_similarity, smallest, None, neighbours, seed=seed, threads=encoder.threads)
    options = BinOptions(clustering, min_bin, gzip, unbinned, biobox, sample_id=output.name)
    with progress(quiet=messages.quiet) as shown:
        report = run(
            source,
            output,
            encoder=encoder.options(),
            options=options,
            embeddings_path=embeddings,
            force=force,
            argv=sys.argv,
            progress=shown,
        )
    if not messages.quiet:
        _show(report)


def _show(report: BinReport) -> None:
    """The largest bins, and what became of the input."""
    rows = [
        (f"bin.{row.bin}", f"{row.n_contigs:,}", scaled(row.total_bp, "bp"), scaled(row.n50_bp, "bp"), f"{row.gc:.1%}")
        for row in report.bins[:_SHOWN_BINS]
    ]
    if rows:
        more = f" (the {_SHOWN_BINS} largest of {len(report.bins)})" if len(report.bins) > _SHOWN_BINS else ""
        show_table(f"bins{more}", ("bin", "contigs", "size", "N50", "GC"), rows=rows)
    else:
        warn("no cluster of contigs is large enough for a bin (--min-bin, --min-length)")
    binned_bp = sum(row.total_bp for row in report.bins)
    share = binned_bp / report.summary.total_bp if report.summary.total_bp else 0
    threshold = f"similarity {report.min_similarity:.4f}, " if report.min_similarity else ""
    say(
        f"{len(report.bins)} bins hold {scaled(binned_bp, 'bp')}, {share:.0%} of {report.summary.n_records:,} contigs' "
        f"bases; {report.summary.n_short:,} shorter contigs left out; {threshold}{duration(report.seconds)}"
    )
