"""`dnabert-s bin`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ... import defaults
from ..console import duration, percent, progress, say, scaled, show_table, warn
from ..options import common as opt
from ..options.binned import Markers, OutputFlags
from ..options.reads import ReadFlags
from ..options.samples import SampleFlags

if TYPE_CHECKING:
    from ...pipelines.bin.outputs import OutputOptions
    from ...pipelines.bin.recipe import BinReport
    from ...pipelines.bin.stages import BinInput

_SHOWN_BINS = 20
_EVIDENCE, _OUTPUT = "Evidence", "Output"


@dataclass(frozen=True, slots=True)
class EvidenceFlags:
    """What is known about the contigs, apart from their sequence."""

    bam: opt.Bams = None
    depth: opt.DepthTables = None
    embeddings: opt.Embeddings = None
    markers: Markers = None
    no_markers: Annotated[
        bool,
        typer.Option(
            "--no-markers",
            help="Skip single-copy genes: faster, but completeness and contamination are unknown.",
            rich_help_panel=_EVIDENCE,
        ),
    ] = False
    refine: Annotated[
        Path | None,
        typer.Option(
            "--refine",
            help="Split these bins of another tool (contig2bin, biobox or folder) where they hold several genomes.",
            show_default=False,
            rich_help_panel=_EVIDENCE,
        ),
    ] = None
    taxonomy: Annotated[
        Path | None,
        typer.Option(
            "--taxonomy",
            help="Labels of the contigs by kraken2, metabuli, mmseqs taxonomy, Taxometer or classify, as evidence.",
            show_default=False,
            rich_help_panel=_EVIDENCE,
        ),
    ] = None
    min_length: opt.MinLength = defaults.MIN_CONTIG_BP
    reference: opt.Reference = None

    def source(self, contigs: list[str], *, reads: ReadFlags, samples: SampleFlags, threads: int) -> BinInput:
        """The same for the pipeline."""
        from ...pipelines.bin.catalogue import find_assemblies
        from ...pipelines.bin.stages import BinInput
        from ...pipelines.vectors.inputs import SequenceInput

        if self.markers is not None and self.no_markers:
            raise typer.BadParameter("give either --markers or --no-markers")
        separator = samples.checked_separator()
        if samples.by_sample and separator is not None:
            source: SequenceInput = find_assemblies(contigs, separator=separator, min_length_bp=self.min_length)
        else:
            source = SequenceInput(tuple(contigs), self.min_length, self.reference)
        return BinInput(
            source,
            embeddings_path=self.embeddings,
            depth=reads.settings(reference=self.reference, threads=threads).with_files(
                self.bam or (), self.depth or ()
            ),
            use_markers=not self.no_markers,
            markers_path=self.markers,
            refined_path=self.refine,
            taxonomy_path=self.taxonomy,
            separator=separator,
            pooled=samples.pooled,
        )


@dataclass(frozen=True, slots=True)
class BinOutputFlags(OutputFlags):
    """What else `bin` writes."""

    strip_sample: Annotated[
        bool,
        typer.Option(
            "--strip-sample",
            help="In the bins, give contigs of a catalogue their own names, without the sample.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False
    names: Annotated[
        Path | None,
        typer.Option(
            "--names",
            help="Name bins by these references, from `classify fit --extend builtin`, instead of the built-in ones.",
            metavar="FILE",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    h5ad: Annotated[
        Path | None,
        typer.Option(
            "--h5ad",
            help="Also write vectors, map and everything known of each contig to this file, for scanpy.",
            metavar="FILE",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None

    def bin_options(self, output: Path) -> OutputOptions:
        """All of them, for the pipeline."""
        if self.h5ad is not None and self.h5ad.suffix != ".h5ad":
            raise typer.BadParameter("its name must end in .h5ad", param_hint="--h5ad")
        if self.names is not None and self.no_names:
            raise typer.BadParameter("give either --names or --no-names")
        return replace(self.options(output), strip_sample=self.strip_sample, h5ad=self.h5ad, references=self.names)


def bin_contigs(
    contigs: opt.Contigs,
    evidence: EvidenceFlags,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder to write.", show_default=False)],
    method: opt.BinMethodName = defaults.BIN_METHOD,
    min_similarity: opt.MinSimilarity = None,
    neighbours: Annotated[
        int | None,
        typer.Option(
            "--neighbours",
            min=1,
            help="Number of nearest neighbours in the graph (louvain, hdbscan).",
            show_default=f"{defaults.GRAPH_NEIGHBOURS}; {defaults.NEIGHBOURS} with hdbscan",
        ),
    ] = None,
    min_bin: Annotated[
        int, typer.Option("--min-bin", min=1, help="Minimum size of a bin, in bases.")
    ] = defaults.MIN_BIN_BP,
    seed: opt.Seed = defaults.SEED,
    resume: opt.Resume = False,
    force: opt.Force = False,
    *,
    samples: SampleFlags,
    reads: ReadFlags,
    outputs: BinOutputFlags,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Sort the contigs of an assembly into species bins.

    Depth in one or more samples (--bam, --depth) helps a great deal. Writes bins/bin.N.fa (numbered by size),
    contig2bin.tsv, bins.tsv, report.html and run.json. An interrupted run can be continued with --resume.
    """
    messages.start()
    from ...pipelines.bin.outputs import BinOptions
    from ...pipelines.bin.recipe import bin_contigs as run
    from ...pipelines.cluster.methods import ClusterOptions

    is_hdbscan = method == "hdbscan"
    smallest = defaults.MIN_CLUSTER_SIZE if is_hdbscan else defaults.MIN_BIN_CONTIGS
    near = neighbours or (defaults.NEIGHBOURS if is_hdbscan else defaults.GRAPH_NEIGHBOURS)
    clustering = ClusterOptions(method, min_similarity, smallest, None, near, seed=seed, threads=encoder.threads)
    with progress(quiet=messages.quiet) as shown:
        report = run(
            evidence.source(contigs, reads=reads, samples=samples, threads=encoder.threads),
            output,
            encoder=encoder.options() if evidence.embeddings else encoder.announced(),
            options=BinOptions(clustering, min_bin, outputs.bin_options(output)),
            resume=resume,
            force=force,
            argv=sys.argv,
            progress=shown,
        )
    if not messages.quiet:
        _show(report)


def _show(report: BinReport) -> None:
    """The largest bins, and a summary."""
    rows = [
        (
            row.name,
            f"{row.n_contigs:,}",
            scaled(row.total_bp, "bp"),
            scaled(row.n50_bp, "bp"),
            percent(row.gc or 0.0),
            *(f"{share:.1f} %" for share in (row.completeness, row.contamination) if share is not None),
            *((_short(row.taxon.taxon),) if row.taxon is not None else ()),
        )
        for row in report.bins[:_SHOWN_BINS]
    ]
    if rows:
        quality = ("complete", "contaminated") if report.bins[0].completeness is not None else ()
        more = f" (the {_SHOWN_BINS} largest of {len(report.bins)})" if len(report.bins) > _SHOWN_BINS else ""
        named = ("name",) if report.bins[0].taxon is not None else ()
        columns = ("bin", "contigs", "size", "N50", "GC", *quality, *named)
        show_table(f"bins{more}", columns, rows=rows)
    else:
        warn("no cluster of contigs is large enough for a bin (--min-bin, --min-length)")
    binned_bp = sum(row.total_bp for row in report.bins)
    share = binned_bp / report.summary.total_bp if report.summary.total_bp else 0
    threshold = f"similarity {report.min_similarity:.4f}, " if report.min_similarity else ""
    say(
        f"{len(report.bins)} bins hold {scaled(binned_bp, 'bp')}, {percent(share)} of the bases of "
        f"{report.summary.n_records:,} contigs; {report.summary.n_short:,} shorter contigs skipped; "
        f"{threshold}{duration(report.seconds)}"
    )


def _short(taxon: str) -> str:
    """The last name of a lineage."""
    return taxon.rsplit("__", 1)[-1] or "-"
