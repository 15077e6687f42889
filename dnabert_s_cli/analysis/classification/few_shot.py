"""Few-shot classification as published: a handful of labelled vectors a species, logistic regression, macro F1.

Labels and a seed -> rows in a new order -> for each species a pool, its first rows, and a test part, its last ->
vectors standardised -> logistic regression on the first rows of each pool -> macro F1 on the test part, for every
number of shots.
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

Standardise = Callable[[NDArray[np.float64], NDArray[np.int64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class FewShotSplit:
    """What shots are taken from and what is tested on; no row is in both.

    Attributes:
        classes: (C,) labels of the species that take part, sorted: no order of a hash.
        pools: (C,) arrays of row numbers, of which the first are the shots.
        tests: (C,) arrays of row numbers to test on.
        n_left_out: species with too few rows for a test after the shots.
    """

    classes: NDArray[np.str_]
    pools: tuple[NDArray[np.int64], ...]
    tests: tuple[NDArray[np.int64], ...]
    n_left_out: int


def split_rows(labels: Sequence[str], *, most_shots: int, most_tests: int, seed: int) -> FewShotSplit:
    """All rows in an order drawn by the seed; the last `most_tests` of each species are its test, the others its pool.

    Source: evaluation of DNABERT-S, Zhou et al. 2024, arXiv 2402.08777, whose species have 100 rows: 80 to test, up to
    20 shots. One difference: where a species has fewer, its test is shorter, so that the two never overlap; a species
    of `most_shots` rows or fewer takes no part.
    """
    names, members = np.unique(np.asarray(labels, dtype=np.str_), return_inverse=True)
    order = np.random.default_rng(seed).permutation(len(members))
    pools, tests, kept = [], [], []
    for place, name in enumerate(names):
        rows = order[members[order] == place]
        n_tests = min(most_tests, len(rows) - most_shots)
        if n_tests > 0:
            kept.append(name)
            pools.append(rows[:-n_tests])
            tests.append(rows[-n_tests:])
    return FewShotSplit(np.array(kept, dtype=np.str_), tuple(pools), tuple(tests), len(names) - len(kept))


def standardise_by_all(embeddings: NDArray[np.float64], train_rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """By the mean and variance of all rows: what the published code does, which so looks at the test part. (N, D)."""
    del train_rows
    scaled: NDArray[np.float64] = StandardScaler().fit_transform(embeddings)
    return scaled


def standardise_by_training(embeddings: NDArray[np.float64], train_rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """By the mean and variance of the rows that are trained on. (N, D), (M,) -> (N, D)."""
    scaled: NDArray[np.float64] = StandardScaler().fit(embeddings[train_rows]).transform(embeddings)
    return scaled


def few_shot_f1(
    embeddings: NDArray[np.floating], split: FewShotSplit, *, shots: Sequence[int], standardise: Standardise
) -> list[float]:
    """Macro F1 on the test part with each number of shots a species.

    Logistic regression with C = 0.5, L2, lbfgs, at most 3,000 rounds.

    Args:
        embeddings: (N, D).
        shots: each at most the size of the smallest pool.
        standardise: from all rows, and the numbers of those trained on, to the same standardised; see above.
    """
    test_rows = np.concatenate(split.tests)
    test_classes = np.repeat(np.arange(len(split.classes)), [len(rows) for rows in split.tests])
    exact = embeddings.astype(np.float64)
    scores = []
    with threadpool_limits(limits=1):  # several threads add up in an order that changes from run to run
        for n_shots in shots:
            train_rows = np.concatenate([pool[:n_shots] for pool in split.pools])
            scaled = standardise(exact, train_rows)
            model = LogisticRegression(C=_INVERSE_PENALTY, solver="lbfgs", max_iter=_MAX_ROUNDS)
            with warnings.catch_warnings():  # one shot looks to scikit-learn like numbers to be regressed
                warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
                model.fit(scaled[train_rows], np.repeat(np.arange(len(split.classes)), n_shots))
            scores.append(float(f1_score(test_classes, model.predict(scaled[test_rows]), average="macro")))
    return scores
