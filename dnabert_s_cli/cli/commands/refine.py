"""`dnabert-s refine`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ... import defaults
from ..console import duration, percent, progress, say, scaled, show_table, warn
from ..options import common as opt
from ..options.binned import Markers, OutputFlags
from ..options.reads import ReadFlags

if TYPE_CHECKING:
    from ...pipelines.bin.stages import BinInput
    from ...pipelines.refine.recipe import RefineReport

_SHOWN_BINS = 20
_EVIDENCE = "Evidence"


@dataclass(frozen=True, slots=True)
class ContigFlags:
    """The contigs, and what is known of them apart from their bins."""

    contigs: Annotated[
        list[str],
        typer.Option(
            "--contigs",
            help="FASTA files of the assembly that was binned, plain or compressed; several may follow.",
            metavar="FILE...",
            show_default=False,
        ),
    ]
    bam: opt.Bams = None
    depth: opt.DepthTables = None
    embeddings: opt.Embeddings = None
    markers: Markers = None
    no_markers: Annotated[
        bool,
        typer.Option(
            "--no-markers",
            help="Judge bins without single-copy genes: faster, but clearly worse.",
            rich_help_panel=_EVIDENCE,
        ),
    ] = False
    min_length: opt.MinLength = defaults.MIN_CONTIG_BP

    def source(self, *, reads: ReadFlags, threads: int) -> BinInput:
        """The same for the pipeline."""
        from ...pipelines.bin.stages import BinInput
        from ...pipelines.vectors.inputs import SequenceInput

        if self.markers is not None and self.no_markers:
            raise typer.BadParameter("give either --markers or --no-markers")
        contigs = SequenceInput(tuple(self.contigs), self.min_length)
        if contigs.is_stream:
            raise typer.BadParameter("contigs are read more than once, so not from standard input (-)")
        depth = reads.settings(reference=None, threads=threads).with_files(self.bam or (), self.depth or ())
        return BinInput(
            contigs,
            embeddings_path=self.embeddings,
            depth=depth,
            use_markers=not self.no_markers,
            markers_path=self.markers,
        )


def refine(
    bins: Annotated[
        list[str],
        typer.Argument(
            help="Bins of two binners or more: tables of contig and bin, or folders of FASTA, as PATH or NAME=PATH.",
            metavar="BINS",
            show_default=False,
        ),
    ],
    evidence: ContigFlags,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.", show_default=False)],
    min_bin: Annotated[
        int, typer.Option("--min-bin", min=1, help="Minimum size of a bin, in bases.")
    ] = defaults.MIN_BIN_BP,
    seed: opt.Seed = defaults.SEED,
    resume: opt.Resume = False,
    force: opt.Force = False,
    *,
    reads: ReadFlags,
    outputs: OutputFlags,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Make one set of bins from those of several binners, each contig in one bin at most.

    The given bins, and intersections, unions and differences of overlapping ones, are judged by single-copy genes, by
    how well the binners agree, and by vectors and depth of their contigs. Writes what `bin` writes; bins.tsv says where
    each bin comes from.
    """
    messages.start()
    from ...pipelines.bin.outputs import BinOptions
    from ...pipelines.cluster.methods import ClusterOptions
    from ...pipelines.refine.recipe import find_sets
    from ...pipelines.refine.recipe import refine_bins as run
    from ...pipelines.run_record import Existing

    near, smallest = defaults.GRAPH_NEIGHBOURS, defaults.MIN_BIN_CONTIGS
    clustering = ClusterOptions(defaults.BIN_METHOD, None, smallest, None, near, seed=seed, threads=encoder.threads)
    with progress(quiet=messages.quiet) as shown:
        report = run(
            find_sets(bins),
            evidence.source(reads=reads, threads=encoder.threads),
            output=output,
            encoder=encoder.options() if evidence.embeddings else encoder.announced(),
            options=BinOptions(clustering, min_bin, outputs.options(output)),
            existing=Existing(force, resume),
            argv=sys.argv,
            progress=shown,
        )
    if not messages.quiet:
        _show(report)


def _show(report: RefineReport) -> None:
    """The largest bins, and a summary."""
    rows = [
        (
            row.name,
            f"{row.n_contigs:,}",
            scaled(row.total_bp, "bp"),
            *(f"{share:.1f} %" for share in (row.completeness, row.contamination) if share is not None),
            f"{row.agreement or 0.0:.2f}",
            row.source or "",
        )
        for row in report.bins[:_SHOWN_BINS]
    ]
    if rows:
        quality = ("complete", "contaminated") if report.bins[0].completeness is not None else ()
        more = f" (the {_SHOWN_BINS} largest of {len(report.bins)})" if len(report.bins) > _SHOWN_BINS else ""
        show_table(f"bins{more}", ("bin", "contigs", "size", *quality, "agreement", "made from"), rows=rows)
    else:
        warn("no candidate is good and large enough for a bin (--min-bin, --min-length)")
    binned_bp = sum(row.total_bp for row in report.bins)
    share = binned_bp / report.summary.total_bp if report.summary.total_bp else 0
    say(
        f"{len(report.bins)} bins hold {scaled(binned_bp, 'bp')}, {percent(share)} of the bases of "
        f"{report.summary.n_records:,} contigs; {report.summary.n_short:,} shorter contigs skipped; "
        f"{duration(report.seconds)}"
    )
