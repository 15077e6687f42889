"""Curves of a run as a PNG."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.reports.plots import can_draw, draw_training_curves

pytestmark = pytest.mark.skipif(not can_draw(), reason="needs matplotlib")


@pytest.mark.parametrize("n_steps", [0, 1, 200])
def test_any_number_of_steps_is_drawn(tmp_path: Path, n_steps: int) -> None:
    rows: list[dict[str, float | None]] = [{"step": 0, "phase": 0, "loss": None, "ari": 0.1, "val_loss": None}]
    for step in range(1, n_steps + 1):
        ari = 0.5 if step % 50 == 0 else None
        rows.append({"step": step, "phase": 1 + (step > 60), "loss": 1 / step, "ari": ari, "val_loss": None})
    draw_training_curves(tmp_path / "loss.png", rows, names=("val_loss", "ari"))
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["loss.png"]
