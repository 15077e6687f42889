"""Communities joined and divided by made-up markers on graphs whose parts are plain."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dnabert_s_cli.analysis.binning.communities import find_communities
from dnabert_s_cli.analysis.binning.contig_space import ContigSpace
from dnabert_s_cli.analysis.binning.marker_refinement import divide_contaminated, expected_genomes
from dnabert_s_cli.analysis.binning.quality import BinQuality
from dnabert_s_cli.analysis.markers.search import MarkerHits
from tests.marker_contigs import made_up_hits, made_up_set

N_CONTIGS = 24  # twelve of each genome
N_MARKERS = 6
GENOME = np.repeat([0, 1], 12)
TOGETHER = np.zeros(N_CONTIGS, dtype=np.int64)
NO_DEPTH = np.zeros((N_CONTIGS, 0), dtype=np.float32)


def two_genomes(across: float) -> csr_matrix:
    """Contigs of two genomes, all joined: by 1 within one, by `across` between two."""
    weights = np.where(GENOME[:, None] == GENOME, 1.0, across)
    np.fill_diagonal(weights, 0)
    return csr_matrix(weights)


def hits_of(*contigs: int) -> MarkerHits:
    """All markers, one on each of the first contigs from each of these on."""
    places = [(contig + marker, marker) for contig in contigs for marker in range(N_MARKERS)]
    return made_up_hits(made_up_set(N_MARKERS), N_CONTIGS, *places)


def alike() -> ContigSpace:
    """All contigs at one place: nothing but the graph tells genomes apart."""
    return ContigSpace(np.zeros((N_CONTIGS, 4), dtype=np.float32), NO_DEPTH, NO_DEPTH, 0)


def apart() -> ContigSpace:
    """Two genomes that overlap a little in each of many directions."""
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((N_CONTIGS, 30)) + np.where(GENOME == 0, -1.0, 1.0)[:, None]
    return ContigSpace(vectors.astype(np.float32), NO_DEPTH, NO_DEPTH, 0)


def divided(
    labels: NDArray[np.int64],
    hits: MarkerHits,
    *,
    across: float = 0.12,
    min_bin_bp: int = 100_000,
    space: ContigSpace | None = None,
) -> NDArray[np.int64]:
    return divide_contaminated(
        two_genomes(across),
        labels,
        hits=hits,
        lengths_bp=np.full(N_CONTIGS, 10_000),
        min_bin_bp=min_bin_bp,
        space=space or alike(),
    )


def test_a_community_of_two_genomes_is_divided_where_markers_say_so() -> None:
    np.testing.assert_array_equal(find_communities(two_genomes(0.12)), TOGETHER)  # the graph alone leaves it whole
    np.testing.assert_array_equal(divided(TOGETHER, hits_of(0, 12)), GENOME)


def test_a_clean_community_stays_whole() -> None:
    np.testing.assert_array_equal(divided(TOGETHER, hits_of(0)), TOGETHER)


def test_a_community_that_nothing_can_divide_stays_whole() -> None:
    np.testing.assert_array_equal(divided(TOGETHER, hits_of(0, 12), across=1.0), TOGETHER)


def test_a_community_that_the_graph_cannot_divide_is_divided_around_copies_of_a_marker() -> None:
    found = divided(TOGETHER, hits_of(0, 12), across=1.0, space=apart())
    assert min(np.count_nonzero(found == GENOME), np.count_nonzero(found != GENOME)) == 0
    assert set(found.tolist()) == {0, 1}


@pytest.mark.parametrize(("difference", "n_found"), [(0.0, 1), (2.0, 2)])
def test_where_depth_is_known_it_must_confirm_a_division_around_a_marker(difference: float, n_found: int) -> None:
    depths = np.where(GENOME == 0, 0.0, difference)[:, None].astype(np.float32)
    with_depth = ContigSpace(apart().vectors, depths, np.full_like(depths, 0.5), 1)
    found = divided(TOGETHER, hits_of(0, 12), across=1.0, space=with_depth)
    assert len(set(found.tolist())) == n_found


def test_no_division_of_a_genome_that_loses_most_of_it() -> None:
    places = [(contig, contig % 12) for contig in range(N_CONTIGS)]  # each half of either genome has half the markers
    hits = made_up_hits(made_up_set(12), N_CONTIGS, *places, *((contig, 0) for contig in (1, 2)))
    quarters = np.arange(N_CONTIGS) % 4
    graph = csr_matrix(np.where(quarters[:, None] == quarters, 1.0, 0.1) - np.eye(N_CONTIGS))
    found = divide_contaminated(
        graph, TOGETHER, hits=hits, lengths_bp=np.full(N_CONTIGS, 10_000), min_bin_bp=10_000, space=alike()
    )
    np.testing.assert_array_equal(found, TOGETHER)


def test_expected_genomes_are_two_for_a_whole_clean_bin_and_none_for_a_mixed_one() -> None:
    quality = BinQuality(np.array([100.0, 70.0, 100.0, 20.0]), np.array([0.0, 0.0, 60.0, 0.0]), ("bacteria",) * 4)
    found = expected_genomes(quality)
    assert found[0] > 1.9
    assert 0.9 < found[1] < 1.1
    assert found[2] < 0.01
    assert found[3] < 0.01


def test_a_community_below_the_smallest_bin_is_left_alone() -> None:
    np.testing.assert_array_equal(divided(TOGETHER, hits_of(0, 12), min_bin_bp=240_001), TOGETHER)


def test_parts_below_the_smallest_bin_are_worth_nothing() -> None:
    np.testing.assert_array_equal(divided(TOGETHER, hits_of(0, 12), min_bin_bp=150_000), TOGETHER)


def test_contigs_of_no_community_stay_in_none() -> None:
    labels = TOGETHER.copy()
    labels[[11, 23]] = -1
    expected = GENOME.copy()
    expected[[11, 23]] = -1
    np.testing.assert_array_equal(divided(labels, hits_of(0, 12)), expected)


def test_other_communities_keep_their_labels() -> None:
    labels = np.repeat([0, 1], [22, 2])
    found = divided(labels, hits_of(0, 12))
    np.testing.assert_array_equal(found[22:], [1, 1])
    np.testing.assert_array_equal(np.unique(found[:12]), [0])
    np.testing.assert_array_equal(np.unique(found[12:22]), [2])


def test_no_community_at_all_stays_none() -> None:
    np.testing.assert_array_equal(divided(np.full(N_CONTIGS, -1), hits_of(0, 12)), np.full(N_CONTIGS, -1))


@pytest.mark.parametrize("n_markers_twice", [0, 1])
def test_the_labels_given_are_not_changed(n_markers_twice: int) -> None:
    labels = TOGETHER.copy()
    divided(labels, hits_of(*(0, 12)[: 1 + n_markers_twice]))
    np.testing.assert_array_equal(labels, TOGETHER)


def strange_hits() -> MarkerHits:
    """A whole genome, and a contig that brings a fifth of its markers once more."""
    places = [(marker, marker) for marker in range(20)] + [(22, marker) for marker in range(4)]
    return made_up_hits(made_up_set(20), N_CONTIGS, *places)


def test_a_strange_contig_that_brings_markers_twice_is_removed_by_itself() -> None:
    """The others scatter so much that no division around a marker leaves the genome whole."""
    vectors = 0.5 + np.random.default_rng(0).standard_normal((N_CONTIGS, 8))
    vectors[22] = -0.5
    space = ContigSpace(vectors.astype(np.float32), NO_DEPTH, NO_DEPTH, 0)
    found = divided(TOGETHER, strange_hits(), across=1.0, space=space)
    np.testing.assert_array_equal(found, np.where(np.arange(N_CONTIGS) == 22, 1, 0))


def test_a_contig_like_all_others_is_not_removed_for_its_markers() -> None:
    np.testing.assert_array_equal(divided(TOGETHER, strange_hits(), across=1.0), TOGETHER)
