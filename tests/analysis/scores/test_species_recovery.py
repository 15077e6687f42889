"""Species against clusters, and the threshold from labels."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, recall_score

from dnabert_s_cli.analysis.scores.species_recovery import LEVELS, centre_similarity, count_above, recover_species
from tests.locations import GOLDEN


@pytest.mark.parametrize("case", range(4))
@pytest.mark.parametrize("percent", range(10, 100, 10))
def test_percentiles_are_those_of_upstream(case: int, percent: int) -> None:
    with np.load(GOLDEN / "kmedoid.npz") as golden:
        unit, truth = golden[f"{case}.features"], golden[f"{case}.truth"]
        expected = golden[f"{case}.class_center_percentiles"][percent // 10 - 1]
    assert centre_similarity(unit, [str(one) for one in truth], percent=percent) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)), min_size=1, max_size=30))
def test_the_matching_has_most_rows_in_common(pairs: list[tuple[int, int]]) -> None:
    truth, clusters = [f"s{one}" for one, _ in pairs], np.array([two for _, two in pairs])
    best = max(
        sum(int(cluster >= 0 and order[cluster] == species) for species, cluster in pairs)
        for order in permutations(range(4))
    )
    found = recover_species(truth, clusters)
    sizes = np.array([truth.count(name) for name in found.species])
    assert (found.recall * sizes).sum() == pytest.approx(best)


def test_as_published_only_assigned_rows_count() -> None:
    truth = ["a"] * 10 + ["b"] * 10
    clusters = np.array([7] * 4 + [-1] * 6 + [3] * 9 + [7])
    mapped = np.array([{7: 0, 3: 1}[one] for one in clusters if one >= 0])
    kept = np.array([0] * 4 + [1] * 10)
    found = recover_species(truth, clusters)
    np.testing.assert_allclose(found.f1_assigned, f1_score(kept, mapped, average=None))
    np.testing.assert_allclose(found.recall_assigned, recall_score(kept, mapped, average=None))


def test_the_unassigned_are_charged() -> None:
    found = recover_species(["a"] * 10, np.array([1] * 4 + [-1] * 6))
    assert (found.f1_assigned[0], found.recall[0]) == (1.0, 0.4)
    assert found.f1[0] == pytest.approx(2 * 0.4 / 1.4)


def test_coverage_is_the_share_of_assigned_rows() -> None:
    assert recover_species(["a", "a", "b", "b"], np.array([0, -1, 1, 1])).coverage == 0.75


def test_a_species_without_a_cluster_scores_nothing() -> None:
    found = recover_species(["a", "a", "b"], np.array([2, 2, 2]))
    assert found.f1.tolist() == [pytest.approx(0.8), 0.0]


def test_no_cluster_at_all_scores_nothing() -> None:
    found = recover_species(["a", "b"], np.array([-1, -1]))
    assert (found.f1.tolist(), found.f1_assigned.tolist(), found.coverage) == ([0.0, 0.0], [0.0, 0.0], 0.0)


def test_renaming_species_changes_no_score() -> None:
    rng = np.random.default_rng(0)
    truth, clusters = rng.integers(0, 5, 60), rng.integers(-1, 6, 60)
    names = np.array(["z", "b", "k", "a", "q"])
    before = recover_species([str(one) for one in truth], clusters)
    after = recover_species(names[truth].tolist(), clusters)
    assert sorted(before.f1) == pytest.approx(sorted(after.f1))


def test_a_score_at_a_level_is_not_above_it() -> None:
    assert dict(zip(LEVELS, count_above(np.array([0.5, 0.95])), strict=True))[0.5] == 1
    assert dict(zip(LEVELS, count_above(np.array([0.5, 0.95])), strict=True))[0.4] == 2
