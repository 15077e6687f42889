"""The score above which few sequences of clades that nobody labelled are expected, and how sure that is.

Scores of held-out clades, each clade of the same weight -> of every sequence the share of the other clades' below it
-> the least share that few enough reach -> the score at that share of all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

_CONFIDENCE = 0.95
_ROUNDING = 1e-9  # of sums of shares

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score, and what is known of the sequences of unlabelled clades that exceed it.

    Attributes:
        score: labels are given above it.
        fpr: the expected share of such sequences, by clades that did not choose the threshold they were held to.
        fpr_limit: the upper 95 % limit of that share, if all sequences of a clade were alike.
        n_clades: that both rest on. Few clades say little, however many sequences they have.
    """

    score: float
    fpr: float
    fpr_limit: float
    n_clades: int


def choose_threshold(scores: Doubles, clades: Ints, *, max_fpr: float, share_met: float = 1.0) -> Threshold:
    """The threshold that a sequence of a new clade exceeds with a probability of at most `max_fpr`.

    Leave-one-clade-out: each clade is held to the threshold that the others give at one quantile, and the quantile is
    the least at which few enough pass. A sequence of a new clade meets all labels, one held out met fewer, so by the
    union bound its probability is at most 1 / `share_met` times as large. Where even the largest score of the other
    clades is exceeded too often, that of all is the threshold, and `fpr` is larger than `max_fpr`.

    Args:
        scores: (N,) of held-out sequences; at least one.
        clades: (N,) the clade of each.
        share_met: of the labels, that held-out sequences were compared with.
    """
    names, numbers, counts = np.unique(clades, return_inverse=True, return_counts=True)
    n_clades = len(names)
    order = np.argsort(scores, kind="stable")
    weights = 1 / counts[numbers]  # of a clade: 1
    reached = np.cumsum(weights[order])
    below = np.concatenate([[0.0], reached])[np.searchsorted(scores[order], scores)]
    own = np.empty(len(scores))
    by_clade = np.split(np.argsort(numbers, kind="stable"), np.cumsum(counts)[:-1])
    for rows in by_clade:
        own[rows] = np.searchsorted(np.sort(scores[rows]), scores[rows]) / len(rows)
    # The share of the other clades' scores that each exceeds; of none, all.
    exceeded = (below - own) / (n_clades - 1) if n_clades > 1 else np.ones(len(scores))
    level = _least_level(exceeded, weights / n_clades, max_fpr=max_fpr * share_met)
    place = int(np.searchsorted(reached / n_clades, level + _ROUNDING))
    passes = exceeded > min(level, 1 - 2 * _ROUNDING) + _ROUNDING  # at the level of 1: what exceeds all others
    share = float(np.sum(passes * weights)) / n_clades / share_met
    fpr = min(1.0, share) if n_clades > 1 else math.nan
    return Threshold(float(scores[order][min(place, len(scores) - 1)]), fpr, _upper_limit(fpr, n_clades), n_clades)


def _upper_limit(share: float, n_clades: int) -> float:
    """Clopper and Pearson's limit of a share of so many clades; wider than need be if clades pass in part."""
    passed = share * n_clades
    return 1.0 if passed >= n_clades else float(betaincinv(passed + 1, n_clades - passed, _CONFIDENCE))


def _least_level(exceeded: Doubles, weights: Doubles, *, max_fpr: float) -> float:
    """The largest share that sequences of more than `max_fpr` of the weight exceed; they pass any level up to it."""
    order = np.argsort(-exceeded, kind="stable")
    too_many = np.flatnonzero(np.cumsum(weights[order]) > max_fpr + _ROUNDING)
    return float(exceeded[order[too_many[0]]]) if len(too_many) else -1.0
