from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dnabert_s_cli.analysis.binning.contig_space import ContigSpace
from dnabert_s_cli.analysis.binning.islands import join_unmarked
from dnabert_s_cli.analysis.markers.search import MarkerHits
from tests.marker_contigs import made_up_hits, made_up_set

N_MARKERS = 20
FIRST, SECOND, ISLAND = 0, 1, 2  # two genomes of 20 contigs, and an island of 4
LABELS = np.repeat([FIRST, SECOND, ISLAND], [20, 20, 4])
N_CONTIGS = len(LABELS)
JOINS_FIRST = np.where(LABELS == ISLAND, FIRST, LABELS)
DIRECTIONS = {FIRST: (1.0, 0.0, 0.0), SECOND: (0.0, 1.0, 0.0), ISLAND: (0.8, 0.3, 0.5)}


def graph(to_first: float, to_second: float = 0.0) -> csr_matrix:
    """Edges of weight 1 within each community, and of these weights from the island to the genomes."""
    between = np.eye(3)
    between[ISLAND, :2] = between[:2, ISLAND] = to_first, to_second
    weights = between[LABELS][:, LABELS]
    np.fill_diagonal(weights, 0)
    return csr_matrix(weights)


def hits(*more: tuple[int, int]) -> MarkerHits:
    """Each marker once in each genome, and more on these contigs."""
    both = [(genome * 20 + marker, marker) for genome in (0, 1) for marker in range(N_MARKERS)]
    return made_up_hits(made_up_set(N_MARKERS), N_CONTIGS, *both, *more)


def space(
    depths: Mapping[int, tuple[float, ...]] | None = None, island: tuple[float, float, float] = DIRECTIONS[ISLAND]
) -> ContigSpace:
    """Contigs of a community all at one place."""
    directions = np.array([DIRECTIONS[FIRST], DIRECTIONS[SECOND], island])
    vectors = (directions / np.linalg.norm(directions, axis=1, keepdims=True))[LABELS].astype(np.float32)
    of_label = np.array([depths[label] for label in range(3)]) if depths else np.empty((3, 0))
    points = of_label[LABELS].astype(np.float32)
    return ContigSpace(vectors, points, np.full_like(points, 0.5), points.shape[1])


def joined(
    edges: csr_matrix, *, found: MarkerHits | None = None, at: ContigSpace | None = None, island_bp: int = 10_000
) -> NDArray[np.int64]:
    lengths_bp = np.where(LABELS == ISLAND, island_bp, 10_000)
    return join_unmarked(edges, LABELS, hits=found or hits(), lengths_bp=lengths_bp, space=at or space())


def test_an_island_joins_the_genome_that_it_resembles_and_holds_on_to() -> None:
    np.testing.assert_array_equal(joined(graph(0.1)), JOINS_FIRST)


def test_an_island_that_is_cut_off_stays_apart() -> None:
    np.testing.assert_array_equal(joined(graph(0.001)), LABELS)


def test_an_island_between_two_genomes_stays_apart() -> None:
    even = space(island=(0.6, 0.6, 0.3))
    np.testing.assert_array_equal(joined(graph(0.1, 0.1), at=even), LABELS)


def test_an_island_like_no_genome_stays_apart() -> None:
    np.testing.assert_array_equal(joined(graph(0.1), at=space(island=(0.2, 0.0, 1.0))), LABELS)


def test_an_island_too_large_for_the_genome_stays_apart() -> None:
    np.testing.assert_array_equal(joined(graph(0.1), island_bp=20_000), LABELS)


@pytest.mark.parametrize(("island", "expected"), [(1.0, JOINS_FIRST), (5.0, JOINS_FIRST), (7.0, LABELS)])
def test_an_island_may_be_less_deep_than_its_genome_but_not_deeper(island: float, expected: NDArray[np.int64]) -> None:
    depths = {FIRST: (5.0, 9.0), SECOND: (20.0, 20.0), ISLAND: (island, 5.0)}
    np.testing.assert_array_equal(joined(graph(0.1), at=space(depths)), expected)


def test_depth_decides_between_two_genomes_that_are_alike() -> None:
    depths = {FIRST: (5.0,), SECOND: (2.0,), ISLAND: (4.0,)}
    even = space(depths, island=(0.6, 0.6, 0.3))
    np.testing.assert_array_equal(joined(graph(0.1, 0.1), at=even), JOINS_FIRST)


def test_markers_that_would_come_twice_keep_an_island_apart() -> None:
    np.testing.assert_array_equal(joined(graph(0.1), found=hits((40, 0))), LABELS)


def test_communities_without_markers_do_not_join_each_other() -> None:
    none = made_up_hits(made_up_set(N_MARKERS), N_CONTIGS)
    np.testing.assert_array_equal(joined(graph(0.1), found=none), LABELS)


def test_contigs_of_no_community_join_none() -> None:
    labels, expected = LABELS.copy(), JOINS_FIRST.copy()
    labels[[5, 43]] = expected[[5, 43]] = -1
    lengths_bp = np.full(N_CONTIGS, 10_000)
    found = join_unmarked(graph(0.1), labels, hits=hits(), lengths_bp=lengths_bp, space=space())
    np.testing.assert_array_equal(found, expected)


def test_no_community_at_all_stays_none() -> None:
    none = np.full(N_CONTIGS, -1)
    lengths_bp = np.full(N_CONTIGS, 10_000)
    found = join_unmarked(graph(0.1), none, hits=hits(), lengths_bp=lengths_bp, space=space())
    np.testing.assert_array_equal(found, none)
