"""Few-shot classification."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.preprocessing import StandardScaler

from dnabert_s_cli.analysis.classification.few_shot import (
    few_shot_f1,
    split_rows,
    standardise_by_all,
    standardise_by_training,
)

from ..conftest import ClusteredPoints

_PROGRAM = """
import numpy as np
from dnabert_s_cli.analysis.classification.few_shot import few_shot_f1, split_rows, standardise_by_training
labels = [f"species {row % 4}" for row in range(48)]
rows = np.random.default_rng(0).standard_normal((48, 5)) + np.arange(48)[:, None] % 4
split = split_rows(labels, most_shots=4, most_tests=8, seed=3)
print(split.classes.tolist(), few_shot_f1(rows, split, shots=[1, 2, 4], standardise=standardise_by_training))
"""


def test_the_published_split_of_a_hundred_rows_tests_eighty() -> None:
    split = split_rows(["b", "a"] * 100, most_shots=20, most_tests=80, seed=0)
    assert split.classes.tolist() == ["a", "b"]
    assert [(len(pool), len(tests)) for pool, tests in zip(split.pools, split.tests, strict=True)] == [(20, 80)] * 2


def test_pools_and_tests_partition_the_rows_of_each_species() -> None:
    split = split_rows(["b", "a"] * 50, most_shots=5, most_tests=30, seed=1)
    both = [sorted([*pool, *tests]) for pool, tests in zip(split.pools, split.tests, strict=True)]
    assert both == [list(range(1, 100, 2)), list(range(0, 100, 2))]


def test_a_small_species_gives_its_tests_for_the_shots() -> None:
    split = split_rows(["a"] * 30, most_shots=20, most_tests=80, seed=0)
    assert (len(split.pools[0]), len(split.tests[0])) == (20, 10)


def test_a_species_without_a_test_is_left_out_and_counted() -> None:
    split = split_rows(["a"] * 5 + ["b"] * 6, most_shots=5, most_tests=80, seed=0)
    assert (split.classes.tolist(), split.n_left_out) == (["b"], 1)


def test_another_seed_draws_other_tests() -> None:
    first, second = (split_rows(["a"] * 50, most_shots=5, most_tests=10, seed=seed).tests[0] for seed in (0, 1))
    assert sorted(first) != sorted(second)


@pytest.mark.parametrize("by_training", [True, False])
def test_all_shots_of_the_pool_agree_with_the_formula(clustered_points: ClusteredPoints, by_training: bool) -> None:
    rows, truth = clustered_points(30, 30, 30, spread=1.5)
    split = split_rows([str(one) for one in truth], most_shots=10, most_tests=20, seed=0)
    train, test = np.concatenate(split.pools), np.concatenate(split.tests)
    scaler = StandardScaler().fit(rows[train] if by_training else rows)
    model = LogisticRegression(C=0.5, max_iter=3000).fit(scaler.transform(rows[train]), truth[train])
    expected = f1_score(truth[test], model.predict(scaler.transform(rows[test])), average="macro")
    standardise = standardise_by_training if by_training else standardise_by_all
    assert few_shot_f1(rows, split, shots=[10], standardise=standardise) == [pytest.approx(expected)]


def test_the_sound_scaler_does_not_look_at_the_test() -> None:
    rows = np.array([[0.0], [2.0], [100.0]])
    assert standardise_by_training(rows, np.array([0, 1])).ravel().tolist() == [-1.0, 1.0, 99.0]


def test_the_published_scaler_looks_at_the_test() -> None:
    scaled = standardise_by_all(np.array([[0.0], [2.0], [4.0]]), np.array([0, 1])).ravel()
    np.testing.assert_allclose(scaled, [-np.sqrt(1.5), 0, np.sqrt(1.5)])


def test_clear_species_are_told_apart(clustered_points: ClusteredPoints) -> None:
    rows, truth = clustered_points(40, 40, spread=0.1)
    split = split_rows([str(one) for one in truth], most_shots=10, most_tests=80, seed=0)
    assert few_shot_f1(rows, split, shots=[5, 10], standardise=standardise_by_training) == [1.0, 1.0]


def test_no_number_depends_on_the_hash_seed() -> None:
    outputs = set()
    for hash_seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = subprocess.run(
            [sys.executable, "-c", _PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        outputs.add(run.stdout)
    assert len(outputs) == 1
    assert "species 0" in outputs.pop()
