"""Parts found around seeds, on Gaussian clouds of known origin."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_s_cli.analysis.binning.mixture import common_mixture, seeded_means

N_EACH = 200
ORIGIN = np.repeat([0, 1], N_EACH)
ONES = np.ones(2 * N_EACH)
SEEDS = np.array([0, N_EACH])


def clouds(stretch: float) -> NDArray[np.float64]:
    """Two clouds that lie apart in the first direction and are stretched in the second."""
    points = np.random.default_rng(0).standard_normal((2 * N_EACH, 5))
    points[:, 0] += np.where(ORIGIN == 0, -3.0, 3.0)
    points[:, 1] *= stretch
    return points


def test_round_clouds_are_told_apart_by_means() -> None:
    assert np.mean(seeded_means(clouds(1), ONES, seeds=SEEDS) == ORIGIN) > 0.99


def test_clusters_are_numbered_as_the_seeds() -> None:
    assert np.mean(seeded_means(clouds(1), ONES, seeds=SEEDS[::-1]) == 1 - ORIGIN) > 0.99


def test_a_mixture_learns_in_what_direction_clouds_are_stretched() -> None:
    points = clouds(8)
    start = np.where(np.abs(points[:, 1]) > 12, (points[:, 1] > 0).astype(np.int64), ORIGIN)
    assert np.mean(start == ORIGIN) < 0.95
    assert np.mean(common_mixture(points, ONES, labels=start, n_components=5) == ORIGIN) > 0.99


def test_points_without_weight_do_not_move_the_centres() -> None:
    points = np.array([[0.0], [1.0], [10.0], [11.0], [4.0]])
    weights = np.array([1.0, 1.0, 1.0, 1.0, 0.0])
    seeds = np.array([0, 3])
    np.testing.assert_array_equal(seeded_means(points, weights, seeds=seeds), [0, 0, 1, 1, 0])
    np.testing.assert_array_equal(
        seeded_means(points, np.array([1e-9, 1e-9, 1, 1, 40.0]), seeds=seeds), [0, 0, 1, 1, 0]
    )


@pytest.mark.parametrize("n_components", [1, 5, 50])
def test_more_components_than_columns_are_as_many_as_columns(n_components: int) -> None:
    found = common_mixture(clouds(1), ONES, labels=ORIGIN, n_components=n_components)
    assert np.mean(found == ORIGIN) > 0.99


def test_points_all_at_one_place_stay_in_one_part() -> None:
    points = np.zeros((6, 3))
    labels = seeded_means(points, np.ones(6), seeds=np.array([0, 5]))
    np.testing.assert_array_equal(labels, np.zeros(6))
    np.testing.assert_array_equal(common_mixture(points, np.ones(6), labels=labels, n_components=2), np.zeros(6))
