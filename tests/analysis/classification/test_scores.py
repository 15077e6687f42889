from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.classification.classifier import score_classes
from dnabert_s_cli.analysis.classification.scores import METHODS, class_scores, fit_scorer, fit_space
from tests.analysis.classification.classes import class_points


def test_what_varies_within_classes_shrinks() -> None:
    points, labels = class_points(4, 500)
    points[:, 0] *= 30
    points += 7
    projected = fit_space(points, labels, n_classes=4).project(points)
    scatter = np.concatenate([projected[labels == one] - projected[labels == one].mean(axis=0) for one in range(4)])
    variances = np.linalg.eigvalsh(np.cov(scatter.T))
    assert variances[-1] < 2.1  # half of the covariance is kept: at most twice its inverse
    assert np.ptp(variances) < 0.01 * np.cov(points.T).max()


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
