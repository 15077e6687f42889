from __future__ import annotations

import hdbscan
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from dnabert_s_cli.analysis.clustering.density import hdbscan_clusters
from dnabert_s_cli.analysis.neighbours import l2_normalize

from ..conftest import ClusteredPoints


def run(unit: NDArray[np.float32], min_cluster_size: int = 10, **options: int) -> NDArray[np.int64]:
    return hdbscan_clusters(unit, min_cluster_size=min_cluster_size, **({"n_neighbours": 30, "threads": 1} | options))


def test_clusters_agree_with_hdbscan_on_all_pairs(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(200, 150, 100, 80, 60, 40, 20, dim=32, spread=0.7)
    expected = hdbscan.HDBSCAN(min_cluster_size=10).fit_predict(unit.astype(np.float64))
    assert adjusted_rand_score(expected, run(unit)) > 0.97


def test_a_connected_graph_of_all_pairs_gives_exactly_hdbscan(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(60, 40, 20, spread=0.5)
    expected = hdbscan.HDBSCAN(min_cluster_size=8, algorithm="generic").fit_predict(unit.astype(np.float64))
    labels = run(unit, 8, n_neighbours=119)
    np.testing.assert_array_equal(labels == -1, expected == -1)
    assert adjusted_rand_score(expected, labels) == 1


def test_groups_that_no_edge_joins_are_clusters_of_their_own(clustered_points: ClusteredPoints) -> None:
    unit, truth = clustered_points(50, 40, 30, spread=0.02)
    np.testing.assert_array_equal(run(unit, n_neighbours=10), truth + 1)


def test_clusters_are_numbered_by_size_then_by_lowest_row(clustered_points: ClusteredPoints) -> None:
    unit, truth = clustered_points(20, 60, 20, spread=0.02)
    first, second = sorted((0, 2), key=lambda cluster: int(np.argmax(truth == cluster)))
    numbers = {1: 1, first: 2, second: 3}
    np.testing.assert_array_equal(run(unit, n_neighbours=10), [numbers[cluster] for cluster in truth])


def test_rows_far_from_all_clusters_are_noise(clustered_points: ClusteredPoints) -> None:
    unit, truth = clustered_points(60, 60, dim=64, spread=0.02)
    side_by_side = l2_normalize(unit + np.ones(64, dtype=np.float32))
    far = l2_normalize(-np.ones(64) + np.random.default_rng(5).standard_normal((5, 64)))
    labels = run(np.concatenate([side_by_side, far]))
    assert adjusted_rand_score(truth, labels[:-5]) == 1
    np.testing.assert_array_equal(labels[-5:], [-1] * 5)


def test_bytes_are_the_same_twice_and_for_one_and_two_threads(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(500, 400, 300, dim=24, spread=1.0)
    runs = [run(unit, threads=threads).tobytes() for threads in (1, 1, 2)]
    assert runs[0] == runs[1] == runs[2]


def test_permuting_rows_keeps_the_partition(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(120, 80, 40, spread=0.6)
    order = np.random.default_rng(1).permutation(len(unit))
    assert adjusted_rand_score(run(unit)[order], run(unit[order])) == 1


def test_identical_rows_stay_together() -> None:
    unit = np.repeat(l2_normalize(np.random.default_rng(0).standard_normal((3, 8))), (40, 30, 20), axis=0)
    np.testing.assert_array_equal(run(unit), np.repeat([1, 2, 3], (40, 30, 20)))


@pytest.mark.parametrize("n_rows", [0, 1, 2, 9])
def test_fewer_rows_than_a_cluster_are_noise(n_rows: int) -> None:
    unit = np.ones((n_rows, 1), dtype=np.float32)
    np.testing.assert_array_equal(run(unit), np.full(n_rows, -1))


def test_just_as_many_rows_as_a_cluster_run_through() -> None:
    unit = l2_normalize(np.random.default_rng(0).standard_normal((10, 4)))
    assert run(unit).shape == (10,)


def test_fewer_neighbours_than_min_samples_are_raised_to_it(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(50, 50)
    np.testing.assert_array_equal(run(unit, n_neighbours=1), run(unit, n_neighbours=10))


def test_min_cluster_size_below_two_is_refused() -> None:
    with pytest.raises(ValueError, match="min_cluster_size"):
        run(np.ones((3, 1), dtype=np.float32), 1)


def test_min_samples_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="min_samples"):
        run(np.ones((3, 1), dtype=np.float32), 2, min_samples=0)
