"""Figures of a whole binning. That they are AMBER's is tested with `evaluate bins`; here their edges."""

from __future__ import annotations

import math

import pytest
from sklearn.metrics import adjusted_rand_score, rand_score

from dnabert_s_cli.analysis.scores.bin_summary import n_recovered, summarize_bins
from dnabert_s_cli.analysis.scores.confusion import count_shared

GENOMES = ["a", "a", "a", "b", "b", "c"]
BINS = [1, 1, 2, 2, 2, 0]


def test_a_perfect_binning_scores_one() -> None:
    for side in summarize_bins(count_shared(["a", "a", "b"], [2, 2, 1], lengths_bp=[5, 6, 7])):
        perfect = (side.binned, side.accuracy, side.avg_completeness, side.avg_purity, side.f1, side.total_f1, side.ari)
        assert perfect == (1,) * 7
        assert side.misclassification == 0


def test_rand_indices_in_contigs_are_those_of_what_is_binned() -> None:
    _, in_contigs = summarize_bins(count_shared(GENOMES, BINS, lengths_bp=[9, 8, 7, 6, 5, 4]))
    assert in_contigs.ari == pytest.approx(adjusted_rand_score(GENOMES[:5], BINS[:5]))
    assert in_contigs.rand_index == pytest.approx(rand_score(GENOMES[:5], BINS[:5]))


def test_pairs_of_many_bases_do_not_overflow() -> None:
    many = 10**10
    in_bp, _ = summarize_bins(count_shared(GENOMES, BINS, lengths_bp=[many] * 6))
    one = [index for index in range(5) for _ in range(200)]
    expected = adjusted_rand_score([GENOMES[index] for index in one], [BINS[index] for index in one])
    assert in_bp.ari == pytest.approx(expected, abs=0.01)


def test_no_bins_leave_purity_undefined_and_completeness_zero() -> None:
    in_bp, _ = summarize_bins(count_shared(["a", "b"], [0, 0], lengths_bp=[5, 5]))
    assert (in_bp.binned, in_bp.accuracy, in_bp.avg_completeness) == (0, 0, 0)
    assert math.isnan(in_bp.avg_purity)
    assert math.isnan(in_bp.f1)


def test_recovered_genomes_exceed_their_levels() -> None:
    shared = count_shared(["a", "a", "b", "b"], [1, 0, 2, 2], lengths_bp=[50, 50, 90, 10])
    assert n_recovered(shared, above_completeness=0.5, below_contamination=0.1) == 1
    assert n_recovered(shared, above_completeness=0.49, below_contamination=0.1) == 2
    assert n_recovered(shared, above_completeness=1, below_contamination=0.1) == 0


def test_a_genome_of_several_good_bins_is_recovered_once() -> None:
    shared = count_shared(["a", "a"], [1, 2], lengths_bp=[50, 50])
    assert n_recovered(shared, above_completeness=0.4, below_contamination=0.1) == 1
