from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.metrics import adjusted_rand_score

from dnabert_s_cli.analysis.binning.communities import find_communities, find_communities_within, merge_uncut
from dnabert_s_cli.analysis.binning.point_graph import neighbour_graph

Edge = tuple[int, int, float]


def graph_of(n_nodes: int, edges: list[Edge]) -> csr_matrix:
    rows, columns, weights = zip(*edges, strict=True) if edges else ((), (), ())
    directed = coo_matrix((weights, (rows, columns)), shape=(n_nodes, n_nodes))
    return csr_matrix(directed + directed.T, dtype=np.float64)


def clique(first: int, n_nodes: int) -> list[Edge]:
    return [(first + a, first + b, 1.0) for a in range(n_nodes) for b in range(a)]


def blobs(*centres: float, n_points: int = 200, seed: int = 0) -> csr_matrix:
    """The neighbour graph of normal blobs along a line, each noisy in ten directions."""
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.normal((centre, *[0] * 9), 0.4, (n_points, 10)) for centre in centres])
    return neighbour_graph(points.astype(np.float32), n_neighbours=40, seed=0, threads=1)


def test_two_cliques_that_an_edge_joins_are_two_communities() -> None:
    graph = graph_of(20, [*clique(0, 10), *clique(10, 10), (9, 10, 1.0)])
    np.testing.assert_array_equal(find_communities(graph), np.repeat([0, 1], 10))


def test_two_cliques_that_hold_on_to_each_other_are_one() -> None:
    across = [(a, 10 + a, 1.0) for a in range(10)] + [(a, 10 + (a + 1) % 10, 1.0) for a in range(10)]
    graph = graph_of(20, [*clique(0, 10), *clique(10, 10), *across])
    np.testing.assert_array_equal(find_communities(graph), np.zeros(20))


def test_where_the_cut_of_two_communities_is_the_greatest_allowed_they_stay_apart() -> None:
    graph = graph_of(4, [(0, 1, 1.0), (2, 3, 1.0), (1, 2, 0.5)])  # 0.5 of 2.5 edges' ends
    labels = np.array([0, 0, 1, 1])
    np.testing.assert_array_equal(merge_uncut(graph, labels, greatest_cut=0.2), labels)
    np.testing.assert_array_equal(merge_uncut(graph, labels, greatest_cut=0.19), np.zeros(4))


def test_the_cut_is_measured_on_the_smaller_community() -> None:
    graph = graph_of(23, [*clique(0, 20), (20, 21, 1.0), (21, 22, 1.0), (19, 20, 1.0)])
    labels = np.repeat([0, 1], [20, 3])  # 1 of 5 edges' ends of the small one, of 381 of the large one
    assert len(np.unique(merge_uncut(graph, labels, greatest_cut=0.1))) == 1


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_blob_stays_whole(seed: int) -> None:
    np.testing.assert_array_equal(find_communities(blobs(0.0, n_points=1_000, seed=seed)), np.zeros(1_000))


def test_blobs_apart_are_found() -> None:
    assert adjusted_rand_score(np.repeat(np.arange(3), 200), find_communities(blobs(0.0, 6.0, 12.0))) == 1


def test_a_ring_of_small_cliques_is_found_whole_though_modularity_would_join_them() -> None:
    n_cliques, size = 300, 6
    joints = [(size * one, (size * (one + 1) + 1) % (size * n_cliques), 1.0) for one in range(n_cliques)]
    edges = [edge for one in range(n_cliques) for edge in clique(size * one, size)] + joints
    labels = find_communities(graph_of(n_cliques * size, edges))
    np.testing.assert_array_equal(labels, np.repeat(np.arange(n_cliques), size))


def test_given_parts_are_divided_and_never_joined() -> None:
    graph = graph_of(30, [*clique(0, 20), *clique(20, 10)])
    given = np.repeat([0, 1], [10, 20])  # cuts the first clique, holds the other half with the second
    np.testing.assert_array_equal(find_communities_within(graph, given), np.repeat([0, 1, 2], 10))


def test_nodes_of_no_given_part_stay_in_none() -> None:
    graph = graph_of(12, [*clique(0, 12)])
    given = np.repeat([-1, 7, -1], 4)
    np.testing.assert_array_equal(find_communities_within(graph, given), np.repeat([-1, 0, -1], 4))


def test_no_node_in_a_given_part_is_no_community() -> None:
    np.testing.assert_array_equal(find_communities_within(graph_of(3, clique(0, 3)), np.full(3, -1)), [-1] * 3)


@pytest.mark.parametrize("n_nodes", [0, 1, 5])
def test_nodes_without_edges_are_communities_of_their_own(n_nodes: int) -> None:
    np.testing.assert_array_equal(find_communities(graph_of(n_nodes, [])), np.arange(n_nodes))


def test_communities_are_numbered_by_their_first_node() -> None:
    order = np.random.default_rng(0).permutation(60)
    graph = graph_of(60, [edge for one in range(6) for edge in clique(10 * one, 10)])[order][:, order]
    labels = find_communities(graph)
    firsts = [int(np.argmax(labels == label)) for label in range(6)]
    assert firsts == sorted(firsts)


def test_permuting_nodes_permutes_the_partition() -> None:
    graph = blobs(0.0, 6.0, 12.0, 18.0)
    order = np.random.default_rng(1).permutation(graph.shape[0])
    assert adjusted_rand_score(find_communities(graph)[order], find_communities(graph[order][:, order])) == 1


def test_labels_are_the_same_twice() -> None:
    graph = blobs(0.0, 2.0, 4.0)
    np.testing.assert_array_equal(find_communities(graph), find_communities(graph))


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14), st.floats(0.01, 1)), max_size=60), st.data())
@settings(max_examples=60)
def test_communities_lie_within_the_given_parts_and_number_from_zero(edges: list[Edge], draw: st.DataObject) -> None:
    graph = graph_of(15, [edge for edge in edges if edge[0] != edge[1]])
    given: NDArray[np.int64] = np.array(draw.draw(st.lists(st.integers(-1, 3), min_size=15, max_size=15)))
    labels = find_communities_within(graph, given)
    np.testing.assert_array_equal(labels < 0, given < 0)
    found = np.unique(labels[labels >= 0])
    np.testing.assert_array_equal(found, np.arange(len(found)))
    assert all(len(np.unique(given[labels == label])) == 1 for label in found)
