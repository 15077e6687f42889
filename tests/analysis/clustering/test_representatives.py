from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.clustering.representatives import describe_clusters
from dnabert_s_cli.analysis.neighbours import l2_normalize

RNG = np.random.default_rng(0)
UNIT = l2_normalize(RNG.normal(size=(40, 6)).astype(np.float32))
LABELS = RNG.integers(-1, 4, 40).astype(np.int64)
LABELS[LABELS == 0] = -1
LENGTHS_BP = RNG.integers(1, 100, 40)


def test_medoid_has_the_greatest_sum_of_cosines_to_all_members() -> None:
    figures = describe_clusters(UNIT, LABELS, lengths_bp=LENGTHS_BP)
    for number, medoid in zip(figures.numbers, figures.medoids, strict=True):
        rows = np.flatnonzero(number == LABELS)
        sums = (UNIT[rows] @ UNIT[rows].T).sum(axis=1)
        assert medoid == rows[sums.argmax()]


def test_similarity_is_the_mean_cosine_to_the_mean() -> None:
    figures = describe_clusters(UNIT, LABELS, lengths_bp=LENGTHS_BP)
    members = UNIT[figures.numbers[0] == LABELS].astype(np.float64)
    centre = members.mean(axis=0) / np.linalg.norm(members.mean(axis=0))
    assert figures.mean_similarity[0] == pytest.approx((members @ centre).mean(), abs=1e-6)


def test_sizes_and_bases_are_of_the_members_and_none_is_no_cluster() -> None:
    figures = describe_clusters(UNIT, LABELS, lengths_bp=LENGTHS_BP)
    assert figures.numbers.tolist() == [1, 2, 3]
    assert figures.sizes.tolist() == [int((number == LABELS).sum()) for number in (1, 2, 3)]
    assert figures.total_bp.tolist() == [int(LENGTHS_BP[number == LABELS].sum()) for number in (1, 2, 3)]


def test_of_equal_members_the_first_is_the_medoid() -> None:
    unit = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    figures = describe_clusters(unit, np.array([2, -1, 2]), lengths_bp=np.array([1, 1, 1]))
    assert figures.medoids.tolist() == [0]


@pytest.mark.parametrize("labels", [[], [-1, -1]])
def test_no_clusters_give_empty_columns(labels: list[int]) -> None:
    n_rows = len(labels)
    figures = describe_clusters(UNIT[:n_rows], np.array(labels, dtype=np.int64), lengths_bp=LENGTHS_BP[:n_rows])
    assert len(figures.numbers) == len(figures.sizes) == len(figures.medoids) == 0
