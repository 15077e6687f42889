"""What `bin` writes: FASTA of each bin, the tables, and the report.

Numbers of bins -> what each adds up to -> a pass over the contigs that writes them, and the tables -> a map of the
contigs -> report.html.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from ... import defaults
from ...analysis.binning.quality import bin_quality
from ...analysis.layout import n_steps
from ...analysis.markers.search import MarkerHits
from ...analysis.projection import project_2d
from ...io.bins.stats import BinName, BinStats, summarise_bins
from ...io.bins.writing import (
    SpeciesRow,
    write_bin_table,
    write_bins,
    write_biobox,
    write_contig2bin,
    write_elements,
    write_species,
)
from ...io.sequences.reading import InputSummary
from ...reports.columns import MapContigs
from ...reports.multiqc import SampleRow, write_multiqc
from ...reports.report import ReportContent, run_facts, write_report
from ..cluster.methods import ClusterOptions
from ..progress import Progress
from ..vectors.inputs import SequenceInput
from .contigs import Contigs
from .groups import Bins
from .naming import BinNamer
from .samples import own_name, split_names

CONTIG2BIN, BIN_TABLE, BIOBOX, REPORT = "contig2bin.tsv", "bins.tsv", "bins.biobox.tsv", "report.html"
SPECIES, ELEMENTS, UNBINNED = "species.tsv", "elements.tsv", "unbinned"
CONTIG_TABLE = "contigs.tsv"


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What is written.

    Args:
        gzip: compress the bins' FASTA files.
        unbinned: also write the contigs of no bin.
        biobox: also write CAMI's binning format, with this `sample_id`.
        report: write report.html.
        names: say what the bins are.
        prefix: what the names of bins, of the file of other contigs and of those for MultiQC begin with, before a dot.
        strip_sample: contigs of a catalogue have their own names, without the sample, in the bins.
        multiqc: also write files for MultiQC: one row, named `prefix` or else `sample_id`, or one for each sample.
        h5ad: also write the contigs with their vectors to this file, for scanpy.
        contig_table: also write how sure each contig is in its bin, and which are chimeras.
        references: a file of references that say what bins are; None for the built-in ones.
    """

    gzip: bool = False
    unbinned: bool = False
    biobox: bool = False
    sample_id: str = ""
    report: bool = True
    names: bool = True
    prefix: str = ""
    strip_sample: bool = False
    multiqc: bool = False
    h5ad: Path | None = None
    contig_table: bool = False
    references: Path | None = None

    @property
    def name_prefix(self) -> str:
        """The prefix with its dot."""
        return f"{self.prefix}." if self.prefix else ""


@dataclass(frozen=True, slots=True)
class BinOptions:
    """How contigs become bins, and what is written.

    Args:
        clustering: method, threshold and seed.
        min_bin_bp: bases from which a cluster is a bin.
    """

    clustering: ClusterOptions
    min_bin_bp: int = defaults.MIN_BIN_BP
    outputs: OutputOptions = field(default_factory=OutputOptions)


@dataclass(frozen=True, slots=True, eq=False)
class BinnedContigs:
    """N contigs and what became of them.

    Args:
        embeddings: (N, D) float32; may be on disk.
        depth: (N, S) float32, or None; `samples` names its columns.
        hits: marker genes, or None.
    """

    contigs: Contigs
    bins: Bins
    embeddings: np.ndarray
    depth: np.ndarray | None = None
    samples: Sequence[str] = ()
    hits: MarkerHits | None = None

    def stats(self) -> list[BinStats]:
        """What each bin adds up to."""
        contigs, bins = self.contigs, self.bins
        rows = summarise_bins(
            bins.of_contigs,
            contigs.lengths_bp,
            gc=contigs.gc,
            known_bp=contigs.known_bp,
            depth=self.depth,
            quality=self._quality(),
        )
        samples: Sequence[str | None] = bins.samples or [None] * len(rows)
        sources: Sequence[str | None] = bins.sources or [None] * len(rows)
        agreement: Sequence[float | None] = bins.agreement or [None] * len(rows)
        circular = self._circular_bins()
        columns = zip(rows, bins.names, samples, sources, agreement, strict=True)
        return [
            replace(row, name=name, sample=sample, circular=row.number in circular, source=source, agreement=agreed)
            for row, name, sample, source, agreed in columns
        ]

    def pairs(self) -> list[tuple[str, str]]:
        """Contig and bin, by bin, then by input; those of no bin are left out."""
        numbered = zip(self.bins.of_contigs.tolist(), self.contigs.ids, strict=True)
        in_order = sorted((pair for pair in numbered if pair[0]), key=lambda pair: pair[0])
        return [(name, self.bins.names[number - 1]) for number, name in in_order]

    def elements(self) -> list[tuple[str, int, float, Sequence[float]]]:
        """Circular contigs in no bin: name, length, GC, depths."""
        contigs = self.contigs
        rows = np.flatnonzero(contigs.is_circular & (self.bins.of_contigs == 0)).tolist()
        depths = [() if self.depth is None else self.depth[row].tolist() for row in rows]
        return [
            (contigs.ids[row], int(contigs.lengths_bp[row]), float(contigs.gc[row]), depth)
            for row, depth in zip(rows, depths, strict=True)
        ]

    def sample_row(
        self, name: str, rows: np.ndarray, *, bins: Sequence[BinStats], short_bp: int | None = None
    ) -> SampleRow:
        """What became of the contigs of one sample, by their `rows`."""
        depth = None if self.depth is None else self.depth[rows]
        return SampleRow(
            name=name,
            bins=bins,
            n_contigs=len(rows),
            total_bp=int(self.contigs.lengths_bp[rows].sum()),
            short_bp=short_bp,
            n_with_depth=None if depth is None else int(np.any(depth > 0, axis=1).sum()),
        )

    def _circular_bins(self) -> set[int]:
        """Numbers of the bins that are one circular contig."""
        of_contigs = self.bins.of_contigs
        is_alone = np.bincount(of_contigs)[of_contigs] == 1
        return set(of_contigs[self.contigs.is_circular & is_alone & (of_contigs > 0)].tolist())

    def _quality(self) -> dict[int, tuple[float, float]]:
        """Completeness and contamination, percent, of each bin; empty without markers."""
        if self.hits is None:
            return {}
        found = bin_quality(self.hits, self.bins.of_contigs - 1)
        both = zip(found.completeness.tolist(), found.contamination.tolist(), strict=True)
        return dict(enumerate(both, start=1))


def write_fasta(
    folder: Path,
    source: SequenceInput,
    *,
    binned: BinnedContigs,
    namer: BinNamer | None = None,
    options: OutputOptions,
) -> dict[str, BinName] | None:
    """FASTA of the bins, and of the other contigs if asked for, into `folder`. Returns what each bin is, by its name.

    Args:
        namer: says what the bins are, by the contigs as they pass; None where that is not asked for.
    """
    bins = binned.bins
    everything = replace(source, min_length_bp=0) if options.unbinned else source  # short ones are unbinned, too
    records = everything.records() if namer is None else namer.passing(everything.records())
    write_bins(
        folder,
        ((record.id, record.sequence) for record in records),
        bin_of=dict(binned.pairs()),
        gzip=options.gzip,
        unbinned=f"{options.name_prefix}{UNBINNED}" if options.unbinned else None,
        shown=partial(own_name, separator=bins.separator) if bins.separator and options.strip_sample else str,
    )
    return None if namer is None else {bins.names[number - 1]: taxon for number, taxon in namer.found().items()}


def write_tables(
    folder: Path,
    binned: BinnedContigs,
    *,
    stats: Sequence[BinStats],
    species: Sequence[SpeciesRow] | None = None,
    taxa: Mapping[str, BinName] | None = None,
    options: OutputOptions,
) -> list[BinStats]:
    """All tables, into `folder`. Returns the bins with their taxa.

    Args:
        species: bins linked over samples; None where there is one sample.
        taxa: what each bin is, by its name; None where that is not asked for.
    """
    pairs = binned.pairs()
    write_contig2bin(folder / CONTIG2BIN, pairs)
    stats = [replace(row, taxon=(taxa or {}).get(row.name)) for row in stats]
    write_bin_table(
        folder / BIN_TABLE,
        stats,
        samples=binned.samples,
        has_quality=binned.hits is not None,
        has_names=taxa is not None,
        by_sample=species is not None,
    )
    write_elements(folder / ELEMENTS, binned.elements(), samples=binned.samples)
    if species is not None:
        write_species(folder / SPECIES, species)
    if options.biobox:
        write_biobox(folder / BIOBOX, pairs, sample_id=options.sample_id)
    return stats


def map_contigs(binned: BinnedContigs, *, seed: int, threads: int, progress: Progress) -> MapContigs:
    """The contigs with their places on a map of their vectors."""
    contigs = binned.contigs
    progress.start("drawing the map", n_steps(), unit="steps")
    xy = project_2d(binned.bins.unit, contigs.lengths_bp, seed=seed, threads=threads, on_step=progress.advance)
    return MapContigs(
        contigs.ids, contigs.lengths_bp, binned.bins.of_contigs, xy, contigs.gc, binned.depth, binned.samples
    )


def write_multiqc_files(
    folder: Path, binned: BinnedContigs, *, stats: Sequence[BinStats], options: OutputOptions, summary: InputSummary
) -> None:
    """What MultiQC shows of the run, into `folder`; nothing unless it was asked for."""
    if not options.multiqc:
        return
    separator = binned.bins.separator
    if separator is None:
        name, every = options.prefix or options.sample_id or "bins", np.arange(len(binned.contigs.ids))
        rows = [binned.sample_row(name, every, bins=stats, short_bp=summary.short_bp)]
    else:
        samples = split_names(binned.contigs.ids, separator)
        own = {name: [row for row in stats if row.sample == name] for name in samples.names}
        rows = [
            binned.sample_row(name, contigs, bins=own[name])
            for name, contigs in zip(samples.names, samples.rows(), strict=True)
        ]
    write_multiqc(folder, rows, prefix=options.name_prefix)


def write_bin_report(
    folder: Path,
    contigs: MapContigs,
    *,
    stats: Sequence[BinStats],
    run: Mapping[str, object],
    title: str,
    summary: InputSummary,
) -> None:
    """report.html, into `folder`."""
    content = ReportContent(
        title=title or "bins",
        contigs=contigs,
        bins=stats,
        run=run_facts(run),
        left_out=(summary.n_short, summary.short_bp),
    )
    write_report(folder / REPORT, content)
