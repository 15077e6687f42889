"""How good a set of contigs is as a bin: what markers, binners and our own evidence say of it.

Atoms of a candidate -> copies of single-copy genes -> completeness and contamination; bins of each binner that its
bases are in, and vectors and depths of its contigs and of those around it -> how likely each belongs to it -> the F1 to
expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..binning.centres import Centres, distances_from, find_centres
from ..binning.contig_space import ContigSpace
from ..binning.quality import bin_quality
from ..labels import rows_by_label
from ..markers.search import HIT_COLUMNS, MarkerHits
from .candidates import Atoms

_CONTAMINATION_COUNTS = 2.0  # times, against completeness: Binette's default
_UNBINNED = 0.5  # the chance that a contig belongs with others, where a binner has those in a bin and it in none
_LEAST_CHANCE = 0.02  # that a contig belongs to a set, whatever the binners say
_MOST_LEARNT = 4.0  # from vectors and depth, of the log of the odds
_OWN_SHARE = 0.2  # of a bin's bases in a set, from which the bin is a version of the set and no rival of it
_RIVALS = 20  # other bins, the nearest, that a contig may fit better


@dataclass(frozen=True, slots=True)
class Score:
    """What is known of one candidate.

    Attributes:
        completeness, contamination: by markers, percent; None where they are not known.
        agreement: the F1 that binners expect of it, 0 to 1.
        expected: the F1 that binners, vectors and depths together let expect.
    """

    completeness: float | None
    contamination: float | None
    agreement: float
    expected: float

    @property
    def worth(self) -> float:
        """By which candidates are chosen: the mean of what markers say and of the expected F1; 1 at best."""
        if self.completeness is None or self.contamination is None:
            return self.expected
        marked = (self.completeness - _CONTAMINATION_COUNTS * self.contamination) / 100
        return (max(marked, -1.0) + self.expected) / 2


class Judge:
    """Scores sets of atoms; keeps what it needs of each atom and each given bin."""

    def __init__(
        self,
        atoms: Atoms,
        lengths_bp: NDArray[np.int64],
        *,
        hits: MarkerHits | None,
        space: ContigSpace | None,
    ) -> None:
        """Note what is asked for again and again.

        Args:
            lengths_bp: (N,).
            hits: markers; None where they are not known.
            space: vectors and depths of the contigs; None where they are not known.
        """
        self._atoms = atoms
        self._lengths_bp = lengths_bp
        self._hits = hits
        self._members = rows_by_label(atoms.of_contigs, len(atoms.sizes_bp))
        self._hits_of = None if hits is None else rows_by_label(hits.contig, hits.n_contigs)
        self._atoms_of = [rows_by_label(column) for column in atoms.bins.T]
        self._fit = None if space is None else _Fit(space, lengths_bp, bins=self._given_bins())

    def contigs(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """The contigs of some atoms, rising."""
        return np.sort(np.concatenate([self._members[atom] for atom in chosen.tolist()]))

    def scores(self, sets: Sequence[NDArray[np.int64]]) -> list[Score]:
        """The score of each set of atoms, none empty."""
        quality = self._quality([self.contigs(one) for one in sets])
        return [Score(*quality[place], *self._belonging(one)) for place, one in enumerate(sets)]

    def _belonging(self, chosen: NDArray[np.int64]) -> tuple[float, float]:
        """The F1 of a set that binners expect, and that which vectors and depths correct."""
        near = self._near(chosen)
        votes = self._votes(chosen, near)
        sizes_bp = self._atoms.sizes_bp[near].astype(np.float64)
        is_inside = np.isin(near, chosen, assume_unique=True)
        agreement = _expected_f1(votes, sizes_bp, is_inside=is_inside)
        if self._fit is None:
            return agreement, agreement
        members = [self._members[atom] for atom in near.tolist()]
        counts = [len(one) for one in members]
        rows = np.concatenate(members)
        chances = np.clip(np.repeat(votes, counts), _LEAST_CHANCE, 1 - _LEAST_CHANCE)
        odds = np.log(chances / (1 - chances)) + self._fit.log_odds(rows, self.contigs(chosen))
        inside = np.repeat(is_inside, counts)
        own_bp = self._lengths_bp[rows].astype(np.float64)
        return agreement, _expected_f1(1 / (1 + np.exp(-odds)), own_bp, is_inside=inside)

    def _near(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """The atoms of all bins that hold one of these atoms, rising."""
        found = [chosen]
        for binner, atoms_of in enumerate(self._atoms_of):
            numbers = np.unique(self._atoms.bins[chosen, binner])
            found += [atoms_of[number] for number in numbers[numbers >= 0].tolist()]
        return np.unique(np.concatenate(found))

    def _votes(self, chosen: NDArray[np.int64], near: NDArray[np.int64]) -> NDArray[np.float64]:
        """How likely atoms belong to a set by the binners, each counting alike. -> (K,).

        To a binner an atom belongs to the set as likely as it has the set's bases in that atom's bin.
        """
        votes = np.zeros(len(near))
        n_binners = 0
        for column in self._atoms.bins.T:
            own = column[chosen]
            held_bp = np.bincount(own[own >= 0], weights=self._atoms.sizes_bp[chosen[own >= 0]])
            if len(held_bp) == 0:
                continue
            n_binners += 1
            labels = column[near]
            shares = np.append(held_bp / held_bp.sum(), [0.0, _UNBINNED])
            votes += shares[np.where(labels >= 0, np.minimum(labels, len(held_bp)), len(held_bp) + 1)]
        return votes / n_binners

    def _quality(self, sets: Sequence[NDArray[np.int64]]) -> list[tuple[float | None, float | None]]:
        """Completeness and contamination of sets of contigs, which may overlap."""
        if self._hits is None or self._hits_of is None or not sets:
            return [(None, None)] * len(sets)
        hits = self._hits
        rows = [np.concatenate([self._hits_of[contig] for contig in one.tolist()]) for one in sets]
        number = np.repeat(np.arange(len(sets)), [len(one) for one in rows])
        columns = {name: getattr(hits, name)[np.concatenate(rows)] for name in HIT_COLUMNS}
        columns["contig"] = number
        found = bin_quality(MarkerHits(hits.markers, len(sets), **columns), np.arange(len(sets)))
        return list(zip(found.completeness.tolist(), found.contamination.tolist(), strict=True))

    def _given_bins(self) -> list[NDArray[np.int64]]:
        """The contigs of every given bin."""
        return [self.contigs(one) for atoms_of in self._atoms_of for one in atoms_of if len(one)]


def _expected_f1(chances: NDArray[np.float64], sizes_bp: NDArray[np.float64], *, is_inside: NDArray[np.bool_]) -> float:
    """The F1 of a set whose parts, and other parts, belong to it with these chances."""
    true_bp = chances * sizes_bp
    return float(2 * true_bp[is_inside].sum() / (sizes_bp[is_inside].sum() + true_bp.sum()))


class _Fit:
    """How well contigs fit bins by their vectors and depths."""

    def __init__(self, space: ContigSpace, lengths_bp: NDArray[np.int64], *, bins: Sequence[NDArray[np.int64]]) -> None:
        self._space = space
        self._lengths_bp = lengths_bp
        self._centres = find_centres(space, lengths_bp, sets=bins)
        self._rows = np.concatenate([np.empty(0, dtype=np.int64), *bins])
        self._starts = np.concatenate([[0], np.cumsum([len(one) for one in bins])[:-1]]).astype(np.int64)
        self._sizes = np.add.reduceat(lengths_bp[self._rows].astype(np.float64), self._starts)

    def log_odds(self, rows: NDArray[np.int64], members: NDArray[np.int64]) -> NDArray[np.float64]:
        """By how much contigs fit a set better than any other bin: the log of the odds, bounded. -> (R,)."""
        centre = find_centres(self._space, self._lengths_bp, sets=[members])
        rivals = self._rivals(members, centre)
        if len(rivals) == 0:
            return np.zeros(len(rows))
        own = distances_from(self._space, rows, centres=centre)[:, 0]
        other = distances_from(self._space, rows, centres=self._centres.of(rivals)).min(axis=1)
        learnt: NDArray[np.float64] = np.clip((other - own).astype(np.float64), -_MOST_LEARNT, _MOST_LEARNT)
        return learnt

    def _rivals(self, members: NDArray[np.int64], centre: Centres) -> NDArray[np.int64]:
        """The bins nearest to a set of which it holds a small part at most."""
        weights = np.zeros(len(self._lengths_bp))
        weights[members] = self._lengths_bp[members]
        held = np.add.reduceat(weights[self._rows], self._starts) / self._sizes
        squared = ((self._centres.vectors - centre.vectors) ** 2).sum(axis=1)
        squared += ((self._centres.depths - centre.depths) ** 2).sum(axis=1)
        order = np.argsort(squared, kind="stable")
        return order[held[order] < _OWN_SHARE][:_RIVALS]
