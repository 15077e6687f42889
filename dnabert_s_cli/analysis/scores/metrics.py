"""How good a clustering or a binning is when the truth is known.

Truth and labels per sequence -> scores of the partition; truth and nearest neighbours -> how many are right. Genome,
bin and length per contig -> base pairs of each genome in each bin -> completeness, purity and F1 of each bin -> the
best bin of each genome.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import adjusted_rand_score, homogeneity_completeness_v_measure

from .confusion import Confusion, count_shared


@dataclass(frozen=True, slots=True)
class ClusteringScores:
    """Agreement of a clustering with the truth; 1 is perfect in each."""

    ari: float
    nmi: float
    homogeneity: float
    completeness: float


@dataclass(frozen=True, slots=True, eq=False)
class BinningScores:
    """Quality of bins by base pairs, in AMBER's words.

    A bin stands for the genome that has most bases in it, and for that one only.

    Attributes:
        genomes: (G,) names, sorted.
        genome_bp: (G,) int64 bases of each genome among all contigs, binned or not.
        best_bin: (G,) int64 number of the bin with the best F1 of those that stand for the genome; 0 for none.
        best_f1: (G,) float64 F1 of that bin; 0 for none.
        bins: (M,) int64 bin numbers, ascending.
        bin_bp: (M,) int64 bases in each bin.
        most_abundant_genome: (M,) int64 place in `genomes`; of equal ones the one whose contig comes first.
        completeness_bp: (M,) float64 share of that genome's bases that are in the bin.
        purity_bp: (M,) float64 share of the bin's bases that are that genome's.
        f1_score_bp: (M,) float64 harmonic mean of the two.
    """

    genomes: NDArray[np.str_]
    genome_bp: NDArray[np.int64]
    best_bin: NDArray[np.int64]
    best_f1: NDArray[np.float64]
    bins: NDArray[np.int64]
    bin_bp: NDArray[np.int64]
    most_abundant_genome: NDArray[np.int64]
    completeness_bp: NDArray[np.float64]
    purity_bp: NDArray[np.float64]
    f1_score_bp: NDArray[np.float64]

    @property
    def mean_f1(self) -> float:
        """Mean over all genomes of the F1 of their best bin; 0 without genomes."""
        return float(self.best_f1.mean()) if len(self.best_f1) else 0.0

    def n_recovered(self, *, min_completeness: float, min_purity: float) -> int:
        """Number of genomes that one bin or more stands for with at least this completeness and purity."""
        good = (self.completeness_bp >= min_completeness) & (self.purity_bp >= min_purity)
        return len(np.unique(self.most_abundant_genome[good]))


def clustering_scores(truth: ArrayLike, labels: ArrayLike) -> ClusteringScores:
    """Scores of (N,) labels against (N,) true classes; a label such as -1 counts as a cluster of its own."""
    homogeneity, completeness, nmi = homogeneity_completeness_v_measure(truth, labels)
    ari = adjusted_rand_score(truth, labels)
    return ClusteringScores(float(ari), float(nmi), float(homogeneity), float(completeness))


def nearest_neighbour_accuracy(truth: ArrayLike, nearest: NDArray[np.int64]) -> float:
    """Share of records whose nearest other record is of their class; those alone in their class do not count.

    Args:
        nearest: (N,) index of the nearest other record of each. 0 is returned where no class has two records.
    """
    classes, counts = np.unique(np.asarray(truth), return_inverse=True, return_counts=True)[1:]
    has_others = counts[classes] > 1
    is_right = classes[nearest] == classes
    return float(is_right[has_others].mean()) if has_others.any() else 0.0


def purity(truth: ArrayLike, labels: ArrayLike) -> float:
    """Share of the (N,) records in a cluster, numbered from 1, whose class is the commonest there; NaN for none."""
    clusters = np.maximum(np.asarray(labels, dtype=np.int64), 0)
    shared = count_shared(truth, clusters, lengths_bp=np.ones(len(clusters), dtype=np.int64))
    n_clustered = int(shared.bin_contigs.sum())
    return int(shared.pair_contigs[shared.main_pairs_of_bins()].sum()) / n_clustered if n_clustered else math.nan


def score_bins(genomes: ArrayLike, bins: ArrayLike, *, lengths_bp: ArrayLike) -> BinningScores:
    """Completeness, purity and F1 of each bin and the best bin of each genome.

    Completeness is relative to all contigs given: hand in also those that were too short to be binned, as 0.

    Args:
        genomes: (N,) name of each contig's true genome.
        bins: (N,) whole numbers, 0 for unbinned.
        lengths_bp: (N,) contig lengths in bases.
    """
    return score_confusion(count_shared(genomes, bins, lengths_bp=lengths_bp))


def score_confusion(shared: Confusion) -> BinningScores:
    """`score_bins` of what has been counted before."""
    main = shared.main_pairs_of_bins()
    majority, majority_bp = shared.pair_genome[main], shared.pair_bp[main]
    bin_bp, genome_bp = shared.bin_bp, shared.genome_bp[majority]
    f1 = 2 * majority_bp / np.maximum(genome_bp + bin_bp, 1)
    best_bin, best_f1 = _best_bins(majority, f1, numbers=shared.bins, n_genomes=len(shared.genomes))
    return BinningScores(
        genomes=shared.genomes,
        genome_bp=shared.genome_bp,
        best_bin=best_bin,
        best_f1=best_f1,
        bins=shared.bins,
        bin_bp=bin_bp,
        most_abundant_genome=majority,
        completeness_bp=majority_bp / np.maximum(genome_bp, 1),
        purity_bp=majority_bp / np.maximum(bin_bp, 1),
        f1_score_bp=f1,
    )


def _best_bins(
    majority: NDArray[np.int64], f1: NDArray[np.float64], *, numbers: NDArray[np.int64], n_genomes: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    best_bin = np.zeros(n_genomes, dtype=np.int64)
    best_f1 = np.zeros(n_genomes)
    order = np.lexsort((-numbers, f1))  # the last written stays: best F1, then lowest number
    best_bin[majority[order]] = numbers[order]
    best_f1[majority[order]] = f1[order]
    return best_bin, best_f1
