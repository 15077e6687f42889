"""One binning with its figures, and the rows that files and plot take from it.

What bins and genomes share, and the figures that follow -> one row for the binning, one for each bin and genome.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from ...analysis.scores.bin_summary import BinSummary, genome_completeness
from ...analysis.scores.confusion import Confusion
from ...analysis.scores.metrics import BinningScores
from ...io.bins.scores import BinRow, GenomeRow
from ...reports.plots import BinningPoint


@dataclass(frozen=True, slots=True, eq=False)
class ScoredBinning:
    """One binning and how good it is.

    Attributes:
        bin_names: (M,) as the binning calls them, in the order of their first contigs.
        n_unknown: contigs of the binning that are not in the gold standard.
        recovered: genomes of each pair of levels, by the name of its column.
    """

    name: str
    bin_names: tuple[str, ...]
    shared: Confusion
    scores: BinningScores
    in_bp: BinSummary
    in_seq: BinSummary
    recovered: Mapping[str, int]
    n_unknown: int

    def row(self) -> dict[str, str | int | float]:
        """Column -> value, as in the table that is written."""
        sides = (("bp", asdict(self.in_bp)), ("seq", asdict(self.in_seq)))
        figures = {f"{name}_{unit}": value for unit, side in sides for name, value in side.items()}
        counts = {"binning": self.name, "n_genomes": len(self.shared.genomes), "n_bins": len(self.bin_names)}
        return {**counts, "n_unknown": self.n_unknown, **self.recovered, "mean_f1": self.scores.mean_f1, **figures}


def bin_rows(one: ScoredBinning) -> list[BinRow]:
    """A row for each bin, in the order of `bin_names`."""
    shared, scores = one.shared, one.scores
    main = shared.main_pairs_of_bins()
    n_true, n_genome = shared.pair_contigs[main], shared.genome_contigs[scores.most_abundant_genome]
    return [
        BinRow(
            binning=one.name,
            bin=one.bin_names[number - 1],
            genome=str(shared.genomes[scores.most_abundant_genome[place]]),
            n_contigs=int(shared.bin_contigs[place]),
            total_bp=int(scores.bin_bp[place]),
            completeness_bp=float(scores.completeness_bp[place]),
            purity_bp=float(scores.purity_bp[place]),
            f1_bp=float(scores.f1_score_bp[place]),
            completeness_seq=float(n_true[place] / n_genome[place]),
            purity_seq=float(n_true[place] / shared.bin_contigs[place]),
        )
        for place, number in enumerate(shared.bins.tolist())
    ]


def genome_rows(one: ScoredBinning) -> list[GenomeRow]:
    """A row for each genome, sorted by name."""
    shared, scores = one.shared, one.scores
    in_bp = genome_completeness(shared, shared.pair_bp, genome_sizes=shared.genome_bp)
    in_seq = genome_completeness(shared, shared.pair_contigs, genome_sizes=shared.genome_contigs)
    largest = shared.main_pairs_of_genomes()
    names = np.array(["", *one.bin_names])  # 0 and no pair: no bin
    largest_bin = np.where(largest >= 0, shared.pair_bin[largest] + 1, 0) if len(shared.pair_bin) else 0 * largest
    return [
        GenomeRow(
            binning=one.name,
            genome=str(genome),
            n_contigs=int(shared.genome_contigs[place]),
            total_bp=int(shared.genome_bp[place]),
            largest_bin=str(names[largest_bin[place]]),
            completeness_bp=float(in_bp[place]),
            completeness_seq=float(in_seq[place]),
            best_bin=str(names[scores.best_bin[place]]),
            best_f1_bp=float(scores.best_f1[place]),
        )
        for place, genome in enumerate(shared.genomes)
    ]


def plot_point(one: ScoredBinning) -> BinningPoint:
    """What the plot shows of a binning."""
    part = one.in_bp
    return BinningPoint(
        name=one.name,
        purity=(part.avg_purity, part.avg_purity_sem),
        completeness=(part.avg_completeness, part.avg_completeness_sem),
        recovered=dict(one.recovered),
    )
