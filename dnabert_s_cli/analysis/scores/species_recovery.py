"""How many species a clustering recovers, by the published binning evaluation and with what it leaves out counted.

True labels and clusters of the same rows -> how many rows each species shares with each cluster -> the one-to-one
matching with most rows in common -> precision and recall of each species -> how many are above each level. And the
other way round: labelled unit rows -> how similar members are to their species' mean -> a threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

LEVELS = tuple(round(0.1 * step, 1) for step in range(1, 10))  # above which F1 and recall are counted: 0.1 .. 0.9


@dataclass(frozen=True, slots=True, eq=False)
class SpeciesRecovery:
    """Species against the clusters they were matched with; arrays of (C,) float64, a row for each species, sorted.

    Attributes:
        species: (C,) names.
        precision: share of the matched cluster that is the species; 0 without a match.
        recall_assigned: share of the species' assigned rows in that cluster, as published; 0 without any.
        recall: share of all the species' rows, the unassigned charged.
        coverage: share of all rows that are in a cluster.
    """

    species: NDArray[np.str_]
    precision: NDArray[np.float64]
    recall_assigned: NDArray[np.float64]
    recall: NDArray[np.float64]
    coverage: float

    @property
    def f1_assigned(self) -> NDArray[np.float64]:
        """F1 of each species over assigned rows alone, as published."""
        return _harmonic_mean(self.precision, self.recall_assigned)

    @property
    def f1(self) -> NDArray[np.float64]:
        """F1 of each species with the unassigned charged."""
        return _harmonic_mean(self.precision, self.recall)


def recover_species(truth: Sequence[str], clusters: NDArray[np.int64]) -> SpeciesRecovery:
    """Match species and clusters by the Hungarian method, and say how well each species fits its match.

    Args:
        truth: N names of species.
        clusters: (N,) whole numbers, negative for none.
    """
    species, truth_index = np.unique(np.asarray(truth, dtype=np.str_), return_inverse=True)
    is_assigned = clusters >= 0
    numbers, cluster_index = np.unique(clusters[is_assigned], return_inverse=True)
    shared = np.zeros((len(species), len(numbers)), dtype=np.int64)
    np.add.at(shared, (truth_index[is_assigned], cluster_index), 1)
    matched, partners = linear_sum_assignment(shared, maximize=True)
    hits, sizes = np.zeros(len(species)), np.ones(len(species))
    hits[matched] = shared[matched, partners]
    sizes[matched] = shared.sum(axis=0)[partners]
    n_rows = np.bincount(truth_index, minlength=len(species))
    return SpeciesRecovery(
        species,
        precision=hits / sizes,
        recall_assigned=hits / np.maximum(shared.sum(axis=1), 1),
        recall=hits / np.maximum(n_rows, 1),
        coverage=float(is_assigned.mean()) if len(is_assigned) else 0.0,
    )


def count_above(scores: NDArray[np.float64]) -> list[int]:
    """How many scores are above each of `LEVELS`."""
    return [int(np.count_nonzero(scores > level)) for level in LEVELS]


def centre_similarity(unit: NDArray[np.float32], labels: Sequence[str], *, percent: int) -> float:
    """The similarity to the mean of its own species under which `percent` of the rows lie.

    The mean is not scaled to unit length, and the value is one that occurs, not one between two: both as the
    published code has it (Zhou et al. 2024, arXiv 2402.08777, which takes 70 for its binning).

    Args:
        unit: (N, D) rows of unit length, at least one.
        percent: 0 to 99.
    """
    names, members = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    similarities = np.empty(len(unit))
    for place in range(len(names)):
        rows = unit[members == place]
        similarities[members == place] = np.einsum("ij,j->i", rows, rows.mean(axis=0, dtype=np.float64))
    return float(np.sort(similarities)[len(unit) * percent // 100])


def _harmonic_mean(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    total = first + second
    mean: NDArray[np.float64] = 2 * first * second / np.where(total > 0, total, 1.0)
    return mean
