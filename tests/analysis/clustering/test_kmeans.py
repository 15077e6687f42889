from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from dnabert_s_cli.analysis.clustering.kmeans import kmeans, kmeans_plus_plus

from ..conftest import ClusteredPoints


def test_separate_clusters_are_found_and_numbered_from_one(clustered_points: ClusteredPoints) -> None:
    unit, truth = clustered_points(40, 30, 20, spread=0.05)
    labels = kmeans(unit, 3, seed=0)
    assert adjusted_rand_score(truth, labels) == 1
    assert sorted(set(labels.tolist())) == [1, 2, 3]


def test_the_same_seed_gives_the_same_bytes(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(400, 300, 200, spread=1.5)
    assert kmeans(unit, 12, seed=3).tobytes() == kmeans(unit, 12, seed=3).tobytes()


@pytest.mark.parametrize("n_clusters", [0, 4])
def test_an_impossible_number_of_clusters_is_refused(n_clusters: int) -> None:
    with pytest.raises(ValueError, match="n_clusters"):
        kmeans(np.eye(3, dtype=np.float32), n_clusters, seed=0)


def test_starts_that_lie_apart_find_what_random_ones_miss(clustered_points: ClusteredPoints) -> None:
    unit, truth = clustered_points(*[20] * 20, spread=0.05)
    assert adjusted_rand_score(truth, kmeans(unit, 20, seed=0)) < 0.99
    assert adjusted_rand_score(truth, kmeans_plus_plus(unit, 20, seed=0)) == 1
