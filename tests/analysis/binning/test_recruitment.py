"""Short contigs and the communities they join, on graphs of a few edges."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from dnabert_s_cli.analysis.binning.recruitment import recruit

LABELS = np.array([0, 0, 1, -1, -1, -1])  # three long contigs in two communities, one in none, two that wait
WAITING = np.array([False, False, False, False, True, True])


def joined(*edges: tuple[int, int, float]) -> list[int]:
    """Labels of the two that wait."""
    rows, columns, weights = zip(*edges, strict=True) if edges else ((), (), ())
    graph = csr_matrix((weights, (rows, columns)), shape=(6, 6))
    return recruit(csr_matrix(graph + graph.T), LABELS, waiting=WAITING)[4:].tolist()


def test_a_short_contig_joins_the_community_of_most_weight() -> None:
    assert joined((4, 0, 0.2), (4, 1, 0.2), (4, 2, 0.3), (5, 2, 0.1)) == [0, 1]


def test_a_contig_between_communities_joins_none() -> None:
    assert joined((4, 0, 0.3), (4, 2, 0.35), (4, 3, 0.35)) == [-1, -1]


def test_a_contig_near_those_of_no_community_joins_none() -> None:
    assert joined((4, 3, 0.9), (4, 0, 0.1)) == [-1, -1]


def test_short_contigs_do_not_vote() -> None:
    assert joined((4, 0, 0.1), (4, 5, 0.9)) == [0, -1]


def test_of_equal_communities_the_first_is_joined() -> None:
    assert joined((4, 2, 0.5), (4, 0, 0.5)) == [0, -1]


def test_without_edges_none_joins_and_long_contigs_stay() -> None:
    assert joined() == [-1, -1]
    found = recruit(csr_matrix((6, 6)), LABELS, waiting=WAITING)
    np.testing.assert_array_equal(found[:4], LABELS[:4])
