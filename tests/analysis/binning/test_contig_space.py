from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_s_cli.analysis.binning.contig_space import LEAST_SPREAD, contig_points, even_noise
from dnabert_s_cli.analysis.neighbours import l2_normalize

TWO = np.array([[1, 0], [0.6, 0.8]], dtype=np.float32)  # of cosine 0.6
DEFAULT_SCALE = 0.25


def points(
    unit: NDArray[np.float32], depth: NDArray[np.float64] | None = None, *, spread: float = 0.2, seed: int = 0
) -> NDArray[np.float32]:
    as_float32 = None if depth is None else depth.astype(np.float32)
    lengths_bp = np.full(len(unit), 3_000)
    return contig_points(unit, lengths_bp, spread=spread, depth=as_float32, rng=np.random.default_rng(seed))


def squared_distance(two: NDArray[np.float32]) -> float:
    return float(((two[0] - two[1]).astype(np.float64) ** 2).sum())


def pairs_of_twins(
    n_pairs: int, noise: float, *, depth: float = 50.0
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Contigs in pairs of nearly one direction, whose evened depths differ by normal noise around that of the pair."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((n_pairs, 30))
    unit = l2_normalize(np.concatenate([centres, centres + 1e-3 * rng.standard_normal(centres.shape)]))
    middle = even_noise(np.array([depth], dtype=np.float32)) + rng.normal(0, 0.5, n_pairs)
    evened = np.concatenate([middle, middle + rng.normal(0, noise, n_pairs)])
    return unit, (np.sinh(evened / 2) ** 2)[:, None]


def test_without_depth_the_distance_is_one_minus_cosine_over_the_spread() -> None:
    assert squared_distance(points(TWO, spread=0.2)) == pytest.approx(0.4 / 0.2, rel=1e-5)


def test_a_sample_adds_half_of_the_squared_difference_over_its_variance() -> None:
    depth = np.array([[10.0], [20.0]])
    evened = even_noise(depth.astype(np.float32))
    expected = 0.4 / 0.2 + 0.5 * float(evened[1, 0] - evened[0, 0]) ** 2 / DEFAULT_SCALE**2
    assert squared_distance(points(TWO, depth)) == pytest.approx(expected / np.sqrt(1.5), rel=1e-5)


def test_samples_add_up_before_they_are_tempered() -> None:
    one, two = np.array([[10.0], [20.0]]), np.array([[10.0, 10.0], [20.0, 20.0]])
    alone = np.sqrt(1.5) * squared_distance(points(TWO, one)) - 2
    assert np.sqrt(2) * squared_distance(points(TWO, two)) == pytest.approx(2 + 2 * alone, rel=1e-5)


def test_a_spread_near_zero_is_taken_as_the_least() -> None:
    np.testing.assert_array_equal(points(TWO, spread=0.0), points(TWO, spread=LEAST_SPREAD))


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.6])
def test_the_scale_of_depth_is_recovered_from_neighbours(noise: float) -> None:
    unit, depth = pairs_of_twins(1_500, noise)
    found = points(unit, depth)[:, -1].astype(np.float64)
    evened = even_noise(depth.astype(np.float32))[:, 0]
    scale = np.ptp(evened) / (np.sqrt(2) * np.ptp(found))
    assert scale == pytest.approx(noise, rel=0.15)


def test_evened_depth_has_the_same_noise_at_every_depth() -> None:
    rng = np.random.default_rng(0)
    deviations = [even_noise(rng.poisson(mean, 20_000).astype(np.float32)).std() for mean in (20, 80)]
    roots = [deviation * np.sqrt(mean) for deviation, mean in zip(deviations, (20, 80), strict=True)]
    assert roots[0] == pytest.approx(roots[1], rel=0.1)


def test_depth_of_zero_everywhere_changes_no_distance() -> None:
    assert squared_distance(points(TWO, np.zeros((2, 3)))) == pytest.approx(squared_distance(points(TWO)))


def test_a_sample_in_which_nothing_is_seen_keeps_the_default_scale() -> None:
    unit, depth = pairs_of_twins(200, 0.1)
    both = points(unit, np.concatenate([depth, depth / 1e4], axis=1))
    evened = even_noise((depth / 1e4).astype(np.float32))[:, 0]
    expected = evened / (np.sqrt(2) * DEFAULT_SCALE) / 2**0.25  # two samples temper the sum by the root of 2
    np.testing.assert_allclose(both[:, -1], expected, rtol=1e-5)


def test_a_table_without_samples_is_as_no_depth() -> None:
    np.testing.assert_array_equal(points(TWO, np.empty((2, 0))), points(TWO))


@pytest.mark.parametrize("n_contigs", [0, 1, 2])
def test_few_contigs_run_through(n_contigs: int) -> None:
    assert points(TWO[:n_contigs], np.ones((n_contigs, 2))).shape == (n_contigs, 4)


def test_the_same_generator_gives_the_same_bytes() -> None:
    unit, depth = pairs_of_twins(3_000, 0.2)  # more contigs than are asked
    np.testing.assert_array_equal(points(unit, depth), points(unit, depth))
