"""Cross-validation twice: some examples of each class are held out, and all of some classes.

Examples of one length -> folds of units, and folds of clades; each trains on the others and scores what is left out ->
evidence of known and of unknown sequences, to be calibrated with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .calibration import fit_temperature, softmax
from .classifier import RankEvidence, rank_evidence, score_classes
from .scores import fit_scorer, fit_space

_NEVER = -1  # the fold of what is not held out

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


@dataclass(frozen=True, slots=True)
class Method:
    """What classifies: centroid, knn or logistic, and how many neighbours vote (knn)."""

    name: str
    n_neighbours: int


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What cross-validation said of M held-out examples: (M, 2) evidence, and (M,) of everything else.

    Attributes:
        clades: the true ones, at the rank that is judged.
        share_met: of all labels, those that an unknown example was compared with, on average; 1 without any.
    """

    evidence: Doubles
    is_right: Bools
    is_unknown: Bools
    clades: Ints
    share_met: float

    @property
    def accuracy(self) -> float:
        """Share of the known ones that were labelled rightly, whatever the threshold; NaN without any."""
        known = self.is_right[~self.is_unknown]
        return float(known.mean()) if len(known) else float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class ScoredFold:
    """What one fold holds out: labels (M,), scores (M, C), cosines (M, C), and the classes trained with."""

    labels: Ints
    values: Doubles
    cosines: NDArray[np.float32]
    trained: Ints

    def judged(self, members: Ints, temperature: float) -> RankEvidence:
        """Evidence for the best clade among those trained with."""
        probabilities = np.zeros(self.values.shape)
        probabilities[:, self.trained] = softmax(self.values[:, self.trained] / temperature)
        cosines = np.full(self.cosines.shape, -2.0, np.float32)  # below all that cosines can be
        cosines[:, self.trained] = self.cosines[:, self.trained]
        return rank_evidence(probabilities, cosines, members=members)


def unit_folds(examples: Examples, *, n_folds: int, rng: np.random.Generator) -> Ints:
    """The fold that holds out each example, (N,): units of each label are dealt out; -1 for a label's only unit."""
    of_unit = np.full(int(examples.units.max()) + 1, _NEVER)
    units, firsts = np.unique(examples.units, return_index=True)
    labels_of_units = examples.labels[firsts]
    for label in np.unique(labels_of_units).tolist():
        own = rng.permutation(units[labels_of_units == label])
        if len(own) > 1:
            of_unit[own] = (np.arange(len(own)) + label) % n_folds
    return of_unit[examples.units]


def clade_folds(examples: Examples, members: Ints, *, n_folds: int, rng: np.random.Generator) -> Ints:
    """The fold that holds out each example, (N,): clades of a rank are dealt out, to fewer folds if they are fewer.

    Args:
        members: (C,) the clade of each label at the rank.
    """
    n_clades = int(members.max()) + 1
    of_clade = np.empty(n_clades, np.int64)
    of_clade[rng.permutation(n_clades)] = np.arange(n_clades) % min(n_folds, n_clades)
    return of_clade[members[examples.labels]]


def score_folds(examples: Examples, folds: Ints, *, n_classes: int, method: Method) -> list[ScoredFold]:
    """Score what each fold holds out; a fold with nothing to hold out, or to train with, is left out.

    Args:
        folds: (N,) the fold that holds out each example; -1: none.
    """
    scored = []
    for fold in range(int(folds.max()) + 1):
        tested = np.flatnonzero((folds == fold) & examples.is_tested)
        train = np.flatnonzero(folds != fold)
        if len(train) == 0 or len(tested) == 0:
            continue
        embeddings, labels = examples.embeddings[train], examples.labels[train]
        space = fit_space(embeddings, labels, n_classes=n_classes)
        scorer = fit_scorer(method.name, space, embeddings=embeddings, labels=labels, n_neighbours=method.n_neighbours)
        values, cosines = score_classes(space, scorer, embeddings=examples.embeddings[tested])
        scored.append(ScoredFold(examples.labels[tested], values, cosines, np.unique(labels)))
    return scored


def known_temperature(known: Sequence[ScoredFold]) -> float:
    """What scores are divided by so that they fit the held-out examples of known classes best."""
    if not known:
        return 1.0
    return fit_temperature(np.concatenate([part.values for part in known]), _labels(known))


def judge(
    known: Sequence[ScoredFold], unknown: Sequence[ScoredFold], *, members: Ints, temperature: float
) -> HeldOut | None:
    """Evidence at a rank of all that was held out; None where nothing was.

    Args:
        members: (C,) the clade of each label at the rank.
    """
    parts = [*known, *unknown]
    if not parts:
        return None
    found = [part.judged(members, temperature) for part in parts]
    truth = members[_labels(parts)]
    is_unknown = np.arange(len(truth)) >= sum(len(part.labels) for part in known)
    met = [len(part.trained) / len(members) for part in unknown for _ in part.labels]
    return HeldOut(
        np.concatenate([one.evidence for one in found]),
        (np.concatenate([one.clades for one in found]) == truth) & ~is_unknown,
        is_unknown,
        truth,
        float(np.mean(met)) if met else 1.0,
    )


def _labels(parts: Sequence[ScoredFold]) -> Ints:
    return np.concatenate([part.labels for part in parts])
