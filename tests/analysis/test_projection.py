"""Maps of vectors: like rows together, the same bytes each time, and no input too small."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis import layout, projection
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.analysis.projection import project_2d


def _groups(n_rows: int, *, n_groups: int = 5, dim: int = 32) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    groups = rng.integers(0, n_groups, n_rows)
    return l2_normalize(rng.normal(size=(n_groups, dim))[groups] + 0.2 * rng.normal(size=(n_rows, dim))), groups


def _same_group_beside(places: np.ndarray, groups: np.ndarray) -> float:
    distances = np.linalg.norm(places[:, None] - places[None], axis=2) + 1e9 * np.eye(len(places))
    return float((groups[distances.argmin(axis=1)] == groups).mean())


def test_rows_of_one_group_lie_together() -> None:
    unit, groups = _groups(150)
    places = project_2d(unit, np.full(150, 2_000), seed=0)
    assert places.shape == (150, 2)
    assert places.dtype == np.float32
    assert np.abs(places).max() == pytest.approx(1)
    assert _same_group_beside(places, groups) > 0.98


def test_rows_beyond_the_landmarks_lie_with_their_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "LANDMARKS", 120)
    unit, groups = _groups(250)
    assert _same_group_beside(project_2d(unit, np.full(250, 2_000), seed=0), groups) > 0.98


def test_threads_change_no_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "LANDMARKS", 550)  # more than are summed pair by pair
    monkeypatch.setattr(layout, "_LATE_STEPS", 30)
    monkeypatch.setattr(projection, "_BLOCK_ROWS", 200)
    unit, _ = _groups(1_500, dim=64)
    lengths_bp = np.random.default_rng(0).integers(1_500, 90_000, 1_500)
    one, three = (project_2d(unit, lengths_bp, seed=3, threads=threads) for threads in (1, 3))
    assert one.tobytes() == three.tobytes()


def test_landmarks_are_drawn_by_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "LANDMARKS", 50)
    weights = np.where(np.arange(1_000) % 20 == 0, 1e9, 1.0)  # fifty rows of nearly all the weight
    drawn = projection._landmarks(weights, np.random.default_rng(0))
    assert drawn.tolist() == list(range(0, 1_000, 20))


@pytest.mark.parametrize("n_rows", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("dim", [1, 8])
def test_few_rows_have_finite_places(n_rows: int, dim: int) -> None:
    places = project_2d(_groups(n_rows, dim=dim)[0], np.ones(n_rows), seed=0)
    assert places.shape == (n_rows, 2)
    assert np.isfinite(places).all()


def test_equal_rows_and_zero_rows_have_finite_places() -> None:
    unit = np.zeros((60, 8), dtype=np.float32)
    unit[:40, 0] = 1
    assert np.isfinite(project_2d(unit, np.ones(60), seed=0)).all()
