"""Candidates for the bins of the joint set: all given bins, and what pairs of overlapping ones have in common or apart.

Bins of B binners -> atoms, the sets of contigs that no binner separates -> every candidate as a set of atoms. The idea
of building candidates from overlapping bins is that of MetaWRAP (Uritskiy et al. 2018) and Binette (Mainguy and Hoede
2024), who take intersections, and intersections, differences and unions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

GIVEN, BOTH, EITHER, WITHOUT = "given", "&", "+", "-"
_LEAST_SHARED = 0.05  # of the smaller bin's bases, from which a pair is combined; less is an accident


@dataclass(frozen=True, slots=True, eq=False)
class Atoms:
    """The finest common division of N contigs into A atoms.

    Attributes:
        of_contigs: (N,) int64 atom of each contig; -1 for contigs that no binner has in a bin.
        bins: (A, B) int64 the bin of each atom in each binner's set, -1 for none.
        sizes_bp: (A,) int64.
    """

    of_contigs: NDArray[np.int64]
    bins: NDArray[np.int64]
    sizes_bp: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A set of atoms and where it comes from.

    Attributes:
        atoms: (K,) int64, rising.
        kind: one bin as it is, or two by what they share, by either, or by the first without the second.
        sources: numbers of binner and bin, of one or two bins.
    """

    atoms: NDArray[np.int64]
    kind: str
    sources: tuple[tuple[int, int], ...]


def divide_into_atoms(labels: NDArray[np.int64], lengths_bp: NDArray[np.int64]) -> Atoms:
    """Contigs that are together in every binner's set.

    Args:
        labels: (N, B) number of each contig's bin, from 0, -1 for none.
        lengths_bp: (N,).
    """
    is_binned = (labels >= 0).any(axis=1)
    bins, places = np.unique(labels[is_binned], axis=0, return_inverse=True)
    of_contigs = np.full(len(labels), -1, dtype=np.int64)
    of_contigs[is_binned] = places.reshape(-1)
    sizes_bp = np.zeros(len(bins), dtype=np.int64)
    np.add.at(sizes_bp, of_contigs[is_binned], lengths_bp[is_binned])
    return Atoms(of_contigs, bins.reshape(-1, labels.shape[1]), sizes_bp)


def make_candidates(atoms: Atoms, *, min_bin_bp: int) -> list[Candidate]:
    """All given bins, then of each pair of overlapping ones what both hold, either, and each without the other.

    Candidates of fewer than `min_bin_bp` bases are left out, as is a set of atoms that an earlier one has.
    """
    given = {
        (binner, number): np.flatnonzero(atoms.bins[:, binner] == number)
        for binner in range(atoms.bins.shape[1])
        for number in np.unique(atoms.bins[atoms.bins[:, binner] >= 0, binner]).tolist()
    }
    found = [Candidate(members, GIVEN, (source,)) for source, members in given.items()]
    for first, second in _overlapping(atoms):
        ours, theirs = given[first], given[second]
        shared = np.intersect1d(ours, theirs, assume_unique=True)
        smaller_bp = min(atoms.sizes_bp[ours].sum(), atoms.sizes_bp[theirs].sum())
        if atoms.sizes_bp[shared].sum() < _LEAST_SHARED * smaller_bp:
            continue
        found += [
            Candidate(shared, BOTH, (first, second)),
            Candidate(np.union1d(ours, theirs), EITHER, (first, second)),
            Candidate(np.setdiff1d(ours, theirs, assume_unique=True), WITHOUT, (first, second)),
            Candidate(np.setdiff1d(theirs, ours, assume_unique=True), WITHOUT, (second, first)),
        ]
    return _distinct(found, atoms, min_bin_bp=min_bin_bp)


def _overlapping(atoms: Atoms) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Pairs of bins of two binners that share an atom, in order."""
    pairs: set[tuple[tuple[int, int], tuple[int, int]]] = set()
    for row in atoms.bins.tolist():
        sources = [(binner, number) for binner, number in enumerate(row) if number >= 0]
        pairs.update((first, second) for place, first in enumerate(sources) for second in sources[place + 1 :])
    return sorted(pairs)


def _distinct(candidates: Sequence[Candidate], atoms: Atoms, *, min_bin_bp: int) -> list[Candidate]:
    known: dict[bytes, Candidate] = {}
    for one in candidates:
        if len(one.atoms) and atoms.sizes_bp[one.atoms].sum() >= min_bin_bp:
            known.setdefault(one.atoms.tobytes(), one)
    return list(known.values())
