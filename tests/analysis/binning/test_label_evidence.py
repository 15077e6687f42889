"""Labels as evidence for edges: right ones help, shuffled ones change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from dnabert_s_cli.analysis.binning.label_evidence import MOST_FACTOR, weigh_edges

N_NODES, N_GROUPS = 300, 6


def _graph(seed: int = 0) -> tuple[csr_matrix, np.ndarray]:
    """Edges within groups, and a few between them; and the group of each node."""
    rng = np.random.default_rng(seed)
    groups = np.arange(N_NODES) % N_GROUPS
    ends = rng.integers(0, N_NODES, (2, 12_000))
    kept = (groups[ends[0]] == groups[ends[1]]) | (rng.random(12_000) < 0.05)
    kept &= ends[0] != ends[1]
    one = csr_matrix((np.ones(kept.sum()), (ends[0][kept], ends[1][kept])), shape=(N_NODES, N_NODES))
    return (one + one.T).tocsr(), groups


def _share_within(graph: csr_matrix, groups: np.ndarray) -> float:
    edges = graph.tocoo()
    return float(edges.data[groups[edges.row] == groups[edges.col]].sum() / edges.data.sum())


def test_right_labels_strengthen_edges_within_groups() -> None:
    graph, groups = _graph()
    weighed = weigh_edges(graph, groups, confidences=np.full(N_NODES, 0.9))
    assert _share_within(weighed, groups) > _share_within(graph, groups) + 0.05
    assert abs(weighed - weighed.T).max() < 1e-12


def test_shuffled_labels_change_next_to_nothing() -> None:
    graph, groups = _graph()
    for seed in range(5):
        shuffled = np.random.default_rng(seed).permutation(groups)
        weighed = weigh_edges(graph, shuffled, confidences=np.ones(N_NODES))
        assert abs(weighed - graph).max() <= 0.1 * graph.max()


def test_unsure_labels_weigh_less() -> None:
    graph, groups = _graph()
    shares = [
        _share_within(weigh_edges(graph, groups, confidences=np.full(N_NODES, sure)), groups) for sure in (0.3, 0.9)
    ]
    assert _share_within(graph, groups) < shares[0] < shares[1]


def test_unlabelled_contigs_keep_their_edges() -> None:
    graph, groups = _graph()
    labels = np.where(np.arange(N_NODES) < 200, groups, -1)
    weighed = weigh_edges(graph, labels, confidences=np.ones(N_NODES))
    assert abs(weighed[200:] - graph[200:]).max() == 0
    assert abs(weighed[:200, :200] - graph[:200, :200]).max() > 0


def test_no_weight_changes_by_more_than_the_most() -> None:
    graph, groups = _graph()
    ratio = weigh_edges(graph, groups, confidences=np.ones(N_NODES)).tocsr().data / graph.tocsr().data
    assert ratio.max() <= MOST_FACTOR + 1e-9
    assert ratio.min() >= 1 / MOST_FACTOR - 1e-9


@pytest.mark.parametrize("labels", [np.full(N_NODES, -1), np.zeros(N_NODES, np.int64)], ids=["none", "all alike"])
def test_labels_that_say_nothing_change_nothing(labels: np.ndarray) -> None:
    graph, _ = _graph()
    assert weigh_edges(graph, labels, confidences=np.ones(N_NODES)) is graph
