from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_s_cli.analysis.cluster_number import SAMPLE_ROWS, choose_n_clusters
from dnabert_s_cli.analysis.neighbours import l2_normalize


def _blobs(n_clusters: int, n_each: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Rows around random directions of 20 dimensions, one of which is ten times as wide as the others."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_clusters, 20))
    rows = np.repeat(centres, n_each, axis=0) + 0.15 * rng.normal(size=(n_clusters * n_each, 20))
    rows[:, 0] *= 10
    return l2_normalize(rows.astype(np.float32))


@pytest.mark.parametrize("n_clusters", [3, 8, 21])
def test_the_number_of_clear_clusters_is_found(n_clusters: int) -> None:
    assert choose_n_clusters(_blobs(n_clusters, 25), seed=0) == n_clusters


def test_the_number_is_found_from_a_sample_of_many_rows() -> None:
    unit = _blobs(6, SAMPLE_ROWS // 4)
    assert choose_n_clusters(unit, seed=0) == 6


def test_the_same_seed_gives_the_same_number() -> None:
    unit = l2_normalize(np.random.default_rng(0).normal(size=(120, 8)).astype(np.float32))
    assert choose_n_clusters(unit, seed=3) == choose_n_clusters(unit, seed=3)


@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_hardly_any_rows_are_one_cluster(n_rows: int) -> None:
    assert choose_n_clusters(np.eye(3, dtype=np.float32)[:n_rows], seed=0) == 1


def test_rows_that_are_all_alike_are_one_cluster() -> None:
    assert choose_n_clusters(np.ones((20, 4), dtype=np.float32) / 2, seed=0) == 1
