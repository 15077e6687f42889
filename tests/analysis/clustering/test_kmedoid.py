from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dnabert_s_cli.analysis.clustering import kmedoid as module
from dnabert_s_cli.analysis.clustering.kmedoid import kmedoid
from dnabert_s_cli.analysis.neighbours import l2_normalize
from tests.locations import GOLDEN
from tests.reference import kmedoid_on_matrix

from ..conftest import ClusteredPoints


def run(unit: NDArray[np.float32], min_similarity: float, **options: int) -> NDArray[np.int64]:
    settings = {"min_cluster_size": 1, "rounds": 3, "max_clusters": 1000, "threads": 1} | options
    return kmedoid(unit, min_similarity=min_similarity, **settings)


@pytest.mark.parametrize("case", range(4))
def test_labels_are_those_of_upstream(case: int) -> None:
    with np.load(GOLDEN / "kmedoid.npz") as golden:
        parts = {name: golden[f"{case}.{name}"] for name in ("features", "min_similarity", "min_bin_size", "labels")}
    size = int(parts["min_bin_size"])
    labels = run(parts["features"], float(parts["min_similarity"]), min_cluster_size=size)
    np.testing.assert_array_equal(labels, parts["labels"])


@settings(max_examples=40)
@given(st.integers(1, 80), st.integers(2, 6), st.floats(0.05, 0.95), st.integers(1, 4), st.integers(0, 10_000))
def test_labels_are_those_with_the_whole_matrix(
    n_rows: int, dim: int, min_similarity: float, rounds: int, seed: int
) -> None:
    unit = l2_normalize(np.random.default_rng(seed).standard_normal((n_rows, dim)))
    expected = kmedoid_on_matrix(unit, min_similarity, 2, rounds, 1000)
    np.testing.assert_array_equal(run(unit, min_similarity, min_cluster_size=2, rounds=rounds), expected)


def test_labels_over_many_tiles_are_those_with_the_whole_matrix(
    monkeypatch: pytest.MonkeyPatch, clustered_points: ClusteredPoints
) -> None:
    monkeypatch.setattr(module, "_TILE_ROWS", 32)
    monkeypatch.setattr(module, "_PRODUCT_ROWS", 50)
    unit, _ = clustered_points(90, 60, 50, 20, 5, dim=12, spread=0.7)
    np.testing.assert_array_equal(run(unit, 0.7), kmedoid_on_matrix(unit, 0.7, 1, 3, 1000))


def test_bytes_are_the_same_for_one_and_two_threads(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(900, 700, 500, 300, spread=0.8)
    assert run(unit, 0.6, threads=1).tobytes() == run(unit, 0.6, threads=2).tobytes()


def test_permuting_rows_permutes_labels(clustered_points: ClusteredPoints) -> None:
    unit, _ = clustered_points(80, 50, 30, 10)
    order = np.random.default_rng(1).permutation(len(unit))
    np.testing.assert_array_equal(run(unit[order], 0.8), run(unit, 0.8)[order])


def test_small_clusters_are_dropped_and_the_rest_numbered_on() -> None:
    # the middle one of three seeds, by density, loses its cluster: density counts similarity, not members
    near, far = [[1.0, 0.0]] * 5, [[0.0, 1.0]] * 2
    unit = l2_normalize(np.array([*far, *near, *[[-1.0, 0.0]] * 3]))
    np.testing.assert_array_equal(run(unit, 0.9, min_cluster_size=3), [-1, -1, 1, 1, 1, 1, 1, 2, 2, 2])


def test_no_more_seeds_than_asked_for_are_tried(clustered_points: ClusteredPoints) -> None:
    unit, truth = clustered_points(40, 20, 10, spread=0.05)
    labels = run(unit, 0.8, max_clusters=2)
    np.testing.assert_array_equal(labels, np.array([1, 2, -1])[truth])


def test_identical_rows_are_one_cluster() -> None:
    unit = np.tile(l2_normalize(np.arange(1.0, 40.0)[None]), (100, 1))
    np.testing.assert_array_equal(run(unit, 0.999), np.ones(100))


def test_zero_rows_are_unassigned() -> None:
    unit = np.zeros((3, 2), dtype=np.float32)
    unit[1, 0] = 1
    np.testing.assert_array_equal(run(unit, 0.5), [-1, 1, -1])


def test_no_rows_give_no_labels() -> None:
    assert run(np.empty((0, 5), dtype=np.float32), 0.5).shape == (0,)


def test_one_row_is_a_cluster_of_its_own() -> None:
    np.testing.assert_array_equal(run(np.array([[0.6, 0.8]], dtype=np.float32), 0.9), [1])


@pytest.mark.parametrize("min_similarity", [-0.1, 0.0, 1.0, 1.1])
def test_a_threshold_outside_zero_to_one_is_refused(min_similarity: float) -> None:
    with pytest.raises(ValueError, match="min_similarity"):
        run(np.ones((1, 1), dtype=np.float32), min_similarity)


def test_no_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="rounds"):
        run(np.ones((1, 1), dtype=np.float32), 0.5, rounds=0)
