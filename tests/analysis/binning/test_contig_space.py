from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_s_cli.analysis.binning.contig_space import (
    LEAST_SPREAD,
    MOST_OF_DEPTH,
    MOST_OF_SAMPLE,
    ContigSpace,
    contig_space,
    even_noise,
)
from dnabert_s_cli.analysis.neighbours import l2_normalize

TWO = np.array([[1, 0], [0.6, 0.8]], dtype=np.float32)  # of cosine 0.6
DEFAULT_SCALE = 0.25  # of the differences of neighbours, where nothing tells it
LEAST_COMMON = 0.12
BACKGROUND = 0.2
LENGTH_BP, PAIR_BP = 3_000, 300


def space(
    unit: NDArray[np.float32], depth: NDArray[np.float64] | None = None, *, spread: float = 0.2, seed: int = 0
) -> ContigSpace:
    as_float32 = None if depth is None else depth.astype(np.float32)
    lengths_bp = np.full(len(unit), LENGTH_BP)
    return contig_space(unit, lengths_bp, spread=spread, depth=as_float32, rng=np.random.default_rng(seed))


def distance(found: ContigSpace) -> float:
    """Of the first contig from the second."""
    return float(found.distances(np.array([0]), np.array([[1]]))[0, 0])


def half_squared_difference(first: float, second: float) -> float:
    """Of two depths, over the variances that they have where neighbours do not tell."""
    evened = even_noise(np.array([first, second], dtype=np.float32))
    variances = [LEAST_COMMON**2 + PAIR_BP / (LENGTH_BP * (1 + depth)) for depth in (first, second)]
    return float(evened[1] - evened[0]) ** 2 / (2 * sum(variances))


def bounded(value: float, most: float) -> float:
    return value / (1 + value / most)


def pairs_of_twins(
    n_pairs: int, noise: float, *, depth: float = 50.0
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Contigs in pairs of nearly one direction, whose evened depths differ by normal noise around that of the pair."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((n_pairs, 30))
    unit = l2_normalize(np.concatenate([centres, centres + 1e-3 * rng.standard_normal(centres.shape)]))
    middle = even_noise(np.array([depth], dtype=np.float32)) + rng.normal(0, 0.5, n_pairs)
    evened = np.concatenate([middle, middle + rng.normal(0, noise, n_pairs)])
    return unit, (np.sinh(evened / 2) ** 2 - BACKGROUND)[:, None]


def test_without_depth_the_distance_is_one_minus_cosine_over_the_spread() -> None:
    assert distance(space(TWO, spread=0.2)) == pytest.approx(0.4 / 0.2, rel=1e-5)


def test_a_sample_adds_half_of_the_squared_difference_over_its_variance_bounded_twice() -> None:
    added = bounded(bounded(half_squared_difference(10, 20), MOST_OF_SAMPLE), MOST_OF_DEPTH)
    found = space(TWO, np.array([[10.0], [20.0]]), spread=0.2)
    assert distance(found) == pytest.approx((0.4 / 0.2 + added) / np.sqrt(1.5), rel=1e-5)


def test_samples_add_up_before_they_are_bounded_together() -> None:
    each = bounded(half_squared_difference(10, 12), MOST_OF_SAMPLE)
    found = space(TWO, np.array([[10.0, 10.0, 10.0], [12.0, 12.0, 12.0]]), spread=0.2)
    assert distance(found) == pytest.approx((2 + bounded(3 * each, MOST_OF_DEPTH)) / np.sqrt(2.5), rel=1e-5)


def test_one_sample_can_only_push_so_far_however_deep_a_contig_is() -> None:
    far = distance(space(TWO, np.array([[1.0], [1e6]]), spread=0.2))
    assert far == pytest.approx((2 + bounded(MOST_OF_SAMPLE, MOST_OF_DEPTH)) / np.sqrt(1.5), rel=0.01)


def test_small_differences_are_as_good_as_unbounded() -> None:
    found = space(TWO, np.array([[20.0], [20.5]]), spread=0.2)
    assert np.sqrt(1.5) * distance(found) - 2 == pytest.approx(half_squared_difference(20, 20.5), rel=0.05)


def test_neighbours_are_searched_by_vectors_alone_and_with_depth() -> None:
    alone, with_depth = space(TWO, np.array([[10.0], [20.0]]), spread=0.2).search_spaces()
    assert squared(alone) == pytest.approx(2, rel=1e-5)
    evened = even_noise(np.array([10, 20], dtype=np.float32))
    assert squared(with_depth) == pytest.approx(2 + 0.5 * np.ptp(evened) ** 2 / DEFAULT_SCALE**2, rel=1e-5)


def test_without_reads_neighbours_are_searched_once() -> None:
    assert len(space(TWO).search_spaces()) == len(space(TWO, np.zeros((2, 3))).search_spaces()) == 1


def test_a_spread_near_zero_is_taken_as_the_least() -> None:
    np.testing.assert_array_equal(space(TWO, spread=0.0).vectors, space(TWO, spread=LEAST_SPREAD).vectors)


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.6])
def test_the_scale_of_depth_is_recovered_from_neighbours(noise: float) -> None:
    unit, depth = pairs_of_twins(1_500, noise)
    found = space(unit, depth).depths[:, 0].astype(np.float64)
    evened = even_noise(depth.astype(np.float32))[:, 0]
    scale = np.ptp(evened) / (np.sqrt(2) * np.ptp(found))
    assert scale == pytest.approx(noise, rel=0.15)


def test_depth_of_short_contigs_says_less() -> None:
    depth, rng = np.array([[2.0], [3.0]], dtype=np.float32), np.random.default_rng(0)
    found = [
        distance(contig_space(TWO, np.array([one, one]), spread=0.2, depth=depth, rng=rng)) for one in (1_000, 30_000)
    ]
    assert 2 / np.sqrt(1.5) < found[0] < found[1]


def test_a_few_reads_of_relatives_are_almost_as_none() -> None:
    lengths_bp, rng = np.array([40_000, 40_000]), np.random.default_rng(0)
    depths = [np.array([[0.0], [other]], dtype=np.float32) for other in (0.0, 0.05, 2.0)]
    none, some, many = (distance(contig_space(TWO, lengths_bp, spread=0.2, depth=depth, rng=rng)) for depth in depths)
    assert some - none < 0.2 * (many - none)


@pytest.mark.parametrize("noise", [0.2, 0.5])
def test_noise_that_contigs_share_adds_to_counting(noise: float) -> None:
    """Neighbours' depths differ by more than counting explains; the variance of each contig holds half of that."""
    unit, depth = pairs_of_twins(1_500, noise)
    found = space(unit, depth)
    evened = even_noise(depth.astype(np.float32))[:, 0]
    scale = np.ptp(evened) / (np.sqrt(2) * np.ptp(found.depths.astype(np.float64)))
    variances = found.variances[:, 0] * scale**2
    assert np.median(variances) == pytest.approx(noise**2 / 2, rel=0.25)


def test_evened_depth_has_the_same_noise_at_every_depth() -> None:
    rng = np.random.default_rng(0)
    deviations = [even_noise(rng.poisson(mean, 20_000).astype(np.float32)).std() for mean in (20, 80)]
    roots = [deviation * np.sqrt(mean) for deviation, mean in zip(deviations, (20, 80), strict=True)]
    assert roots[0] == pytest.approx(roots[1], rel=0.1)


def test_depth_of_zero_everywhere_changes_no_distance() -> None:
    assert distance(space(TWO, np.zeros((2, 3)))) == pytest.approx(distance(space(TWO)))


def test_a_sample_in_which_nothing_is_seen_keeps_the_default_scale() -> None:
    unit, depth = pairs_of_twins(200, 0.1)
    both = space(unit, np.concatenate([depth, depth / 1e4], axis=1))
    evened = even_noise((depth / 1e4).astype(np.float32))[:, 0]
    np.testing.assert_allclose(both.depths[:, 1], evened / (np.sqrt(2) * DEFAULT_SCALE), rtol=1e-5)


def test_a_table_without_samples_is_as_no_depth() -> None:
    assert distance(space(TWO, np.empty((2, 0)))) == distance(space(TWO))


@pytest.mark.parametrize("n_contigs", [0, 1, 2])
def test_few_contigs_run_through(n_contigs: int) -> None:
    found = space(TWO[:n_contigs], np.ones((n_contigs, 2)))
    assert [one.shape for one in found.search_spaces()] == [(n_contigs, 2), (n_contigs, 4)][: 2 if n_contigs else 1]


def test_the_same_generator_gives_the_same_bytes() -> None:
    unit, depth = pairs_of_twins(3_000, 0.2)  # more contigs than are asked
    np.testing.assert_array_equal(space(unit, depth).depths, space(unit, depth).depths)


def squared(two: NDArray[np.float32]) -> float:
    return float(((two[0] - two[1]).astype(np.float64) ** 2).sum())
