"""`dnabert-s simulate clustering | binning | metagenome`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ... import defaults
from ..console import duration, progress, say, scaled
from ..examples import epilog
from ..options import common as opt
from ..parsing import Group, add_command

if TYPE_CHECKING:
    from ...pipelines.genomes.fragments import FragmentCounts
    from ...pipelines.genomes.inputs import GenomeInput
    from ...pipelines.genomes.pieces import PieceSpec
    from ...pipelines.run_record import Existing

_PIECES = "Fragments"
_CONTIGS = "Contigs"
_DEPTH = "Depth"

simulate = typer.Typer(
    cls=Group,
    epilog=epilog("simulate"),
    help="Make evaluation sets with a known truth from genomes.",
    no_args_is_help=True,
)

_Genomes = Annotated[
    list[str],
    typer.Argument(
        help="TSV of genome and path, folder of genome files, or files; one file is one genome.",
        metavar="GENOMES",
        show_default=False,
    ),
]
_Folder = Annotated[Path, typer.Option("--output", "-o", help="Folder to write.", show_default=False)]
_Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        help="TSV of record id and label. Records with the same label are one genome; others are skipped.",
        show_default="one file is one genome",
    ),
]
_MaxN = Annotated[float, typer.Option("--max-n", min=0.0, max=1.0, help="Skip pieces with a larger share of N.")]


@dataclass(frozen=True, slots=True)
class FragmentFlags:
    """Length of fragments, and number of species."""

    length: Annotated[
        int, typer.Option("--length", min=1, help="Length of a fragment, in bases.", rich_help_panel=_PIECES)
    ] = defaults.PIECE_BP
    shortest: Annotated[
        int | None,
        typer.Option(
            "--shortest",
            min=1,
            help="Draw lengths between this and --length.",
            show_default="all of one length",
            rich_help_panel=_PIECES,
        ),
    ] = None
    species: Annotated[
        int,
        typer.Option(
            "--species", min=0, help="Number of species to draw. 0: all that are large enough.", rich_help_panel=_PIECES
        ),
    ] = defaults.ALL_SPECIES
    max_n: _MaxN = defaults.MAX_N_SHARE

    def spec(self) -> PieceSpec:
        """The lengths, for a pipeline."""
        from ...pipelines.genomes.pieces import PieceSpec

        return PieceSpec(self.length, self.shortest, max_n_share=self.max_n)


@dataclass(frozen=True, slots=True)
class SetFlags:
    """Where genomes come from, and where the set is written."""

    output: _Folder
    labels: _Labels = None
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP
    seed: opt.Seed = defaults.SEED
    resume: opt.KeepComplete = False
    force: opt.Force = False

    def existing(self) -> Existing:
        """What becomes of a folder that is there, for a pipeline."""
        from ...pipelines.run_record import Existing

        return Existing(self.force, self.resume)

    def source(self, genomes: list[str]) -> GenomeInput:
        """The genomes, for a pipeline."""
        from ...pipelines.genomes.inputs import GenomeInput

        return GenomeInput(tuple(genomes), self.labels, min_length_bp=self.min_length)


def simulate_clustering(
    genomes: _Genomes,
    fragments: Annotated[
        int, typer.Option("--fragments", min=1, help="Fragments per species.", rich_help_panel=_PIECES)
    ] = defaults.CLUSTERING_FRAGMENTS,
    *,
    to: SetFlags,
    cut: FragmentFlags,
    messages: opt.MessageFlags,
) -> None:
    """Cut the same number of fragments from each genome.

    Writes clustering.tsv.gz with columns sequence and bin_id.
    """
    messages.start()
    from ...pipelines.genomes.fragments import FragmentCounts

    counts = FragmentCounts("clustering", fragments, fragments, n_species=cut.species)
    _make_fragments(genomes, to=to, cut=cut, counts=counts, quiet=messages.quiet)


def simulate_binning(
    genomes: _Genomes,
    fragments: Annotated[
        int, typer.Option("--fragments", min=1, help="Median number of fragments per species.", rich_help_panel=_PIECES)
    ] = defaults.BINNING_FRAGMENTS,
    spread: Annotated[
        float,
        typer.Option(
            "--spread", min=0.0, help="Standard deviation of the log number of fragments.", rich_help_panel=_PIECES
        ),
    ] = defaults.BINNING_SPREAD,
    least: Annotated[
        int,
        typer.Option(
            "--least",
            min=1,
            help="Minimum number of fragments; species that give fewer are skipped.",
            rich_help_panel=_PIECES,
        ),
    ] = defaults.BINNING_LEAST,
    *,
    to: SetFlags,
    cut: FragmentFlags,
    messages: opt.MessageFlags,
) -> None:
    """Cut many fragments from a few genomes and few from most.

    Writes binning.tsv.gz with columns sequence and bin_id.
    """
    messages.start()
    from ...pipelines.genomes.fragments import FragmentCounts

    counts = FragmentCounts("binning", fragments, least, spread=spread, n_species=cut.species)
    _make_fragments(genomes, to=to, cut=cut, counts=counts, quiet=messages.quiet)


def simulate_metagenome(
    genomes: _Genomes,
    median: Annotated[
        int,
        typer.Option(
            "--median",
            min=1,
            help="Median length of a contig before short ones are skipped, in bases.",
            rich_help_panel=_CONTIGS,
        ),
    ] = defaults.CONTIG_MEDIAN_BP,
    length_spread: Annotated[
        float,
        typer.Option(
            "--length-spread", min=0.0, help="Standard deviation of the log length.", rich_help_panel=_CONTIGS
        ),
    ] = defaults.CONTIG_SPREAD,
    shortest: Annotated[
        int,
        typer.Option("--shortest", min=1, help="Skip contigs shorter than this, in bases.", rich_help_panel=_CONTIGS),
    ] = defaults.CONTIG_LEAST_BP,
    assembled: Annotated[
        float,
        typer.Option(
            "--assembled", min=0.0, max=1.0, help="Share of each genome that is in contigs.", rich_help_panel=_CONTIGS
        ),
    ] = defaults.ASSEMBLED_SHARE,
    max_n: _MaxN = defaults.MAX_N_SHARE,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Number of samples in the depth table.", rich_help_panel=_DEPTH)
    ] = defaults.SAMPLES,
    mean_depth: Annotated[
        float,
        typer.Option("--mean-depth", min=0.0, help="Mean depth of a sample over all genomes.", rich_help_panel=_DEPTH),
    ] = defaults.MEAN_DEPTH,
    depth_spread: Annotated[
        float,
        typer.Option(
            "--depth-spread",
            min=0.0,
            help="Standard deviation of the log depth of genomes.",
            rich_help_panel=_DEPTH,
        ),
    ] = defaults.ABUNDANCE_SPREAD,
    noise: Annotated[
        float,
        typer.Option(
            "--noise",
            min=0.0,
            help="Relative noise in the depth of a 1 kb contig, beyond that of counting reads.",
            rich_help_panel=_DEPTH,
        ),
    ] = defaults.DEPTH_NOISE,
    per_sample_assemblies: Annotated[
        bool,
        typer.Option(
            "--per-sample-assemblies",
            help="Make one assembly for each sample, and contigs.fa.gz their catalogue for `bin --separator :`.",
            rich_help_panel=_CONTIGS,
        ),
    ] = False,
    *,
    to: SetFlags,
    messages: opt.MessageFlags,
) -> None:
    """Make the assembly of a small metagenome, with depth and truth.

    Writes contigs.fa.gz, depth.tsv, gold.biobox.tsv and abundances.tsv.
    """
    messages.start()
    from ...pipelines.genomes.assemblies import simulate_assemblies
    from ...pipelines.genomes.metagenome import ContigLaw, DepthLaw
    from ...pipelines.genomes.metagenome import simulate_metagenome as simulate_one

    contigs = ContigLaw(median, length_spread, shortest, assembled, max_n)
    law = DepthLaw(samples, mean_depth, depth_spread, noise)
    run = simulate_assemblies if per_sample_assemblies else simulate_one
    with progress(quiet=messages.quiet) as shown:
        report = run(
            to.source(genomes),
            to.output,
            contigs=contigs,
            depth=law,
            seed=to.seed,
            existing=to.existing(),
            argv=sys.argv,
            progress=shown,
        )
    say(
        f"{report.n_contigs:,} contigs, {scaled(report.total_bp, 'bp')}, of {report.n_genomes:,} genomes in "
        f"{duration(report.seconds)}"
    )


def _make_fragments(
    genomes: list[str], *, to: SetFlags, cut: FragmentFlags, counts: FragmentCounts, quiet: bool
) -> None:
    from ...pipelines.genomes.fragments import simulate_fragments

    with progress(quiet=quiet) as shown:
        report = simulate_fragments(
            to.source(genomes),
            to.output,
            spec=cut.spec(),
            counts=counts,
            seed=to.seed,
            existing=to.existing(),
            argv=sys.argv,
            progress=shown,
        )
    say(
        f"{report.n_fragments:,} fragments, {scaled(report.total_bp, 'bp')}, of {report.n_species:,} species in "
        f"{duration(report.seconds)}"
    )


add_command(simulate, "simulate clustering", run=simulate_clustering)
add_command(simulate, "simulate binning", run=simulate_binning)
add_command(simulate, "simulate metagenome", run=simulate_metagenome)
