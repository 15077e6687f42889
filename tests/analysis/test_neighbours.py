from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.analysis import neighbours
from dnabert_s_cli.analysis.neighbours import l2_normalize, nearest_neighbours, nearest_references
from tests.reference import all_pairs_neighbours


def random_unit(n_rows: int, dim: int, seed: int = 0) -> np.ndarray:
    return l2_normalize(np.random.default_rng(seed).standard_normal((n_rows, dim)))


def test_rows_get_unit_length() -> None:
    lengths = np.linalg.norm(random_unit(50, 7), axis=1)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)


def test_a_zero_row_stays_zero() -> None:
    unit = l2_normalize(np.array([[0.0, 0.0], [3.0, 4.0]]))
    np.testing.assert_array_equal(unit, np.array([[0, 0], [0.6, 0.8]], dtype=np.float32))


def test_huge_and_tiny_rows_are_normalised_without_overflow() -> None:
    unit = l2_normalize(np.array([[3e30, 4e30], [3e-30, 4e-30]], dtype=np.float32))
    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.6, 0.8]], rtol=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 60), st.integers(0, 12), st.integers(1, 5), st.integers(0, 1000))
def test_neighbours_equal_those_of_all_pairs(n_rows: int, n_neighbours: int, dim: int, seed: int) -> None:
    unit = random_unit(n_rows, dim, seed)
    unit[n_rows // 2 :: 3] = unit[: len(unit[n_rows // 2 :: 3])]  # ties
    found = nearest_neighbours(unit, n_neighbours, threads=1)
    similarities, indices = all_pairs_neighbours(unit, n_neighbours)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_allclose(found.similarities, similarities, rtol=0, atol=2e-7)


def test_neighbours_over_many_groups_equal_those_of_all_pairs() -> None:
    unit = random_unit(1500, 24)
    assert 1500 // neighbours._GROUP_ROWS > 4 * 5
    np.testing.assert_array_equal(nearest_neighbours(unit, 5).indices, all_pairs_neighbours(unit, 5)[1])


def test_bytes_are_the_same_for_one_and_two_threads() -> None:
    unit = random_unit(2500, 100)
    one, two = (nearest_neighbours(unit, 10, threads=threads) for threads in (1, 2))
    assert one.similarities.tobytes() == two.similarities.tobytes()
    assert one.indices.tobytes() == two.indices.tobytes()


@pytest.mark.parametrize("n_rows", [0, 1, 2, 3])
def test_few_rows_have_all_others_as_neighbours(n_rows: int) -> None:
    found = nearest_neighbours(random_unit(n_rows, 4), 30)
    assert found.indices.shape == found.similarities.shape == (n_rows, max(0, n_rows - 1))
    assert found.indices.dtype == np.int64
    assert found.similarities.dtype == np.float32


def test_a_row_is_not_its_own_neighbour() -> None:
    found = nearest_neighbours(random_unit(300, 3), 299)
    assert not np.any(found.indices == np.arange(300)[:, None])


def test_identical_rows_have_the_lowest_rows_as_neighbours() -> None:
    unit = np.tile(random_unit(1, 50), (400, 1))
    found = nearest_neighbours(unit, 3)
    np.testing.assert_array_equal(found.indices[3:], np.tile([0, 1, 2], (397, 1)))
    np.testing.assert_array_equal(found.indices[1], [0, 2, 3])


def test_zero_rows_are_at_similarity_zero() -> None:
    unit = random_unit(20, 4)
    unit[5] = 0
    np.testing.assert_array_equal(nearest_neighbours(unit, 4).similarities[5], np.zeros(4, dtype=np.float32))


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 1000))
def test_references_found_are_those_of_the_whole_product(n_references: int, n_neighbours: int, seed: int) -> None:
    references, queries = random_unit(n_references, 3, seed), random_unit(7, 3, seed + 1)
    references[n_references // 2 :] = references[: len(references[n_references // 2 :])]  # ties
    found = nearest_references(queries, references, n_neighbours=n_neighbours)
    exact = (queries.astype(np.float64) @ references.astype(np.float64).T).astype(np.float32)
    expected = np.argsort(-exact, axis=1, kind="stable")[:, :n_neighbours]
    np.testing.assert_array_equal(found.indices, expected)
