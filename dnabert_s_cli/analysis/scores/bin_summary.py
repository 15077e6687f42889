"""One line of figures for a whole binning, with the definitions of AMBER, so that they compare with published ones.

What bins and genomes share -> means over bins and over genomes, shares of the sample, pair-counting indices; each in
bases (`bp`) and in contigs (`seq`).

Source: AMBER, Meyer et al. 2018, GigaScience 7(6), giy069, and the definitions that version 2.0.8 computes: a bin
stands for the genome with most bases in it, also where contigs are counted; completeness of a genome is that of the bin
that holds most of its bases, whatever that bin stands for. CAMI 1 counts completeness per bin, and 0 for each genome
that no bin stands for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .confusion import NONE, Confusion


@dataclass(frozen=True, slots=True)
class BinSummary:
    """Figures of a binning in one unit, bases or contigs; all but `binned` and `accuracy` may be NaN without bins.

    Attributes:
        binned: share of the sample that is in bins.
        accuracy: share of the sample that is in a bin that stands for its genome.
        misclassification: share of what is binned that is in a bin that stands for another genome.
        avg_completeness, avg_completeness_sem: mean over genomes of the completeness in their largest bin, and its
            standard error.
        avg_purity, avg_purity_sem: mean over bins of the purity, and its standard error.
        f1: harmonic mean of `avg_completeness` and `avg_purity`: AMBER's "F1 score".
        total_completeness, total_purity, total_f1: the same of all genomes or bins added up: AMBER's "per bp".
        cami1_completeness, cami1_f1: with completeness as in CAMI 1.
        rand_index, ari: Rand index of what is binned, plain and adjusted for chance.
    """

    binned: float
    accuracy: float
    misclassification: float
    avg_completeness: float
    avg_completeness_sem: float
    avg_purity: float
    avg_purity_sem: float
    f1: float
    total_completeness: float
    total_purity: float
    total_f1: float
    cami1_completeness: float
    cami1_f1: float
    rand_index: float
    ari: float


def summarize_bins(shared: Confusion) -> tuple[BinSummary, BinSummary]:
    """Figures in bases and in contigs."""
    in_bp = _summary(shared, shared.pair_bp, genome_sizes=shared.genome_bp, bin_sizes=shared.bin_bp)
    in_contigs = _summary(shared, shared.pair_contigs, genome_sizes=shared.genome_contigs, bin_sizes=shared.bin_contigs)
    return in_bp, in_contigs


def n_recovered(shared: Confusion, *, above_completeness: float, below_contamination: float) -> int:
    """Genomes that a bin stands for with more than this completeness and less than this contamination, in bases."""
    main = shared.main_pairs_of_bins()
    genome_index = shared.pair_genome[main]
    completeness = shared.pair_bp[main] / np.maximum(shared.genome_bp[genome_index], 1)
    purity = shared.pair_bp[main] / np.maximum(shared.bin_bp, 1)
    good = (completeness > above_completeness) & (purity > 1 - below_contamination)
    return len(np.unique(genome_index[good]))


def genome_completeness(
    shared: Confusion, amounts: NDArray[np.int64], *, genome_sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(G,) share of each genome that is in the bin with most of its bases.

    Args:
        amounts: (P,) bases or contigs of each pair.
        genome_sizes: (G,) the same of each genome.
    """
    return _largest_parts(shared, amounts) / np.maximum(genome_sizes, 1)


def _summary(
    shared: Confusion,
    amounts: NDArray[np.int64],
    *,
    genome_sizes: NDArray[np.int64],
    bin_sizes: NDArray[np.int64],
) -> BinSummary:
    main = shared.main_pairs_of_bins()
    true_of_bins, genome_of_bins = amounts[main], shared.pair_genome[main]
    per_bin = true_of_bins / np.maximum(bin_sizes, 1)
    per_genome = genome_completeness(shared, amounts, genome_sizes=genome_sizes)
    n_unmapped = len(genome_sizes) - len(np.unique(genome_of_bins))
    per_bin_completeness = true_of_bins / np.maximum(genome_sizes[genome_of_bins], 1)
    cami1 = np.concatenate([per_bin_completeness, np.zeros(n_unmapped)])
    sample, binned, right = (int(part.sum()) for part in (genome_sizes, bin_sizes, true_of_bins))
    completeness, purity = _ratio(int(_largest_parts(shared, amounts).sum()), sample), _ratio(right, binned)
    rand_index, ari = _rand_indices(shared, amounts, bin_sizes=bin_sizes)
    return BinSummary(
        binned=_ratio(binned, sample),
        accuracy=_ratio(right, sample),
        misclassification=1 - purity,
        avg_completeness=_mean(per_genome),
        avg_completeness_sem=_standard_error(per_genome),
        avg_purity=_mean(per_bin),
        avg_purity_sem=_standard_error(per_bin),
        f1=_harmonic(_mean(per_genome), _mean(per_bin)),
        total_completeness=completeness,
        total_purity=purity,
        total_f1=_harmonic(completeness, purity),
        cami1_completeness=_mean(cami1),
        cami1_f1=_harmonic(_mean(cami1), _mean(per_bin)),
        rand_index=rand_index,
        ari=ari,
    )


def _largest_parts(shared: Confusion, amounts: NDArray[np.int64]) -> NDArray[np.int64]:
    """(G,) what each genome has in the bin with most of its bases; 0 if all of it is unbinned."""
    largest = shared.main_pairs_of_genomes()
    parts = np.zeros(len(largest), dtype=np.int64)
    parts[largest != NONE] = amounts[largest[largest != NONE]]
    return parts


def _rand_indices(
    shared: Confusion, amounts: NDArray[np.int64], *, bin_sizes: NDArray[np.int64]
) -> tuple[float, float]:
    """Rand index and adjusted Rand index of what is binned; pairs of bases overflow 64 bits, so in Python's integers.

    Source: Hubert and Arabie 1985, J. Classification 2, 193-218, eq. 5, in AMBER's conventions for empty input.
    """
    binned_genomes = np.zeros(len(shared.genomes), dtype=np.int64)
    np.add.at(binned_genomes, shared.pair_genome, amounts)
    both, in_bins, in_genomes = (_n_pairs(part.tolist()) for part in (amounts, bin_sizes, binned_genomes))
    total = math.comb(int(amounts.sum()), 2)
    if total == 0:
        return 0.0, 1.0
    expected = in_bins * (in_genomes / total)
    span = (in_bins + in_genomes) / 2 - expected
    return (total - in_bins - in_genomes + 2 * both) / total, (both - expected) / span if span else 1.0


def _n_pairs(sizes: Iterable[int]) -> int:
    return sum(math.comb(size, 2) for size in sizes)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else math.nan


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _harmonic(first: float, second: float) -> float:
    return 2 * first * second / (first + second) if first + second > 0 else math.nan
