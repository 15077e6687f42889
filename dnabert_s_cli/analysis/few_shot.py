"""Few-shot classification as published: a handful of labelled vectors a species, logistic regression, macro F1.

Labels -> for each species a test part, its last rows, and a pool before them -> draws of the pool by seed -> scaled
vectors -> logistic regression -> macro F1 on the test part, for every number of shots.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

_INVERSE_PENALTY = 0.5
_MAX_ROUNDS = 3_000

Scale = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]


@dataclass(frozen=True, slots=True, eq=False)
class FewShotSplit:
    """What is drawn from and what is tested on.

    Attributes:
        classes: (C,) labels of the species that take part, sorted: no order of a hash.
        pools: (C,) arrays of row numbers to draw shots from.
        tests: (C,) arrays of row numbers to test on.
        n_left_out: species with too few rows for a test beside the shots.
    """

    classes: NDArray[np.str_]
    pools: tuple[NDArray[np.int64], ...]
    tests: tuple[NDArray[np.int64], ...]
    n_left_out: int


def split_rows(labels: Sequence[str], *, most_shots: int, most_tests: int) -> FewShotSplit:
    """The last `most_tests` rows of each species are its test; where that would leave fewer than `most_shots`, less.

    Source: evaluation of DNABERT-S, Zhou et al. 2024, arXiv 2402.08777, whose species have 100 rows, of which the
    last 80 are the test. A species of `most_shots` rows or fewer takes no part.
    """
    names, members = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    pools, tests, kept = [], [], []
    for place, name in enumerate(names):
        rows = np.flatnonzero(members == place)
        n_tests = min(most_tests, len(rows) - most_shots)
        if n_tests > 0:
            kept.append(name)
            pools.append(rows[:-n_tests])
            tests.append(rows[-n_tests:])
    return FewShotSplit(np.array(kept, dtype=np.str_), tuple(pools), tuple(tests), len(names) - len(kept))


def scale_together(
    train: NDArray[np.float64], test: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both parts by the mean and variance of both: what the published code does, which looks at the test part."""
    scaler = StandardScaler().fit(np.concatenate([train, test]))
    return scaler.transform(train), scaler.transform(test)


def scale_by_training(
    train: NDArray[np.float64], test: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both parts by the mean and variance of the training part alone."""
    scaler = StandardScaler().fit(train)
    return scaler.transform(train), scaler.transform(test)


def few_shot_f1(
    embeddings: NDArray[np.floating], split: FewShotSplit, *, shots: Sequence[int], seed: int, scale: Scale
) -> list[float]:
    """Macro F1 on the test part with each number of shots a species.

    Logistic regression with C = 0.5, L2, lbfgs, at most 3,000 rounds. One seed draws one order of each pool, so the
    rows of 1 shot are among those of 2.

    Args:
        embeddings: (N, D).
        shots: each at most the size of the smallest pool.
        scale: from the rows drawn and the test rows to the same standardised; see the two functions above.
    """
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(pool) for pool in split.pools]
    test_rows = np.concatenate(split.tests)
    test_classes = np.repeat(np.arange(len(split.classes)), [len(rows) for rows in split.tests])
    scores = []
    with threadpool_limits(limits=1):  # several threads add up in an order that changes from run to run
        for n_shots in shots:
            rows = np.concatenate([order[:n_shots] for order in orders])
            train, test = scale(embeddings[rows].astype(np.float64), embeddings[test_rows].astype(np.float64))
            model = LogisticRegression(C=_INVERSE_PENALTY, solver="lbfgs", max_iter=_MAX_ROUNDS)
            with warnings.catch_warnings():  # one shot looks to scikit-learn like numbers to be regressed
                warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
                model.fit(train, np.repeat(np.arange(len(split.classes)), n_shots))
            scores.append(float(f1_score(test_classes, model.predict(test), average="macro")))
    return scores
