from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dnabert_s_cli.analysis.classification.held_out import (
    Method,
    clade_folds,
    judge,
    known_temperature,
    score_folds,
    unit_folds,
)
from tests.analysis.classification.classes import class_examples

CENTROID = Method("centroid", 1)


def test_units_are_held_out_together_and_single_ones_never() -> None:
    examples = replace(class_examples(4, 6), units=np.concatenate([np.arange(18) // 3, np.full(6, 6)]))
    folds = unit_folds(examples, n_folds=5, rng=np.random.default_rng(0))
    assert (folds[18:] == -1).all()
    assert (folds[:18] >= 0).all()
    assert all(len(np.unique(folds[examples.units == unit])) == 1 for unit in range(7))


def test_clades_are_held_out_whole_and_one_a_fold_where_they_are_few() -> None:
    examples, members = class_examples(6, 4), np.arange(6) // 2
    folds = clade_folds(examples, members, n_folds=20, rng=np.random.default_rng(0))
    assert sorted(np.unique(folds)) == [0, 1, 2]
    assert all(len(np.unique(folds[members[examples.labels] == clade])) == 1 for clade in range(3))


def test_a_held_out_class_is_never_right() -> None:
    examples, members = class_examples(6, 10), np.arange(6)
    folds = clade_folds(examples, members, n_folds=3, rng=np.random.default_rng(0))
    unknown = score_folds(examples, folds, n_classes=6, method=CENTROID)
    held_out = judge([], unknown, members=members, temperature=1.0)
    assert held_out is not None
    assert held_out.is_unknown.sum() == 60
    assert not held_out.is_right.any()
    assert held_out.share_met == pytest.approx(4 / 6)


def test_held_out_examples_of_known_classes_meet_all_labels() -> None:
    examples = class_examples(6, 10)
    folds = unit_folds(examples, n_folds=5, rng=np.random.default_rng(0))
    known = score_folds(examples, folds, n_classes=6, method=CENTROID)
    held_out = judge(known, [], members=np.arange(6), temperature=known_temperature(known))
    assert held_out is not None
    assert held_out.accuracy > 0.9
    assert all(len(part.trained) == 6 for part in known)


def test_what_is_not_tested_only_trains() -> None:
    examples = replace(class_examples(3, 4), is_tested=np.arange(12) < 4)
    folds = unit_folds(examples, n_folds=2, rng=np.random.default_rng(0))
    known = score_folds(examples, folds, n_classes=3, method=CENTROID)
    assert np.concatenate([part.labels for part in known]).tolist() == [0, 0, 0, 0]


def test_nothing_held_out_is_nothing_judged() -> None:
    assert judge([], [], members=np.arange(3), temperature=1.0) is None
    assert known_temperature([]) == 1
