"""Seeded points in a few clusters, for every test of this folder."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_s_cli.analysis.neighbours import l2_normalize

ClusteredPoints = Callable[..., tuple[NDArray[np.float32], NDArray[np.int64]]]


@pytest.fixture
def clustered_points() -> ClusteredPoints:
    """A function: sizes of clusters, dimension, noise -> unit rows (N, D) and true clusters (N,) from 0, shuffled."""

    def make(
        *sizes: int, dim: int = 16, spread: float = 0.4, seed: int = 0
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        rng = np.random.default_rng(seed)
        truth = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
        centres = rng.standard_normal((len(sizes), dim))
        return l2_normalize(centres[truth] + spread * rng.standard_normal((len(truth), dim))), truth

    return make
