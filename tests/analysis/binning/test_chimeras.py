"""Joints of contigs, by cosines that are plain or noisy."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.binning.chimeras import WINDOW_BP, find_joint, window_ends


def cosines(*bins: int, n_bins: int = 4, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """Of windows of these bins: 0.6 with their own centre, 0 with the others, and noise."""
    own = 0.6 * np.eye(n_bins)[list(bins)] + noise * np.random.default_rng(seed).normal(size=(len(bins), n_bins))
    return own.astype(np.float32)


@pytest.mark.parametrize("n_before", [2, 5, 10, 14])
def test_a_joint_is_found_where_it_is(n_before: int) -> None:
    joint = find_joint(cosines(*[2] * n_before, *[1] * (16 - n_before)))
    assert joint is not None
    assert (joint.n_before, joint.before, joint.after) == (n_before, 2, 1)


def test_a_contig_of_one_genome_has_none() -> None:
    assert find_joint(cosines(*[3] * 20)) is None


def test_noise_makes_few_joints_and_hides_few() -> None:
    whole = [find_joint(cosines(*[0] * 12, noise=0.15, seed=seed)) for seed in range(200)]
    joined = [find_joint(cosines(*[0] * 6, *[1] * 6, noise=0.15, seed=seed)) for seed in range(200)]
    assert sum(one is not None for one in whole) <= 6
    assert sum(one is not None and abs(one.n_before - 6) <= 1 for one in joined) >= 190


@pytest.mark.parametrize("n_bins", [0, 1])
def test_without_a_second_bin_nothing_is_said(n_bins: int) -> None:
    assert find_joint(np.ones((8, n_bins), dtype=np.float32)) is None


def test_one_window_has_no_joint() -> None:
    assert find_joint(cosines(1)) is None


@pytest.mark.parametrize("length_bp", [1, 2_500, 4_999, 10_000, 123_457])
def test_windows_cover_the_contig_evenly(length_bp: int) -> None:
    ends = window_ends(length_bp)
    sizes = np.diff(np.concatenate([[0], ends]))
    assert ends[-1] == length_bp
    assert len(ends) == max(1, length_bp // WINDOW_BP)
    assert sizes.max() - sizes.min() <= 1
