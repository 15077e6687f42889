from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dnabert_s_cli.analysis.binning.assignment import HalfPairs, assign_bins, choose_min_similarity, prepare_features
from dnabert_s_cli.analysis.clustering.kmedoid import kmedoid
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.analysis.scores.metrics import score_bins

DIM = 40


def sample(
    n_species: int, n_contigs: int = 40, *, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64], HalfPairs, NDArray[np.int64]]:
    """Embeddings, lengths, halves and species of contigs whose noise falls with their length.

    As with compositions, all lie near one direction and few directions hold most of the variance.
    """
    rng = np.random.default_rng(seed)
    scales = np.geomspace(1, 0.1, DIM)
    species = np.repeat(np.arange(n_species), n_contigs)
    lengths_bp = rng.integers(2_000, 60_000, len(species))
    centres = 8 + scales * rng.standard_normal((n_species, DIM))
    noise = 0.3 * scales * rng.standard_normal((2, len(species), DIM)) * np.sqrt(20_000 / lengths_bp)[:, None]
    first, second = (centres[species] + noise).astype(np.float32)
    return (first + second) / 2, lengths_bp, HalfPairs(first, second, lengths_bp), species


def cluster(
    embeddings: NDArray[np.float32], lengths_bp: NDArray[np.int64], halves: HalfPairs | None
) -> NDArray[np.int64]:
    features = prepare_features(embeddings, lengths_bp, halves=halves, rng=np.random.default_rng(0))
    threshold = choose_min_similarity(features, lengths_bp, rng=np.random.default_rng(0))
    return kmedoid(features.unit, min_similarity=threshold, min_cluster_size=1, rounds=3, max_clusters=1000, threads=1)


@pytest.mark.parametrize("n_species", [2, 4, 20])
def test_species_become_clusters_without_labels(n_species: int) -> None:
    embeddings, lengths_bp, halves, species = sample(n_species)
    assert score_bins(species, cluster(embeddings, lengths_bp, halves), lengths_bp=lengths_bp).mean_f1 > 0.75


def test_species_become_clusters_without_halves() -> None:
    embeddings, lengths_bp, _, species = sample(20)
    assert score_bins(species, cluster(embeddings, lengths_bp, None), lengths_bp=lengths_bp).mean_f1 > 0.6


def test_the_bulk_of_a_single_species_stays_one_cluster() -> None:
    embeddings, lengths_bp, halves, _ = sample(1)
    labels = cluster(embeddings, lengths_bp, halves)
    assert lengths_bp[labels == 1].sum() > 0.6 * lengths_bp.sum()


def test_many_species_are_whitened() -> None:
    embeddings, lengths_bp, halves, _ = sample(20)
    features = prepare_features(embeddings, lengths_bp, halves=halves, rng=np.random.default_rng(0))
    assert np.abs(lengths_bp @ features.unit / lengths_bp.sum()).max() < 0.1


def test_few_species_are_only_scaled() -> None:
    embeddings, lengths_bp, halves, _ = sample(3)
    features = prepare_features(embeddings, lengths_bp, halves=halves, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(features.unit, l2_normalize(embeddings))


@pytest.mark.parametrize("n_species", [1, 5, 25])
def test_the_chance_of_one_species_is_estimated(n_species: int) -> None:
    embeddings, lengths_bp, halves, _ = sample(n_species)
    features = prepare_features(embeddings, lengths_bp, halves=halves, rng=np.random.default_rng(0))
    assert 0.4 / n_species < features.same_species < 2.5 / n_species


def test_halves_are_moved_into_the_geometry_of_the_contigs() -> None:
    embeddings, lengths_bp, _, _ = sample(20)
    twins = HalfPairs(embeddings, embeddings, lengths_bp)
    features = prepare_features(embeddings, lengths_bp, halves=twins, rng=np.random.default_rng(0))
    assert features.halves is not None
    np.testing.assert_array_equal(features.halves.first, features.unit)


def test_the_same_generator_gives_the_same_threshold() -> None:
    embeddings, lengths_bp, halves, _ = sample(12)
    features = prepare_features(embeddings, lengths_bp, halves=halves, rng=np.random.default_rng(0))
    first, second = (choose_min_similarity(features, lengths_bp, rng=np.random.default_rng(1)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("n_contigs", [0, 1, 2, 3])
@pytest.mark.parametrize("with_halves", [False, True])
def test_few_contigs_run_through(n_contigs: int, with_halves: bool) -> None:
    embeddings, lengths_bp = sample(1, n_contigs)[:2]
    halves = HalfPairs(embeddings, embeddings, lengths_bp) if with_halves else None
    labels = cluster(embeddings, lengths_bp, halves)
    assert labels.shape == (n_contigs,)
    assert np.all(labels >= 1)


def test_identical_contigs_are_one_cluster() -> None:
    embeddings = np.tile(sample(1, 1)[0], (50, 1))
    labels = cluster(embeddings, np.full(50, 3_000), None)
    np.testing.assert_array_equal(labels, np.ones(50))


def test_zero_embeddings_are_unassigned() -> None:
    labels = cluster(np.zeros((4, 8), dtype=np.float32), np.full(4, 3_000), None)
    np.testing.assert_array_equal(labels, [-1] * 4)


def test_no_halves_at_all_count_as_none_given() -> None:
    embeddings, lengths_bp, _, _ = sample(12)
    empty = np.empty((0, DIM), dtype=np.float32)
    none = HalfPairs(empty, empty, np.empty(0, dtype=np.int64))
    np.testing.assert_array_equal(cluster(embeddings, lengths_bp, none), cluster(embeddings, lengths_bp, None))


def test_bins_are_numbered_by_falling_size_then_by_first_contig() -> None:
    labels, lengths_bp = np.array([4, 2, 9, 2, 1]), np.array([500, 300, 900, 200, 10])
    np.testing.assert_array_equal(assign_bins(labels, lengths_bp, min_bin_bp=100), [2, 3, 1, 3, 0])


def test_clusters_under_the_minimum_and_unassigned_contigs_are_unbinned() -> None:
    labels, lengths_bp = np.array([1, 1, 2, -1]), np.array([100, 100, 199, 5_000])
    np.testing.assert_array_equal(assign_bins(labels, lengths_bp, min_bin_bp=200), [1, 1, 0, 0])


@given(st.lists(st.tuples(st.integers(-1, 6), st.integers(1, 500)), max_size=40), st.integers(0, 1000))
def test_bins_partition_the_clusters_large_enough(contigs: list[tuple[int, int]], min_bin_bp: int) -> None:
    labels = np.array([label for label, _ in contigs], dtype=np.int64)
    lengths_bp = np.array([length for _, length in contigs], dtype=np.int64)
    bins = assign_bins(labels, lengths_bp, min_bin_bp=min_bin_bp)
    for label in np.unique(labels):
        is_bin = label >= 0 and lengths_bp[labels == label].sum() >= min_bin_bp
        assert len(np.unique(bins[labels == label])) == 1
        assert np.all((bins[labels == label] > 0) == is_bin)
    sizes_bp = [int(lengths_bp[bins == number].sum()) for number in range(1, max(bins, default=0) + 1)]
    assert sizes_bp == sorted(sizes_bp, reverse=True)
