"""Centres of bins, distances from them, and memberships."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.binning.centres import distances_from, find_centres, find_memberships
from dnabert_s_cli.analysis.binning.contig_space import ContigSpace, contig_space

LENGTHS = np.array([20_000] * 29 + [60_000], dtype=np.int64)
BINS = np.repeat([0, 1, 2], 10)


def space(*, with_depth: bool = True) -> ContigSpace:
    """Thirty contigs of three genomes."""
    rng = np.random.default_rng(0)
    unit = np.repeat(np.eye(12)[:3], 10, axis=0) + 0.1 * rng.normal(size=(30, 12))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    depth = np.repeat([[5.0, 9.0], [20.0, 3.0], [8.0, 8.0]], 10, axis=0) * rng.normal(1, 0.05, size=(30, 2))
    own = depth.astype(np.float32) if with_depth else None
    return contig_space(unit.astype(np.float32), LENGTHS, spread=0.2, depth=own, rng=rng)


def test_a_centre_is_the_mean_vector_by_length_and_the_median_depth() -> None:
    points = space()
    members = np.array([0, 1, 29])
    centre = find_centres(points, LENGTHS, sets=[members])
    expected = (points.vectors[0] + points.vectors[1] + 3 * points.vectors[29]) / 5
    np.testing.assert_allclose(centre.vectors[0], expected, rtol=1e-5)
    np.testing.assert_array_equal(centre.depths[0], points.depths[29])


@pytest.mark.parametrize("with_depth", [True, False])
def test_distances_are_those_of_the_space(with_depth: bool) -> None:
    points = space(with_depth=with_depth)
    centres = find_centres(points, LENGTHS, sets=[np.array([12])])
    exact = np.zeros_like(points.variances)
    exact[:12] = points.variances[:12]
    own = ContigSpace(points.vectors, points.depths, exact, points.n_seen)  # a centre has no variance
    expected = own.distances(np.arange(12), np.full((12, 1), 12))
    np.testing.assert_allclose(distances_from(points, np.arange(12), centres=centres), expected, rtol=1e-3, atol=1e-4)


def test_contigs_are_sure_of_their_bin_and_a_strayed_one_is_not() -> None:
    bins = BINS.copy()
    bins[0] = 1
    found = find_memberships(space(), bins, lengths_bp=LENGTHS)
    assert found.second[0] == 0
    assert found.confidence[0] < 0.5
    assert (found.confidence[1:] > 0.5).all()


def test_a_contig_of_no_bin_has_a_choice_but_no_confidence() -> None:
    bins = BINS.copy()
    bins[25] = -1
    found = find_memberships(space(), bins, lengths_bp=LENGTHS)
    assert found.second[25] == 2
    assert np.isnan(found.confidence[25])


@pytest.mark.parametrize("bins", [np.full(30, -1), np.zeros(30, dtype=np.int64)])
def test_without_two_bins_there_is_nothing_to_choose(bins: np.ndarray) -> None:
    found = find_memberships(space(), bins, lengths_bp=LENGTHS)
    assert np.isnan(found.confidence).all()
    assert (found.second[bins >= 0] == -1).all()
