from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.class_scores import METHODS, class_scores, fit_scorer, fit_space
from dnabert_s_cli.analysis.classification import score_classes
from tests.analysis.classes import class_points


def test_classes_scatter_alike_in_every_direction() -> None:
    points, labels = class_points(4, 500)
    points[:, 0] *= 30
    space = fit_space(points, labels, n_classes=4)
    projected = space.project(points)
    scatter = np.concatenate([projected[labels == one] - projected[labels == one].mean(axis=0) for one in range(4)])
    np.testing.assert_allclose(np.cov(scatter.T), np.eye(points.shape[1]), atol=0.15)


def test_single_examples_give_a_space() -> None:
    points, labels = class_points(5, 1)
    space = fit_space(points, labels, n_classes=5)
    assert np.isfinite(space.whitening).all()
    cosines = score_classes(
        space, fit_scorer("centroid", space, embeddings=points, labels=labels, n_neighbours=1), embeddings=points
    )[1]
    np.testing.assert_array_equal(cosines.argmax(axis=1), labels)


def test_constant_columns_do_no_harm() -> None:
    points, labels = class_points(3, 20)
    points[:, 3] = 7
    assert np.isfinite(fit_space(points, labels, n_classes=3).project(points)).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_classes", [2, 5])
def test_every_method_tells_distant_classes_apart(method: str, n_classes: int) -> None:
    points, labels = class_points(n_classes, 30)
    space = fit_space(points, labels, n_classes=n_classes)
    scorer = fit_scorer(method, space, embeddings=points, labels=labels, n_neighbours=5)
    new, truth = class_points(n_classes, 30, seed=1)
    assert np.mean(score_classes(space, scorer, embeddings=new)[0].argmax(axis=1) == truth) > 0.97


@pytest.mark.parametrize("method", METHODS)
def test_a_class_without_example_never_wins(method: str) -> None:
    points, labels = class_points(3, 20)
    space = fit_space(points, labels + (labels > 0), n_classes=4)
    scorer = fit_scorer(method, space, embeddings=points, labels=labels + (labels > 0), n_neighbours=3)
    assert 1 not in score_classes(space, scorer, embeddings=points)[0].argmax(axis=1)


def test_votes_of_neighbours_are_their_cosines() -> None:
    points, labels = class_points(2, 2)
    space = fit_space(points, labels, n_classes=2)
    scorer = fit_scorer("knn", space, embeddings=points, labels=labels, n_neighbours=1)
    votes = class_scores(scorer, space.project(points), cosines=np.zeros((4, 2), np.float32))
    np.testing.assert_allclose(votes, np.eye(2)[labels], atol=1e-6)


def test_a_wide_class_is_typically_less_near_to_its_centre() -> None:
    points, labels = class_points(4, 50)
    rng = np.random.default_rng(1)
    points[labels == 2] += rng.standard_normal((50, points.shape[1])).astype(np.float32)
    typical = fit_space(points, labels, n_classes=4).typical
    assert typical.argmin() == 2


def test_typical_cosine_of_a_single_example_is_that_of_all() -> None:
    points, labels = class_points(4, 20)
    few = np.flatnonzero((labels != 3) | (np.arange(len(labels)) == len(labels) - 1))
    typical = fit_space(points[few], labels[few], n_classes=4).typical
    assert typical[:3].min() < typical[3] < typical[:3].max()
