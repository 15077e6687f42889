"""From evidence to a probability, and from held-out sequences of unknown classes to the least one that counts.

Class scores -> probabilities, sharpened so that they fit held-out examples -> with the nearness to the class, the
probability that the label is right though half of the sequences be of classes never labelled -> a threshold that at
most a given share of such sequences passes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

_TEMPERATURES = np.geomspace(1e-3, 1e2, 61)
_LEAST_PROBABILITY = 1e-6
_INVERSE_PENALTY = 100.0
N_COEFFICIENTS = 3  # intercept, nearness, log odds

Doubles = NDArray[np.float64]


def softmax(scores: Doubles) -> Doubles:
    """Probabilities of the classes. (B, C) -> (B, C)."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Doubles = shifted / shifted.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(scores: Doubles, truth: NDArray[np.int64]) -> float:
    """The number that scores are divided by so that their softmax is likeliest; 1 without examples.

    Source: Guo et al. 2017, arXiv 1706.04599, section 4.2, by a search over a grid.

    Args:
        scores: (N, C) float64 of held-out examples.
        truth: (N,) int64, the column of the true class.
    """
    if len(scores) == 0:
        return 1.0
    rows = np.arange(len(scores))
    losses = []
    for temperature in _TEMPERATURES.tolist():
        scaled = scores / temperature
        top = scaled.max(axis=1)
        log_sum = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        losses.append(float(np.mean(log_sum - scaled[rows, truth])))
    return float(_TEMPERATURES[int(np.argmin(losses))])


def log_odds(probabilities: Doubles) -> Doubles:
    """Log odds, of probabilities held away from 0 and 1."""
    held = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    odds: Doubles = np.log(held) - np.log1p(-held)
    return odds


def fit_coefficients(evidence: Doubles, is_right: NDArray[np.bool_], *, is_unknown: NDArray[np.bool_]) -> Doubles:
    """Coefficients (3,) of a logistic function of the evidence that gives the probability of being right.

    Known and unknown sequences weigh the same in all. Neither nearness nor odds may count against a label: one that
    would is left out.

    Args:
        evidence: (N, 2) float64: nearness (a cosine, less what is typical of the class), log odds.
        is_right: (N,) whether the label is.
        is_unknown: (N,) whether the sequence is of a class without label, so that no label could be.
    """
    if is_right.all() or not is_right.any():
        return _by_nearness(evidence, is_unknown)
    n_unknown = max(int(is_unknown.sum()), 1)
    weights = np.where(is_unknown, 1 / n_unknown, 1 / max(len(evidence) - n_unknown, 1)) * len(evidence) / 2
    coefficients = np.zeros(N_COEFFICIENTS)
    columns = [0, 1]
    while columns:
        model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000).fit(
            evidence[:, columns], is_right, sample_weight=weights
        )
        negative = [column for column, value in zip(columns, model.coef_[0], strict=True) if value < 0]
        if not negative:
            coefficients[0] = model.intercept_[0]
            coefficients[[1 + column for column in columns]] = model.coef_[0]
            return coefficients
        columns = [column for column in columns if column not in negative]
    return _by_nearness(evidence, is_unknown)


def right_probability(evidence: Doubles, coefficients: Doubles) -> Doubles:
    """Probability that the label is right. (N, 2), (3,) -> (N,) float64."""
    exponent = np.clip(coefficients[0] + evidence @ coefficients[1:], -500, 500)
    probability: Doubles = 1 / (1 + np.exp(-exponent))
    return probability


def choose_threshold(unknown_scores: Doubles, max_fpr: float) -> float:
    """The score above which at most `max_fpr` of sequences of unknown classes are expected. (N,) -> float.

    The ceil((N + 1) (1 - max_fpr))-th smallest, as in conformal prediction; the largest where N is too small for it.
    """
    place = math.ceil((len(unknown_scores) + 1) * (1 - max_fpr))
    return float(np.sort(unknown_scores)[min(place, len(unknown_scores)) - 1])


def held_out_fpr(unknown_scores: Doubles, folds: NDArray[np.int64], *, max_fpr: float) -> float:
    """Share of unknown sequences that pass the threshold which the others' folds give. NaN for a single fold."""
    passed = 0
    for fold in np.unique(folds):
        others = unknown_scores[folds != fold]
        if len(others) == 0:
            return math.nan
        passed += int(np.count_nonzero(unknown_scores[folds == fold] > choose_threshold(others, max_fpr)))
    return passed / len(unknown_scores)


def _by_nearness(evidence: Doubles, is_unknown: NDArray[np.bool_]) -> Doubles:
    """Where right and wrong cannot be compared: half way at the mean nearness of unknown sequences, or of all."""
    nearness = evidence[is_unknown, 0] if is_unknown.any() else evidence[:, 0]
    spread = float(nearness.std()) if len(nearness) else 1.0
    slope = 2 / max(spread, 1e-3)
    middle = float(nearness.mean()) if len(nearness) else 0.0
    return np.array([-slope * middle, slope, 0.0])
