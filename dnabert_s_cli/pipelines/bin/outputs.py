"""What `bin` writes: FASTA of each bin, the tables, and the report.

Numbers of bins -> a pass over the contigs that writes them and notes their GC -> bins.tsv with depth and quality ->
a map of the contigs -> report.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...analysis.binning.quality import bin_quality
from ...analysis.layout import n_steps
from ...analysis.markers.search import MarkerHits
from ...analysis.projection import project_2d
from ...io.bins.writing import BinName, BinStats, write_bin_table, write_bins, write_biobox, write_contig2bin
from ...io.sequences.reading import InputSummary
from ...reports.columns import MapContigs, summarise_bins
from ...reports.report import ReportContent, run_facts, write_report
from ..progress import Progress
from ..vectors.inputs import SequenceInput

CONTIG2BIN, BIN_TABLE, BIOBOX, REPORT = "contig2bin.tsv", "bins.tsv", "bins.biobox.tsv", "report.html"


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """What is written.

    Args:
        gzip: compress the bins' FASTA files.
        unbinned: also write the contigs of no bin.
        biobox: also write CAMI's binning format, with this `sample_id`.
        report: write report.html.
        names: say what the bins are.
    """

    gzip: bool = False
    unbinned: bool = False
    biobox: bool = False
    sample_id: str = ""
    report: bool = True
    names: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class BinnedContigs:
    """N contigs and what became of them.

    Args:
        bins: (N,) int64 number of each one's bin; 0 for none.
        unit: (N, D) float32 unit vectors, for the map.
        depth: (N, S) float32, or None; `samples` names its columns.
        hits: marker genes, or None.
    """

    ids: Sequence[str]
    lengths_bp: np.ndarray
    bins: np.ndarray
    unit: np.ndarray
    depth: np.ndarray | None = None
    samples: Sequence[str] = ()
    hits: MarkerHits | None = None

    def quality(self) -> dict[int, tuple[float, float]] | None:
        """Completeness and contamination, percent, of each bin; None without markers."""
        if self.hits is None:
            return None
        found = bin_quality(self.hits, self.bins - 1)
        both = zip(found.completeness.tolist(), found.contamination.tolist(), strict=True)
        return dict(enumerate(both, start=1))

    def depth_of_bins(self) -> dict[int, list[float]] | None:
        """Mean depth of each bin, weighted by length."""
        if self.depth is None:
            return None
        numbers = np.unique(self.bins[self.bins > 0])
        means = {}
        for number in numbers.tolist():
            members = self.bins == number
            means[number] = np.average(self.depth[members], axis=0, weights=self.lengths_bp[members]).tolist()
        return means


@dataclass(frozen=True, slots=True, eq=False)
class WrittenBins:
    """The bins that were written, their quality and names where known, GC of each contig, and the bases left out."""

    stats: Sequence[BinStats]
    quality: Mapping[int, tuple[float, float]] | None
    gc: np.ndarray
    short_bp: int
    names: Mapping[int, BinName] | None = None


def write_outputs(
    folder: Path,
    contigs: SequenceInput,
    *,
    binned: BinnedContigs,
    options: OutputOptions,
    names: Mapping[int, BinName] | None = None,
) -> WrittenBins:
    """Bins, tables and what else was asked for, into `folder`; all but the report."""
    pairs = [(name, number) for name, number in zip(binned.ids, binned.bins.tolist(), strict=True) if number]
    pairs.sort(key=lambda pair: pair[1])  # stable: input order within a bin
    noted = _Noted()
    records = noted.passing(replace(contigs, min_length_bp=0))
    stats = write_bins(folder, records, bin_of=dict(pairs), gzip=options.gzip, unbinned=options.unbinned)
    quality = binned.quality()
    write_contig2bin(folder / CONTIG2BIN, pairs)
    depth = binned.depth_of_bins()
    write_bin_table(folder / BIN_TABLE, stats, samples=binned.samples, depth=depth, quality=quality, names=names)
    if options.biobox:
        write_biobox(folder / BIOBOX, pairs, sample_id=options.sample_id)
    gc = np.array([noted.gc_of[name] for name in binned.ids], dtype=np.float64)
    return WrittenBins(stats, quality, gc, noted.total_bp - int(binned.lengths_bp.sum()), names)


def map_contigs(binned: BinnedContigs, *, gc: np.ndarray, seed: int, threads: int, progress: Progress) -> MapContigs:
    """The contigs with their places on a map of their vectors."""
    progress.start("drawing the map", n_steps(), unit="steps")
    xy = project_2d(binned.unit, binned.lengths_bp, seed=seed, threads=threads, on_step=progress.advance)
    return MapContigs(binned.ids, binned.lengths_bp, binned.bins, xy, gc, binned.depth, binned.samples)


def write_bin_report(
    folder: Path,
    contigs: MapContigs,
    *,
    written: WrittenBins,
    run: Mapping[str, object],
    title: str,
    summary: InputSummary,
) -> None:
    """report.html, into `folder`."""
    content = ReportContent(
        title=title or "bins",
        contigs=contigs,
        bins=summarise_bins(contigs, quality=written.quality, names=written.names),
        run=run_facts(run),
        left_out=(summary.n_short, written.short_bp),
    )
    write_report(folder / REPORT, content)


class _Noted:
    """What is noted of every record, short ones too, on its way into the bins."""

    def __init__(self) -> None:
        self.gc_of: dict[str, float] = {}
        self.total_bp = 0

    def passing(self, contigs: SequenceInput) -> Iterator[tuple[str, str]]:
        """Id and sequence of every record."""
        for record in contigs.records():
            counts = {base: record.sequence.count(base) for base in "ACGT"}
            n_known = sum(counts.values())
            self.gc_of[record.id] = (counts["G"] + counts["C"]) / n_known if n_known else np.nan
            self.total_bp += len(record.sequence)
            yield record.id, record.sequence
