from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dnabert_s_cli.analysis.binning import point_graph
from dnabert_s_cli.analysis.binning.point_graph import EXACT_ROWS, compared_graph, graph_size, neighbour_graph


def some_points(n: int, dim: int = 5, *, seed: int = 0) -> NDArray[np.float32]:
    """Points in a box so small that no edge is too weak to be kept."""
    return np.random.default_rng(seed).uniform(0, 1, (n, dim)).astype(np.float32)


def plain_graph(points: NDArray[np.float32], n_neighbours: int) -> NDArray[np.float64]:
    """The same weights by all pairs."""
    squared = ((points[:, None].astype(np.float64) - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(squared, np.inf)
    directed = np.zeros_like(squared)
    for row, distances in enumerate(squared):
        nearest = np.argsort(distances)[:n_neighbours]
        directed[row, nearest] = np.exp(-distances[nearest])
    return (directed + directed.T) / 2


def graph_of(points: NDArray[np.float32], n_neighbours: int = 8, *, threads: int = 1, seed: int = 0) -> csr_matrix:
    return neighbour_graph(points, n_neighbours=n_neighbours, seed=seed, threads=threads)


def edges(graph: csr_matrix) -> set[tuple[int, int]]:
    found = graph.tocoo()
    return set(zip(found.row.tolist(), found.col.tolist(), strict=True))


def parts(graph: csr_matrix) -> tuple[bytes, bytes, bytes]:
    return graph.data.tobytes(), graph.indices.tobytes(), graph.indptr.tobytes()


@pytest.fixture
def approximate(monkeypatch: pytest.MonkeyPatch) -> None:
    """An inverted file already for some hundred points."""
    monkeypatch.setattr(point_graph, "EXACT_ROWS", 500)


def test_weights_are_those_of_all_pairs() -> None:
    points = some_points(300)
    np.testing.assert_allclose(graph_of(points).toarray(), plain_graph(points, 8), atol=1e-5)


def test_weights_are_symmetric_and_the_diagonal_is_empty() -> None:
    graph = graph_of(some_points(300))
    assert (graph != graph.T).nnz == 0
    assert graph.diagonal().max() == 0


def test_an_edge_that_only_one_end_chose_weighs_half() -> None:
    points = np.array([[0.0], [0.1], [0.3]], dtype=np.float32)
    weights = graph_of(points, 1).toarray()
    np.testing.assert_allclose(weights[0, 1], np.exp(-(0.1**2)), rtol=1e-5)
    np.testing.assert_allclose(weights[1, 2], np.exp(-(0.2**2)) / 2, rtol=1e-5)


def test_points_far_from_all_others_have_no_edge() -> None:
    points = np.array([[0.0], [0.1], [50.0]], dtype=np.float32)
    assert edges(graph_of(points, 2)) == {(0, 1), (1, 0)}


def test_identical_points_have_edges_of_weight_one_and_none_to_themselves() -> None:
    graph = graph_of(np.full((50, 3), 0.3, dtype=np.float32))
    assert graph.diagonal().max() == 0
    assert graph.data.max() == pytest.approx(1, abs=1e-5)
    assert np.diff(graph.indptr).min() >= 8


def test_twins_are_joined() -> None:
    points = some_points(40)
    weights = graph_of(np.concatenate([points, points])).toarray()
    np.testing.assert_allclose(weights[np.arange(40), np.arange(40, 80)], 1, atol=1e-5)


@pytest.mark.parametrize(("n_points", "n_edges"), [(0, 0), (1, 0), (2, 2)])
def test_few_points_run_through(n_points: int, n_edges: int) -> None:
    graph = graph_of(some_points(n_points))
    assert graph.shape == (n_points, n_points)
    assert graph.nnz == n_edges


def test_bytes_are_the_same_for_one_and_two_threads() -> None:
    points = some_points(5_000)  # three blocks
    assert parts(graph_of(points, threads=1)) == parts(graph_of(points, threads=2))


def test_every_point_is_reported() -> None:
    reported: list[int] = []
    neighbour_graph(some_points(3_000), n_neighbours=3, seed=0, threads=1, on_progress=reported.append)
    assert sum(reported) == 3_000


def squared_distances(points: NDArray[np.float32]) -> point_graph.Compare:
    def compare(rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.float32]:
        squared: NDArray[np.float32] = ((points[rows][:, None] - points[others]) ** 2).sum(axis=2)
        return squared

    return compare


@pytest.mark.parametrize("n_spaces", [1, 2])
def test_points_compared_by_their_own_distance_give_the_plain_graph(n_spaces: int) -> None:
    points = some_points(300)
    found = compared_graph([points] * n_spaces, squared_distances(points), n_neighbours=8, seed=0, threads=1)
    np.testing.assert_allclose(found.toarray(), plain_graph(points, 8), atol=1e-5)


def test_neighbours_of_either_space_are_compared() -> None:
    points = some_points(200)
    elsewhere = np.random.default_rng(1).permutation(points)  # neighbours there say nothing
    for spaces in ([points, elsewhere], [elsewhere, points]):
        found = compared_graph(spaces, squared_distances(points), n_neighbours=8, seed=0, threads=1)
        np.testing.assert_allclose(found.toarray(), plain_graph(points, 8), atol=1e-5)


def test_bytes_of_a_compared_graph_are_the_same_for_one_and_two_threads() -> None:
    points = some_points(3_000)
    spaces = [points, points[:, :2].copy()]
    one, two = (
        compared_graph(spaces, squared_distances(points), n_neighbours=8, seed=0, threads=threads) for threads in (1, 2)
    )
    assert parts(one) == parts(two)


@pytest.mark.parametrize(("n_points", "n_edges"), [(0, 0), (1, 0), (2, 2)])
def test_few_compared_points_run_through(n_points: int, n_edges: int) -> None:
    points = some_points(n_points)
    found = compared_graph([points, points], squared_distances(points), n_neighbours=8, seed=0, threads=1)
    assert found.nnz == n_edges


@pytest.mark.usefixtures("approximate")
def test_an_inverted_file_finds_nearly_all_edges_of_points_in_groups() -> None:
    rng = np.random.default_rng(0)
    centres = np.repeat(rng.standard_normal((40, 16)), 100, axis=0)
    points = (centres + 0.2 * rng.standard_normal(centres.shape)).astype(np.float32)
    squared = (points**2).sum(axis=1)
    distances = squared[:, None] + squared - 2 * points @ points.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argpartition(distances, 8, axis=1)[:, :8]
    expected = {(row, int(other)) for row, others in enumerate(nearest) for other in others}
    assert len(expected & edges(graph_of(points))) > 0.95 * len(expected)


@pytest.mark.usefixtures("approximate")
def test_an_inverted_file_gives_the_same_bytes_twice_and_for_two_threads() -> None:
    points = some_points(3_000, 16)
    runs = [parts(graph_of(points, threads=threads)) for threads in (1, 1, 2)]
    assert runs[0] == runs[1] == runs[2]


@pytest.mark.usefixtures("approximate")
def test_an_inverted_file_of_identical_points_runs_through() -> None:
    graph = graph_of(np.full((600, 3), 0.3, dtype=np.float32))
    assert graph.diagonal().max() == 0
    assert np.diff(graph.indptr).min() >= 1


def test_the_size_says_whether_the_search_is_exact() -> None:
    assert graph_size(EXACT_ROWS, 10, n_neighbours=40).is_exact
    assert not graph_size(EXACT_ROWS + 1, 10, n_neighbours=40).is_exact


def test_the_size_holds_points_and_edges_and_grows_with_both() -> None:
    size = graph_size(1_000, 10, n_neighbours=40).n_bytes
    assert size >= 1_000 * 10 * 4 + 1_000 * 40 * 12
    assert graph_size(1_000, 20, n_neighbours=40).n_bytes > size
    assert graph_size(1_000, 10, n_neighbours=80).n_bytes > size
