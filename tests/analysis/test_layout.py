"""The flat layout: affinities, the push on a grid against the plain sum, and descent."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix, triu

from dnabert_s_cli.analysis import layout
from dnabert_s_cli.analysis.layout import affinities, lay_out, n_steps
from dnabert_s_cli.analysis.neighbours import l2_normalize, nearest_neighbours


def _unit(n_rows: int, *, n_groups: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    groups = np.arange(n_rows) % n_groups
    centres = rng.normal(size=(n_groups, 16))
    return l2_normalize(centres[groups] + 0.2 * rng.normal(size=(n_rows, 16))), groups


def test_affinities_are_symmetric_and_add_up_to_one() -> None:
    found = affinities(nearest_neighbours(_unit(60, n_groups=3)[0], 24))
    assert abs(found - found.T).max() == 0
    assert found.sum() == pytest.approx(1)


def test_each_row_has_the_perplexity_asked_for() -> None:
    squared = np.sort(np.random.default_rng(0).uniform(0, 2, (20, 24)), axis=1)
    weights = layout._at_perplexity(squared - squared[:, :1], 12.0)
    entropy = -(weights * np.log(weights)).sum(axis=1)
    assert np.exp(entropy) == pytest.approx(12.0, rel=1e-6)


def test_equal_rows_get_equal_affinities() -> None:
    found = affinities(nearest_neighbours(np.tile(_unit(1, n_groups=1)[0], (10, 1)), 9))
    assert np.isfinite(found.data).all()
    assert found.data == pytest.approx(1 / 90)


@pytest.mark.parametrize("width", [0.5, 8.0, 100.0])
def test_the_push_on_the_grid_is_near_that_of_all_pairs(width: float) -> None:
    places = np.random.default_rng(1).uniform(-width / 2, width / 2, (150, 2))
    plain = layout._pushed(places)
    error = np.linalg.norm(layout._Grid().pushed(places) - plain) / np.linalg.norm(plain)
    assert error < 0.12


def test_the_push_of_a_very_wide_layout_stays_bounded() -> None:
    places = np.random.default_rng(1).uniform(-500, 500, (150, 2))
    ratio = np.linalg.norm(layout._Grid().pushed(places)) / np.linalg.norm(layout._pushed(places))
    assert ratio < 3


def test_the_push_of_all_pairs_is_the_formula() -> None:
    places = np.random.default_rng(1).normal(size=(9, 2))
    near = [[1 / (1 + ((one - two) ** 2).sum()) for two in places] for one in places]
    total = sum(map(sum, near)) - 9
    first = sum(near[0][k] ** 2 * (places[0] - places[k]) for k in range(9)) / total
    assert layout._pushed(places)[0] == pytest.approx(first)


def test_the_pull_is_the_plain_sum() -> None:
    unit, _ = _unit(40, n_groups=2)
    graph = affinities(nearest_neighbours(unit, 10))
    places = np.random.default_rng(2).normal(size=(40, 2))
    edges = csr_matrix(triu(graph, k=1))
    difference = places[:, None] - places[None]
    weights = graph.toarray() / (1 + (difference**2).sum(axis=2))
    assert layout._pulled(edges, places) == pytest.approx((difference * weights[:, :, None]).sum(axis=1))


def test_groups_come_to_lie_apart_and_every_step_is_told() -> None:
    unit, groups = _unit(120, n_groups=3)
    told: list[int] = []
    start = 1e-2 * np.random.default_rng(3).normal(size=(120, 2))
    places = lay_out(affinities(nearest_neighbours(unit, 24)), start, on_step=told.append)
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(120)
    assert (groups[distances.argmin(axis=1)] == groups).all()
    assert sum(told) == n_steps()
