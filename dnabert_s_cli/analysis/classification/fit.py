"""Labelled vectors to a classifier: the method chosen, everything calibrated on what was held out.

Examples of some lengths -> cross-validation of each method at the narrowest rank -> the most accurate one -> for each
rank, whole clades held out -> coefficients and thresholds -> models fitted to all examples, and a report of how they
did.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .calibration import N_COEFFICIENTS, fit_coefficients, right_probability
from .classifier import Classifier, LengthModel
from .held_out import (
    Examples,
    HeldOut,
    Method,
    ScoredFold,
    clade_folds,
    judge,
    known_temperature,
    score_folds,
    unit_folds,
)
from .rejection import Threshold, choose_threshold
from .scores import CENTROID, LOGISTIC, METHODS, fit_scorer, fit_space

LEAST_CLADES = 3  # of which one can be held out and two are left to choose between
_UNIT_FOLDS = 5
_CLADE_FOLDS = 20  # a clade held out should meet nearly all of the others, as one that nobody labelled does
_CHOOSING_LENGTHS = 3  # lengths at which methods are compared: shortest, middle, longest
_MOST_LOGISTIC = 1e9  # classes x examples x dimension, from which on the logistic method is not tried by itself

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sequences of one length did at one rank when they were held out; NaN is not known.

    Attributes:
        n_known, n_unknown: sequences held out of classes that the rest had, and of clades that it had not.
        n_clades: of which the unknown ones are.
        accuracy: share of the known ones whose best label was right.
        accepted: share of the known ones above the threshold.
        precision: share of those that were right.
        fpr, fpr_limit: expected share of sequences of unlabelled clades above it, and its upper 95 % limit.
    """

    length_bp: float
    rank: int
    n_known: int
    n_unknown: int
    n_clades: int
    accuracy: float
    accepted: float
    precision: float
    threshold: float
    fpr: float
    fpr_limit: float


@dataclass(frozen=True, slots=True, eq=False)
class FittedClassifier:
    """A classifier, its method, the accuracies that chose it (empty where it was given), and its calibrations."""

    classifier: Classifier
    method: str
    accuracies: dict[str, float]
    calibrations: tuple[Calibration, ...]


def fit_classifier(
    examples: Sequence[Examples],
    members: Ints,
    *,
    method: str | None,
    n_neighbours: int,
    max_fpr: float,
    seed: int,
) -> FittedClassifier:
    """Fit to examples, one group for each length, ascending. On one thread: the bytes never depend on how many.

    A rank of fewer than three clades cannot be calibrated, so no label stops there; where that is true of every rank,
    each sequence gets a label of the narrowest.

    Args:
        members: (R, C) the clade of each label at each rank, from the widest to the narrowest.
        method: centroid, knn or logistic; None for the most accurate in cross-validation.
        max_fpr: share of sequences of unknown clades that may pass the threshold of a rank.
    """
    with threadpool_limits(limits=1):
        accuracies: dict[str, float] = {}
        if method is None:
            accuracies = _compare_methods(examples, members[-1], n_neighbours=n_neighbours, seed=seed)
            method = _best(accuracies)
        models, calibrations = [], []
        for group in examples:
            model, of_group = _fit_length(
                group, members, method=Method(method, n_neighbours), max_fpr=max_fpr, seed=seed
            )
            models.append(model)
            calibrations += of_group
    return FittedClassifier(Classifier(members, models), method, accuracies, tuple(calibrations))


def _compare_methods(examples: Sequence[Examples], members: Ints, *, n_neighbours: int, seed: int) -> dict[str, float]:
    """Accuracy of each method on held-out examples, mean over some lengths; NaN where nothing can be held out."""
    places = np.unique(np.linspace(0, len(examples) - 1, _CHOOSING_LENGTHS).astype(int)).tolist()
    accuracies = {}
    for method in METHODS:
        size = len(members) * math.prod(examples[-1].embeddings.shape)
        if method == LOGISTIC and size > _MOST_LOGISTIC:
            continue
        found = []
        for place in places:
            known = _score_known(examples[place], members, method=Method(method, n_neighbours), seed=seed)
            held_out = judge(known, [], members=members, temperature=1.0)
            found.append(math.nan if held_out is None else held_out.accuracy)
        measured = [accuracy for accuracy in found if not math.isnan(accuracy)]
        accuracies[method] = sum(measured) / len(measured) if measured else math.nan
    return accuracies


def _best(accuracies: dict[str, float]) -> str:
    """The most accurate method, the first of equal ones; centroids where nothing is known."""
    known = {method: accuracy for method, accuracy in accuracies.items() if not math.isnan(accuracy)}
    return max(known, key=lambda method: known[method]) if known else CENTROID


def _fit_length(
    group: Examples, members: Ints, *, method: Method, max_fpr: float, seed: int
) -> tuple[LengthModel, list[Calibration]]:
    """The model of one length, and how it did at each rank."""
    n_ranks = len(members)
    coefficients = np.zeros((n_ranks, N_COEFFICIENTS))
    thresholds = np.full(n_ranks, np.inf)
    known = _score_known(group, members[-1], method=method, seed=seed)
    temperature = known_temperature(known)
    calibrations: list[Calibration] = []
    for rank in reversed(range(n_ranks)):
        if calibrations and np.array_equal(members[rank], members[rank + 1]):  # the same clades under wider names
            coefficients[rank], thresholds[rank] = coefficients[rank + 1], thresholds[rank + 1]
            calibrations.append(replace(calibrations[-1], rank=rank))
            continue
        unknown = _score_unknown(group, members[rank], method=method, seed=seed)
        held_out = judge(known, unknown, members=members[rank], temperature=temperature)
        if held_out is not None:
            coefficients[rank] = fit_coefficients(held_out.evidence, held_out.is_right, is_unknown=held_out.is_unknown)
        calibration = _calibrate(held_out, coefficients[rank], length_bp=group.length_bp, rank=rank, max_fpr=max_fpr)
        thresholds[rank] = calibration.threshold
        calibrations.append(calibration)
    if not np.isfinite(thresholds).any():
        thresholds[-1] = -np.inf
    space = fit_space(group.embeddings, group.labels, n_classes=members.shape[1])
    scorer = fit_scorer(
        method.name, space, embeddings=group.embeddings, labels=group.labels, n_neighbours=method.n_neighbours
    )
    return LengthModel(group.length_bp, space, scorer, temperature, coefficients, thresholds), calibrations[::-1]


def _score_known(group: Examples, members: Ints, *, method: Method, seed: int) -> list[ScoredFold]:
    """Held-out examples of labels that the rest has."""
    folds = unit_folds(group, n_folds=_UNIT_FOLDS, rng=np.random.default_rng(seed))
    return score_folds(group, folds, n_classes=len(members), method=method)


def _score_unknown(group: Examples, members: Ints, *, method: Method, seed: int) -> list[ScoredFold]:
    """Held-out clades of a rank; none where there are too few."""
    if len(np.unique(members)) < LEAST_CLADES:
        return []
    folds = clade_folds(group, members, n_folds=_CLADE_FOLDS, rng=np.random.default_rng(seed))
    return score_folds(group, folds, n_classes=len(members), method=method)


def _calibrate(
    held_out: HeldOut | None, coefficients: NDArray[np.float64], *, length_bp: float, rank: int, max_fpr: float
) -> Calibration:
    """Threshold and rates; an infinite threshold where no clade was held out."""
    if held_out is None:
        nan = math.nan
        return Calibration(length_bp, rank, 0, 0, 0, nan, nan, nan, math.inf, nan, nan)
    scores = right_probability(held_out.evidence, coefficients)
    is_unknown = held_out.is_unknown
    chosen = Threshold(math.inf, math.nan, math.nan, 0)
    if is_unknown.any():
        chosen = choose_threshold(
            scores[is_unknown], held_out.clades[is_unknown], max_fpr=max_fpr, share_met=held_out.share_met
        )
    accepted = (scores > chosen.score) & ~is_unknown
    n_known = int(np.count_nonzero(~is_unknown))
    n_accepted = int(np.count_nonzero(accepted))
    return Calibration(
        length_bp,
        rank,
        n_known,
        int(np.count_nonzero(is_unknown)),
        chosen.n_clades,
        held_out.accuracy,
        n_accepted / n_known if n_known else math.nan,
        float(held_out.is_right[accepted].mean()) if n_accepted else math.nan,
        chosen.score,
        chosen.fpr,
        chosen.fpr_limit,
    )
