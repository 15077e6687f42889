"""What the contigs of a bin add up to."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.io.bins.stats import BinStats, n50_bp, summarise_bins


def test_bins_add_up_their_contigs() -> None:
    gc, depth = np.array([0.5, 0.3, np.nan, 0.1]), np.array([[4.0], [8.0], [1.0], [2.0]])
    lengths_bp = np.array([100, 300, 50, 7])
    first, second = summarise_bins(np.array([2, 2, 1, 0]), lengths_bp, gc=gc, depth=depth, quality={2: (95.0, 1.0)})
    assert (first.number, first.n_contigs, first.total_bp, first.completeness) == (1, 1, 50, None)
    assert first.gc is not None
    assert np.isnan(first.gc)
    assert (second.total_bp, second.n50_bp, second.longest_bp) == (400, 300, 300)
    assert second.gc == pytest.approx(0.35)
    assert second.depth == pytest.approx([7.0])
    assert second.is_high_quality


@pytest.mark.parametrize(
    ("completeness", "contamination", "quality"),
    [(90, 4.9, "high"), (90, 5, "medium"), (50, 9.9, "medium"), (49.9, 0, "low"), (99, 10, "low"), (None, None, "low")],
)
def test_quality_has_its_limits(completeness: float | None, contamination: float | None, quality: str) -> None:
    one = BinStats(1, 1, 1, 1, 1, completeness=completeness, contamination=contamination)
    assert (one.is_high_quality, one.is_medium_quality) == (quality == "high", quality == "medium")


def test_gc_of_a_bin_counts_known_letters() -> None:
    bins, gc, known_bp = np.array([1, 1, 2]), np.array([1.0, 0.0, np.nan]), np.array([10, 30, 0])
    first, second = summarise_bins(bins, np.array([100, 30, 9]), gc=gc, known_bp=known_bp)
    assert first.gc == pytest.approx(0.25)
    assert second.gc is not None
    assert np.isnan(second.gc)


@pytest.mark.parametrize(
    ("lengths_bp", "expected"), [([], 0), ([7], 7), ([2, 2, 2, 3, 3, 4, 8, 8], 8), ([10, 5, 5], 10), ([1, 1, 1], 1)]
)
def test_n50_is_the_length_that_half_of_the_bases_reach(lengths_bp: list[int], expected: int) -> None:
    assert n50_bp(lengths_bp) == expected
