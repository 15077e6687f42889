"""What bins and genomes share: the table that every measure of a binning follows from.

Genome, bin and length of each contig -> bases and contigs of each pair of bin and genome that share some -> for each
bin the genome that has most bases in it, for each genome the bin that holds most of its bases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNBINNED = 0
NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """Pairs of a bin and a genome that share contigs, in the order in which their first contigs come.

    Attributes:
        genomes: (G,) names, sorted.
        genome_bp: (G,) int64 bases of each genome among all contigs, binned or not.
        genome_contigs: (G,) int64, the same in contigs.
        bins: (M,) int64 bin numbers, ascending; without 0, the unbinned.
        pair_bin: (P,) int64 place in `bins`.
        pair_genome: (P,) int64 place in `genomes`.
        pair_bp: (P,) int64 bases that the two share.
        pair_contigs: (P,) int64 contigs that the two share.
    """

    genomes: NDArray[np.str_]
    genome_bp: NDArray[np.int64]
    genome_contigs: NDArray[np.int64]
    bins: NDArray[np.int64]
    pair_bin: NDArray[np.int64]
    pair_genome: NDArray[np.int64]
    pair_bp: NDArray[np.int64]
    pair_contigs: NDArray[np.int64]

    @property
    def bin_bp(self) -> NDArray[np.int64]:
        """(M,) int64 bases in each bin."""
        return _sums(self.pair_bin, self.pair_bp, n_groups=len(self.bins))

    @property
    def bin_contigs(self) -> NDArray[np.int64]:
        """(M,) int64 contigs in each bin."""
        return _sums(self.pair_bin, self.pair_contigs, n_groups=len(self.bins))

    def main_pairs_of_bins(self) -> NDArray[np.int64]:
        """(M,) int64 the pair in which each bin has most bases; of equal ones the first."""
        return _largest(self.pair_bin, self.pair_bp, n_groups=len(self.bins))

    def main_pairs_of_genomes(self) -> NDArray[np.int64]:
        """(G,) int64 the pair in which each genome has most bases; of equal ones the first; -1 if all is unbinned."""
        return _largest(self.pair_genome, self.pair_bp, n_groups=len(self.genomes))


def count_shared(genomes: ArrayLike, bins: ArrayLike, *, lengths_bp: ArrayLike) -> Confusion:
    """Count what each bin shares with each genome.

    Args:
        genomes: (N,) name of each contig's true genome.
        bins: (N,) whole numbers, 0 for unbinned.
        lengths_bp: (N,) contig lengths in bases.
    """
    names, genome_index = np.unique(np.asarray(genomes, dtype=np.str_), return_inverse=True)
    numbers = np.asarray(bins, dtype=np.int64)
    lengths = np.asarray(lengths_bp, dtype=np.int64)
    if not len(genome_index) == len(numbers) == len(lengths):
        raise ValueError("genomes, bins and lengths_bp must be of one length")
    binned = numbers != UNBINNED
    found, bin_index = np.unique(numbers[binned], return_inverse=True)
    keys = bin_index * max(len(names), 1) + genome_index[binned]
    pairs, first, pair_index = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    pair_bin, pair_genome = np.divmod(pairs[order], max(len(names), 1))
    return Confusion(
        genomes=names,
        genome_bp=_sums(genome_index, lengths, n_groups=len(names)),
        genome_contigs=np.bincount(genome_index, minlength=len(names)),
        bins=found,
        pair_bin=pair_bin,
        pair_genome=pair_genome,
        pair_bp=_sums(pair_index, lengths[binned], n_groups=len(pairs))[order],
        pair_contigs=np.bincount(pair_index, minlength=len(pairs))[order],
    )


def _sums(groups: NDArray[np.int64], amounts: NDArray[np.int64], *, n_groups: int) -> NDArray[np.int64]:
    totals = np.zeros(n_groups, dtype=np.int64)
    np.add.at(totals, groups, amounts)
    return totals


def _largest(groups: NDArray[np.int64], amounts: NDArray[np.int64], *, n_groups: int) -> NDArray[np.int64]:
    """Place of the largest amount of each group, the first of equal ones; -1 for an empty group."""
    order = np.lexsort((np.arange(len(groups)), -amounts, groups))
    present, first = np.unique(groups[order], return_index=True)
    places = np.full(n_groups, NONE, dtype=np.int64)
    places[present] = order[first]
    return places
