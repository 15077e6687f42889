"""From evidence to a probability.

Class scores -> probabilities, sharpened so that they fit held-out examples. How near a sequence is to its best class ->
the probability that its class is labelled at all, were half of all sequences of classes that are not; how much likelier
the best class is than the others -> the probability that it is the right one if so. The product is the score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

_TEMPERATURES = np.geomspace(1e-3, 1e2, 61)
_LEAST_PROBABILITY = 1e-6
_INVERSE_PENALTY = 100.0
N_COEFFICIENTS = 4  # an intercept and a slope: of the nearness, of the log odds

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
    """What `right_probability` makes of the evidence. Two logistic curves of two numbers each: clades are few.

    Neither nearness nor odds may count against a label. Where nothing is unknown, every class is taken as labelled.

    Args:
        evidence: (N, 2) float64: nearness (a cosine), log odds.
        is_right: (N,) whether the label is.
        is_unknown: (N,) whether the sequence is of a class without label, so that no label could be.
    """
    is_known = ~is_unknown
    if not is_unknown.any():
        labelled = np.array([float(log_odds(np.ones(1))[0]), 0.0])
    elif not is_known.any():
        labelled = _by_spread(evidence[:, 0])
    else:
        weights = np.where(is_unknown, 1 / np.count_nonzero(is_unknown), 1 / np.count_nonzero(is_known))
        labelled = _fit_curve(evidence[:, 0], is_known, weights=weights * len(evidence) / 2)
    right = _fit_curve(evidence[is_known, 1], is_right[is_known], weights=np.ones(np.count_nonzero(is_known)))
    return np.concatenate([labelled, right])


def right_probability(evidence: Doubles, coefficients: Doubles) -> Doubles:
    """Probability that the class is labelled and the label right. (N, 2), (4,) -> (N,) float64."""
    labelled, right = (
        1 / (1 + np.exp(-np.clip(intercept + slope * values, -500, 500)))
        for values, (intercept, slope) in zip(evidence.T, coefficients.reshape(2, 2), strict=True)
    )
    probability: Doubles = labelled * right
    return probability


def _fit_curve(values: Doubles, is_true: NDArray[np.bool_], *, weights: Doubles) -> Doubles:
    """Intercept and slope of a logistic curve; no slope where it would fall or all are alike. (N,) -> (2,)."""
    if is_true.any() and not is_true.all():
        model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=1000)
        model.fit(values[:, None], is_true, sample_weight=weights)
        if model.coef_[0, 0] > 0:
            return np.array([model.intercept_[0], model.coef_[0, 0]])
    share = (weights[is_true].sum() + 1) / (weights.sum() + 2)  # by Laplace's rule, so never certain
    return np.array([float(log_odds(np.array([share]))[0]), 0.0])


def _by_spread(nearness: Doubles) -> Doubles:
    """Where only unknown sequences were held out: a curve that is half way up at their mean."""
    slope = 2 / max(float(nearness.std()), 1e-3)
    return np.array([-slope * float(nearness.mean()), slope])
