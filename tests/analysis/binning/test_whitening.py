from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from dnabert_s_cli.analysis.binning.assignment import HalfPairs
from dnabert_s_cli.analysis.binning.whitening import fit_whitening, similarity_spread
from dnabert_s_cli.analysis.neighbours import l2_normalize

DIM = 6
SCALES = np.geomspace(3, 0.03, DIM)  # of noise within a contig, by direction
Sample = tuple[NDArray[np.float32], NDArray[np.int64], HalfPairs]


def sample(n_contigs: int = 4_000, *, scales: NDArray[np.float64] = SCALES, dim: int = DIM) -> Sample:
    """Embeddings, lengths, and halves that differ from their contig by noise that is not alike in all directions."""
    rng = np.random.default_rng(0)
    turned = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    contigs = 5 + rng.standard_normal((n_contigs, dim))
    noise = (scales * rng.standard_normal((n_contigs, dim))) @ turned
    lengths_bp = np.full(n_contigs, 10_000)
    halves = HalfPairs((contigs + noise).astype(np.float32), (contigs - noise).astype(np.float32), lengths_bp)
    return contigs.astype(np.float32), lengths_bp, halves


def test_differences_of_halves_become_alike_in_all_directions_but_for_the_ridge() -> None:
    embeddings, lengths_bp, halves = sample()
    whitening = fit_whitening(embeddings, lengths_bp, halves=halves)
    differences = (halves.first - halves.second) / 2 @ whitening.matrix
    variances = np.linalg.eigvalsh(differences.T @ differences / len(differences))
    noise = np.sort(SCALES**2)
    np.testing.assert_allclose(variances, noise / (noise + 0.1 * noise.mean()), rtol=0.1)


def test_the_mean_is_that_of_the_contigs_by_length() -> None:
    embeddings, _, halves = sample(40)
    lengths_bp = np.arange(1, 41) * 1_000
    whitening = fit_whitening(embeddings, lengths_bp, halves=halves)
    np.testing.assert_allclose(whitening.mean, np.average(embeddings, axis=0, weights=lengths_bp), rtol=1e-6)


def test_a_pair_of_longer_halves_weighs_more() -> None:
    embeddings, lengths_bp, _ = sample(2, dim=2, scales=np.ones(2))
    first = np.array([[1, 0], [0, 1]], dtype=np.float32)  # the long pair differs along x, the short one along y
    halves = HalfPairs(first, np.zeros_like(first), np.array([90_000, 10_000]))
    matrix = fit_whitening(embeddings, lengths_bp, halves=halves).matrix
    assert matrix[0, 0] < matrix[1, 1]


def test_halves_that_do_not_differ_leave_all_directions_alone() -> None:
    embeddings, lengths_bp, _ = sample(20)
    whitening = fit_whitening(embeddings, lengths_bp, halves=HalfPairs(embeddings, embeddings, lengths_bp))
    np.testing.assert_array_equal(whitening.matrix, np.eye(DIM))
    np.testing.assert_array_equal(whitening(embeddings), l2_normalize(embeddings - whitening.mean))


def test_fewer_pairs_than_dimensions_give_finite_unit_rows() -> None:
    embeddings, lengths_bp, halves = sample(3, dim=20, scales=np.ones(20))
    unit = fit_whitening(embeddings, lengths_bp, halves=halves)(embeddings)
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)


def test_a_contig_at_the_mean_stays_zero() -> None:
    embeddings = np.ones((3, DIM), dtype=np.float32)
    _, lengths_bp, halves = sample(3)
    np.testing.assert_array_equal(fit_whitening(embeddings, lengths_bp, halves=halves)(embeddings), np.zeros((3, DIM)))


@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_do_not_depend_on_threads(threads: int) -> None:
    embeddings, lengths_bp, halves = sample(9_000, dim=40, scales=np.linspace(1, 2, 40))
    with threadpool_limits(limits=threads):
        found = fit_whitening(embeddings, lengths_bp, halves=halves)(embeddings)
    np.testing.assert_array_equal(found, fit_whitening(embeddings, lengths_bp, halves=halves)(embeddings))


def test_the_spread_is_the_deviation_of_cosines_between_halves() -> None:
    embeddings, lengths_bp, halves = sample(50)
    whitening = fit_whitening(embeddings, lengths_bp, halves=halves)
    first, second = whitening(halves.first), whitening(halves.second)
    cosines = [float(one @ other) for one, other in zip(first, second, strict=True)]
    assert similarity_spread(halves, whitening) == pytest.approx(np.std(cosines), rel=1e-5)
