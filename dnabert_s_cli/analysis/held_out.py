"""Cross-validation in which some examples and some whole classes are held out together.

Examples of one length -> folds; each trains on the others, and labels the examples left out of classes that it knows
and all examples of classes that it does not -> scores of both, to be calibrated with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .calibration import fit_temperature, softmax
from .class_scores import fit_scorer, fit_space
from .classification import RankEvidence, rank_evidence, score_classes

_ALWAYS_KNOWN = -1  # the fold of what is never held out

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Labelled vectors of sequences of about one length.

    Attributes:
        length_bp: that length.
        embeddings: (N, D) float32.
        labels: (N,) int64; every label has an example.
        units: (N,) int64; what shares a number, such as pieces of one stretch, is held out together.
        is_tested: (N,) whether it is of that length; the others only help to train.
    """

    length_bp: float
    embeddings: NDArray[np.float32]
    labels: Ints
    units: Ints
    is_tested: Bools


@dataclass(frozen=True, slots=True, eq=False)
class Folds:
    """Which fold holds out each clade of a rank (clades,) and each unit (units,); -1: none."""

    of_clade: Ints
    of_unit: Ints
    n_folds: int


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What cross-validation said of M held-out examples: (M, 2) evidence, and (M,) of everything else.

    `temperature` is the one that the classes' scores were divided by.
    """

    evidence: Doubles
    is_right: Bools
    is_unknown: Bools
    folds: Ints
    temperature: float

    @property
    def accuracy(self) -> float:
        """Share of the known ones that were labelled rightly, whatever the threshold; NaN without any."""
        known = self.is_right[~self.is_unknown]
        return float(known.mean()) if len(known) else float("nan")


def draw_folds(examples: Examples, members: Ints, *, n_folds: int, rng: np.random.Generator) -> Folds:
    """Folds of the clades of a rank, and of the units of each label. A label's only unit is never held out.

    Args:
        members: (C,) the clade of each label at the rank.
    """
    n_clades = int(members.max()) + 1
    of_clade = np.empty(n_clades, np.int64)
    of_clade[rng.permutation(n_clades)] = np.arange(n_clades) % n_folds
    of_unit = np.full(int(examples.units.max()) + 1, _ALWAYS_KNOWN, np.int64)
    units, firsts = np.unique(examples.units, return_index=True)
    labels_of_units = examples.labels[firsts]
    for label in np.unique(labels_of_units).tolist():
        own = rng.permutation(units[labels_of_units == label])
        if len(own) > 1:
            of_unit[own] = (np.arange(len(own)) + label) % n_folds
    return Folds(of_clade, of_unit, n_folds)


def cross_validate(
    examples: Examples, members: Ints, *, folds: Folds, method: str, n_neighbours: int, temperature: float | None = None
) -> HeldOut | None:
    """Label what each fold holds out; None where no fold has anything to train with and to hold out.

    Args:
        members: (C,) the clade of each label at the rank that is judged.
        temperature: divides the scores; None for the one that fits the known ones best.
    """
    parts = list(_scored_folds(examples, members, folds=folds, method=method, n_neighbours=n_neighbours))
    if not parts:
        return None
    if temperature is None:
        known_scores = np.concatenate([part.values[~part.is_unknown] for part in parts])
        known_labels = np.concatenate([part.labels[~part.is_unknown] for part in parts])
        temperature = fit_temperature(known_scores, known_labels)
    found = [part.judged(members, temperature) for part in parts]
    is_unknown = np.concatenate([part.is_unknown for part in parts])
    truth = members[np.concatenate([part.labels for part in parts])]
    return HeldOut(
        np.concatenate([one.evidence for one in found]),
        (np.concatenate([one.clades for one in found]) == truth) & ~is_unknown,
        is_unknown,
        np.repeat(np.arange(len(parts)), [len(part.labels) for part in parts]),
        temperature,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _ScoredFold:
    """What one fold holds out: labels (M,), scores (M, C), nearness (M, C), and what is of classes not trained with."""

    labels: Ints
    is_unknown: Bools
    values: Doubles
    nearness: NDArray[np.float32]
    trained: Ints

    def judged(self, members: Ints, temperature: float) -> RankEvidence:
        """Evidence for the best clade among those trained with."""
        probabilities = np.zeros(self.values.shape)
        probabilities[:, self.trained] = softmax(self.values[:, self.trained] / temperature)
        nearness = np.full(self.nearness.shape, -2.0, np.float32)  # below all that cosines can be
        nearness[:, self.trained] = self.nearness[:, self.trained]
        return rank_evidence(probabilities, nearness, members=members)


def _scored_folds(
    examples: Examples, members: Ints, *, folds: Folds, method: str, n_neighbours: int
) -> Iterator[_ScoredFold]:
    clade_folds = folds.of_clade[members[examples.labels]]
    unit_folds = folds.of_unit[examples.units]
    for fold in range(folds.n_folds):
        is_unknown = (clade_folds == fold) & examples.is_tested
        is_known = (clade_folds != fold) & (unit_folds == fold) & examples.is_tested
        train = np.flatnonzero((clade_folds != fold) & (unit_folds != fold))
        tested = np.flatnonzero(is_unknown | is_known)
        if len(train) == 0 or len(tested) == 0:
            continue
        embeddings, labels = examples.embeddings[train], examples.labels[train]
        space = fit_space(embeddings, labels, n_classes=len(members))
        scorer = fit_scorer(method, space, embeddings=embeddings, labels=labels, n_neighbours=n_neighbours)
        values, cosines = score_classes(space, scorer, embeddings=examples.embeddings[tested])
        yield _ScoredFold(
            examples.labels[tested], is_unknown[tested], values, cosines - space.typical, np.unique(labels)
        )
