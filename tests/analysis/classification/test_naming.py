"""Names: the deepest certain rank, consistent with those above it, or none."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.classification.naming import Calibration, is_consistent, name_sequences, probabilities_of
from dnabert_s_cli.analysis.classification.references import FEATURES
from tests.analysis.classification.tree import ANCESTORS, directions, references


def _calibration(thresholds: list[float], *, length_bp: float = 1_000.0) -> Calibration:
    """The probability grows with the cosine: 1/2 at 0.8, nearly 1 at 1."""
    coefficients = np.zeros((3, 1 + len(FEATURES)))
    coefficients[:, 0], coefficients[:, 1] = -24.0, 30.0
    return Calibration(length_bp, coefficients, np.array(thresholds))


def _named(vectors: np.ndarray, *calibrations: Calibration, lengths_bp: int = 1_000):
    lengths = np.full(len(vectors), lengths_bp)
    return name_sequences(references(), vectors, calibrations=calibrations, kmers=None, lengths_bp=lengths)


def test_the_deepest_certain_rank_is_given() -> None:
    assert _named(directions()[:2], _calibration([0.5, 0.5, 0.5])).ranks.tolist() == [2, 2]
    assert _named(directions()[:2], _calibration([0.5, 0.5, np.inf])).ranks.tolist() == [1, 1]


def test_what_is_not_certain_at_the_widest_rank_gets_no_name() -> None:
    assert _named(directions()[:1], _calibration([np.inf, 0.5, 0.5])).ranks.tolist() == [-1]


def test_a_vector_far_from_all_gets_no_name_but_has_a_nearest() -> None:
    names = _named(-directions()[:1], _calibration([0.5, 0.5, 0.5]))
    assert names.ranks.tolist() == [-1]
    assert names.cosines[0] < 0.5


def test_the_calibration_of_the_nearest_length_counts() -> None:
    sure, unsure = _calibration([0.5] * 3), _calibration([np.inf] * 3, length_bp=100_000.0)
    assert _named(directions()[:1], sure, unsure, lengths_bp=2_000).ranks.tolist() == [2]
    assert _named(directions()[:1], sure, unsure, lengths_bp=50_000).ranks.tolist() == [-1]


def test_a_taxon_outside_of_the_wider_one_is_inconsistent() -> None:
    taxa = np.array([[0, 2, 5], [1, 2, 5], [0, 3, 5], [0, -1, 5]])
    assert is_consistent(taxa, ANCESTORS).tolist() == [
        [True, True, True],
        [True, False, False],
        [True, True, False],
        [True, False, False],
    ]


def test_threads_and_blocks_change_no_byte() -> None:
    vectors = np.repeat(directions()[:5], 300, axis=0)
    lengths = np.full(len(vectors), 1_000)
    found = [
        name_sequences(
            references(),
            vectors,
            calibrations=[_calibration([0.5] * 3)],
            kmers=None,
            lengths_bp=lengths,
            threads=threads,
        )
        for threads in (1, 3)
    ]
    assert found[0].probabilities.tobytes() == found[1].probabilities.tobytes()


def test_no_sequences_have_no_names() -> None:
    assert len(_named(np.empty((0, 16), np.float32), _calibration([0.5] * 3)).ranks) == 0


def test_the_probability_is_a_logistic_curve() -> None:
    features = np.zeros(len(FEATURES))
    coefficients = np.zeros(1 + len(FEATURES))
    assert probabilities_of(features, coefficients) == 0.5
    coefficients[0] = 2.0
    assert probabilities_of(features, coefficients) == pytest.approx(1 / (1 + np.exp(-2)))
