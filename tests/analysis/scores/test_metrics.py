from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.analysis.scores.metrics import clustering_scores, nearest_neighbour_accuracy, purity, score_bins
from tests.reference import best_f1_of_genomes

GENOMES = ["a", "a", "a", "b", "b", "c"]
BINS = [1, 1, 2, 2, 0, 0]
LENGTHS_BP = [500, 400, 100, 300, 100, 50]
CONTIGS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 4), st.integers(1, 9)), min_size=1, max_size=30)


def test_the_same_partition_under_other_names_scores_one() -> None:
    scores = clustering_scores(["x", "x", "y", "z"], [3, 3, 1, 2])
    assert (scores.ari, scores.nmi, scores.homogeneity, scores.completeness) == pytest.approx((1, 1, 1, 1))


def test_a_record_alone_in_its_class_does_not_count_as_wrong() -> None:
    assert nearest_neighbour_accuracy(["a", "a", "b", "b", "c"], np.array([1, 0, 3, 4, 0])) == 0.75


def test_without_two_records_of_a_class_nothing_is_right() -> None:
    assert nearest_neighbour_accuracy(["a", "b"], np.array([1, 0])) == 0


def test_one_cluster_of_two_classes_is_complete_but_not_homogeneous() -> None:
    scores = clustering_scores([0, 0, 1, 1], [1, 1, 1, 1])
    assert (scores.ari, scores.nmi, scores.homogeneity, scores.completeness) == pytest.approx((0, 0, 0, 1))


def test_completeness_is_relative_to_all_contigs_of_the_genome() -> None:
    scores = score_bins(GENOMES, BINS, lengths_bp=LENGTHS_BP)
    np.testing.assert_allclose(scores.completeness_bp, [0.9, 0.75])


def test_purity_is_the_share_of_the_most_abundant_genome() -> None:
    scores = score_bins(GENOMES, BINS, lengths_bp=LENGTHS_BP)
    assert scores.genomes[scores.most_abundant_genome].tolist() == ["a", "b"]
    np.testing.assert_allclose(scores.purity_bp, [1, 0.75])


def test_a_genome_that_is_most_abundant_in_no_bin_has_f1_zero_and_no_bin() -> None:
    scores = score_bins(GENOMES, BINS, lengths_bp=LENGTHS_BP)
    assert scores.best_bin.tolist() == [1, 2, 0]
    assert scores.best_f1[2] == 0


def test_mean_f1_is_over_all_genomes() -> None:
    scores = score_bins(GENOMES, BINS, lengths_bp=LENGTHS_BP)
    assert scores.mean_f1 == pytest.approx((2 * 0.9 / 1.9 + 0.75 + 0) / 3)


def test_recovered_genomes_count_thresholds_inclusively_and_each_genome_once() -> None:
    scores = score_bins(["a", "a", "b"], [1, 2, 3], lengths_bp=[50, 50, 10])
    assert scores.n_recovered(min_completeness=0.5, min_purity=0.9) == 2
    assert scores.n_recovered(min_completeness=0.9, min_purity=0.95) == 1


def test_of_equally_good_bins_the_lowest_number_is_best() -> None:
    assert score_bins(["a", "a"], [7, 3], lengths_bp=[5, 5]).best_bin.tolist() == [3]


def test_no_bins_give_empty_columns_and_zero() -> None:
    scores = score_bins(["a", "b"], [0, 0], lengths_bp=[5, 6])
    assert scores.mean_f1 == 0
    assert len(scores.bins) == len(scores.purity_bp) == 0
    assert scores.n_recovered(min_completeness=0, min_purity=0) == 0
    assert scores.genome_bp.tolist() == [5, 6]


def test_no_contigs_give_no_genomes() -> None:
    scores = score_bins([], [], lengths_bp=[])
    assert scores.mean_f1 == 0
    assert len(scores.genomes) == 0


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        score_bins(["a"], [1, 2], lengths_bp=[3])


@settings(max_examples=60)
@given(CONTIGS)
def test_best_f1_is_that_of_plain_counting(contigs: list[tuple[str, int, int]]) -> None:
    genomes, bins, lengths_bp = (list(column) for column in zip(*contigs, strict=True))
    scores = score_bins(genomes, bins, lengths_bp=lengths_bp)
    expected = best_f1_of_genomes(genomes, bins, lengths_bp)
    assert dict(zip(scores.genomes.tolist(), scores.best_f1.tolist(), strict=True)) == pytest.approx(expected)


def test_purity_is_the_share_of_clustered_records_in_their_clusters_class() -> None:
    assert purity(["a", "a", "b", "b", "b"], [1, 1, 1, 2, -1]) == pytest.approx(3 / 4)


def test_purity_of_no_clusters_is_undefined() -> None:
    assert np.isnan(purity(["a"], [-1]))
