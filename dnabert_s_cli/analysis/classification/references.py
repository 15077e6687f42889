"""References of many taxa, and what speaks for a taxon: how near the vectors are, which protein k-mers are shared.

Clades with a vector each, and k-mers each with the lowest taxon that all their clades share -> for a sequence, or a
whole bin, at every rank: the best taxon and the second, with their cosines and the k-mers that vote for them. Clades of
viruses and eukaryotes compete like the others but are of no taxon: they stand for what gets no name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .protein_kmers import Hashes, KmerSample

NO_TAXON = -1
FEATURES = ("cosine", "lead", "lead_over_others", "votes", "votes_second", "votes_all", "votes_share", "score_lead")
VOTE_WEIGHT = 0.1  # of the logarithm of the votes, added to a cosine
_LEAST_SIZE = 20  # k-mers; a share of fewer says little
_FARTHEST = -2.0  # below all that cosines can be

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class References:
    """C clades and K k-mers of M taxa in R ranks, from the widest to the narrowest.

    Attributes:
        ancestors: (R, M) int64, for each taxon the one above it at each rank, itself at its own; -1 for none.
        mean: (D,) float32, taken off each vector.
        centres: (C, D) float32 unit rows, one for each clade.
        clade_taxa: (C,) int64, the lowest known taxon of each clade; -1 for clades that stand for no name.
        kmers: (K,) uint32, ascending.
        kmer_taxa: (K,) int64, the lowest taxon that has each k-mer; -1 where none has it alone.
        sizes: (M,) int64, the k-mers of each taxon and those below it.
        sample: which k-mers are looked at.
    """

    ancestors: Ints
    mean: Floats
    centres: Floats
    clade_taxa: Ints
    kmers: Hashes
    kmer_taxa: Ints
    sizes: Ints
    sample: KmerSample
    _order: Ints = field(init=False, repr=False)  # clades in the order of the tree, those of no taxon last

    def __post_init__(self) -> None:
        """Put the clades of every taxon next to each other."""
        paths = self._paths(self.clade_taxa)
        is_other = self.clade_taxa == NO_TAXON
        object.__setattr__(self, "_order", np.lexsort((*paths[::-1], is_other)).astype(np.int64))

    @property
    def n_ranks(self) -> int:
        """Ranks R."""
        return len(self.ancestors)

    def evidence(self, embeddings: Floats, kmers: Sequence[Hashes] | None) -> Evidence:
        """What speaks for the taxa of B sequences, or bins.

        Args:
            embeddings: (B, D) float32; of a bin the mean of its contigs, weighted by length.
            kmers: of each one, as `sample` takes them; None where there are only vectors.
        """
        vectors = embeddings - self.mean
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        cosines = (vectors / np.maximum(lengths, np.finfo(np.float32).tiny)) @ self.centres[self._order].T
        taxa = self.clade_taxa[self._order]
        n_named = int(np.count_nonzero(taxa != NO_TAXON))
        others = cosines[:, n_named:].max(axis=1, initial=_FARTHEST)
        named = cosines[:, :n_named]
        paths = self._paths(taxa[:n_named])
        votes = [self.votes(one) for one in kmers] if kmers is not None else [np.empty(0, np.int64)] * len(vectors)
        found = [
            _at_rank(named, of_rank, votes=[self._paths(one)[rank] for one in votes], others=others, sizes=self.sizes)
            for rank, of_rank in enumerate(paths)
        ]
        nearest = self._order[named.argmax(axis=1)]
        return Evidence(
            np.stack([one for one, _ in found], axis=1),
            np.stack([one for _, one in found], axis=1),
            nearest,
            named.max(axis=1).astype(np.float64),
        )

    def votes(self, kmers: Hashes) -> Ints:
        """The taxon that each known k-mer votes for; those that vote for none are left out. (M,) -> (V,) int64."""
        taxa = self.kmer_taxa[np.searchsorted(self.kmers, self.known(kmers))]
        voting: Ints = taxa[taxa != NO_TAXON]
        return voting

    def known(self, kmers: Hashes) -> Hashes:
        """Those that are among the references', in order. (M,) -> (V,) uint32."""
        if len(self.kmers) == 0:
            return kmers[:0]
        places = np.minimum(np.searchsorted(self.kmers, kmers), len(self.kmers) - 1)
        known: Hashes = kmers[self.kmers[places] == kmers]
        return known

    def _paths(self, taxa: Ints) -> Ints:
        """Taxa at each rank, (R, N): -1 where there is none."""
        return np.where(taxa == NO_TAXON, NO_TAXON, self.ancestors[:, taxa])


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Of B sequences or bins, at R ranks.

    Attributes:
        taxa: (B, R) int64, the best taxon of each rank.
        features: (B, R, 8) float64, `FEATURES` of it.
        nearest: (B,) int64, the named clade with the nearest vector.
        cosines: (B,) float64, to it.
    """

    taxa: Ints
    features: Doubles
    nearest: Ints
    cosines: Doubles


def taxon_sizes(kmer_taxa: Ints, ancestors: Ints) -> Ints:
    """K-mers of each taxon and those below it. (K,), (R, M) -> (M,) int64."""
    own = np.bincount(kmer_taxa[kmer_taxa != NO_TAXON], minlength=ancestors.shape[1])
    sizes = np.zeros(ancestors.shape[1], np.int64)
    for of_rank in ancestors:
        known = of_rank != NO_TAXON
        np.add.at(sizes, of_rank[known], own[known])
    return sizes


def lowest_common(taxa: Ints, groups: Ints, *, ancestors: Ints) -> tuple[Ints, Ints]:
    """The lowest taxon on which the clades of each group agree; clades that end above a rank have no say there.

    Args:
        taxa: (N,) int64 of clades, -1 for those of no taxon, which agree with none.
        groups: (N,) int64, ascending.
        ancestors: (R, M) of the tree.

    Returns:
        The groups there are, and the taxon of each; -1 where they do not even agree on the widest rank.
    """
    names, starts = np.unique(groups, return_index=True)
    lowest = np.full(len(names), NO_TAXON)
    if len(names) == 0:
        return names, lowest
    agrees = np.minimum.reduceat(taxa, starts) != NO_TAXON
    for of_rank in ancestors:
        own = np.where(taxa == NO_TAXON, NO_TAXON, of_rank[taxa])
        known = own != NO_TAXON
        first = np.minimum.reduceat(np.where(known, own, np.iinfo(np.int64).max), starts)
        last = np.maximum.reduceat(own, starts)
        agrees &= (last == NO_TAXON) | (first == last)
        lowest = np.where(agrees & (last != NO_TAXON), last, lowest)
    return names, lowest


def _at_rank(
    cosines: Floats, taxa: Ints, *, votes: Sequence[Ints], others: Floats, sizes: Ints
) -> tuple[Ints, Doubles]:
    """Best taxon of a rank, (B,), and its features, (B, 8).

    Args:
        cosines: (B, C) to clades of which those of a taxon stand together.
        taxa: (C,) of the clades at this rank; -1 for none.
        votes: for each row, taxa at this rank of its k-mers.
        others: (B,) the greatest cosine to a clade of no taxon.
        sizes: (M,) k-mers of each taxon.
    """
    starts = np.flatnonzero(np.diff(taxa, prepend=NO_TAXON - 1))
    names = taxa[starts]
    nearest = np.maximum.reduceat(cosines, starts, axis=1)[:, names != NO_TAXON].astype(np.float64)
    names = names[names != NO_TAXON]
    n_rows, n_taxa = nearest.shape
    if n_taxa == 0:
        return np.full(n_rows, NO_TAXON), np.zeros((n_rows, len(FEATURES)))
    column_of = np.full(int(names.max()) + 1, NO_TAXON)
    column_of[names] = np.arange(n_taxa)
    counts = np.zeros((n_rows, n_taxa))
    for row, of_row in enumerate(votes):
        columns = column_of[of_row[(of_row != NO_TAXON) & (of_row < len(column_of))]]
        np.add.at(counts[row], columns[columns != NO_TAXON], 1)
    logs = np.log1p(counts)
    scores = nearest + VOTE_WEIGHT * logs
    rows = np.arange(n_rows)
    best = scores.argmax(axis=1)
    rest = scores.copy()
    rest[rows, best] = -np.inf
    second = rest.argmax(axis=1)
    has_second = np.isfinite(rest[rows, second])
    second_cosine = np.where(has_second, nearest[rows, second], _FARTHEST)
    features = np.stack(
        [
            nearest[rows, best],
            nearest[rows, best] - second_cosine,
            nearest[rows, best] - others,
            logs[rows, best],
            np.where(has_second, logs[rows, second], 0.0),
            np.log1p(counts.sum(axis=1)),
            counts[rows, best] / np.maximum(sizes[names[best]], _LEAST_SIZE),
            scores[rows, best] - np.where(has_second, scores[rows, second], _FARTHEST),
        ],
        axis=1,
    )
    return names[best], features
