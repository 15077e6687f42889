from __future__ import annotations

import numpy as np

from dnabert_s_cli.analysis.classification.calibration import log_odds
from dnabert_s_cli.analysis.classification.classifier import classify, nearest_length, rank_evidence
from dnabert_s_cli.analysis.classification.fit import fit_classifier
from tests.analysis.classification.classes import DIM, class_examples

PROBABILITIES = np.array([[0.3, 0.4, 0.3]])
COSINES = np.array([[0.5, 0.9, 0.7]], dtype=np.float32)


def test_best_label_has_its_own_cosine_and_margin() -> None:
    found = rank_evidence(PROBABILITIES, COSINES, members=np.array([0, 1, 2]))
    assert found.clades.tolist() == [1]
    np.testing.assert_allclose(found.evidence, [[0.9, log_odds(np.array([0.4]))[0]]])
    np.testing.assert_allclose(found.margins, [0.1])


def test_probabilities_are_summed_over_a_clade() -> None:
    found = rank_evidence(PROBABILITIES, COSINES, members=np.array([1, 0, 1]))
    assert found.clades.tolist() == [1]
    np.testing.assert_allclose(found.evidence, [[0.7, log_odds(np.array([0.6]))[0]]])
    np.testing.assert_allclose(found.margins, [0.2])


def test_equal_clades_give_the_first() -> None:
    found = rank_evidence(np.full((1, 3), 1 / 3), COSINES, members=np.array([2, 0, 1]))
    assert found.clades.tolist() == [0]


def test_the_only_clade_has_the_whole_margin() -> None:
    np.testing.assert_allclose(rank_evidence(PROBABILITIES, COSINES, members=np.zeros(3, int)).margins, [1])


def test_lengths_go_to_the_nearest_by_ratio() -> None:
    assert nearest_length([100, 1000], np.array([50, 316, 317, 10**6])).tolist() == [0, 0, 1, 1]


def test_no_vector_gives_no_label() -> None:
    fitted = fit_classifier(
        [class_examples(4, 5)], np.arange(4)[None], method="centroid", n_neighbours=1, max_fpr=0.05, seed=0
    )
    found = classify(fitted.classifier, np.empty((0, DIM), np.float32), lengths_bp=np.empty(0, np.int64))
    assert found.ranks.shape == (0,)
    assert found.scores.shape == (0, 1)
