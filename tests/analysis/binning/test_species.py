"""Bins of one species are linked by their mean vectors, however their contigs scatter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.analysis.binning.species import bin_centres, link_bins, similarities
from dnabert_s_cli.analysis.binning.whitening import Whitening

DIM = 24


def _contigs(
    species: list[int], *, n_contigs: int = 40, noise: float = 0.3, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Vectors of bins of these species: three directions tell species apart, ten others are loud noise."""
    rng = np.random.default_rng(seed)
    places = np.zeros((max(species) + 1, DIM))
    places[:, :8] = np.random.default_rng(1).normal(size=(len(places), 8))
    scale = np.full(DIM, noise)
    scale[10:20] = 4 * noise
    rows = np.concatenate([places[one] + scale * rng.normal(size=(n_contigs, DIM)) for one in species])
    members = [np.arange(n_contigs) + n_contigs * number for number in range(len(species))]
    return rows.astype(np.float32), rng.integers(1_500, 50_000, len(rows)), members


def _link(species: list[int], **more: float) -> list[int]:
    rows, lengths_bp, members = _contigs(species, **more)  # type: ignore[arg-type]
    found: list[int] = link_bins(rows, lengths_bp, members=members, rng=np.random.default_rng(0))[0].tolist()
    return found


@pytest.mark.parametrize(
    "species", [[0, 1, 0, 2, 1], [0, 0, 0], [0, 1, 2, 3], [0] * 12 + [1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5] * 3]
)
def test_bins_of_one_species_are_linked(species: list[int]) -> None:
    assert _link(species) == species


def test_similarities_are_cosines_corrected_for_what_is_not_known() -> None:
    rows, lengths_bp, members = _contigs([0, 0, 1], noise=0.6)
    plain = Whitening(np.zeros(DIM), np.eye(DIM))
    centres = bin_centres(rows, lengths_bp, members=members, whitening=plain)
    cosine = float(centres.means[0] @ centres.means[1])
    assert cosine < similarities(centres)[0, 1] <= 1
    assert (centres.reliability < 1).all()


def test_bins_of_one_contig_show_no_scatter() -> None:
    members = [np.array([number]) for number in range(3)]
    found, cosines = link_bins(
        np.eye(3, dtype=np.float32), np.full(3, 2_000), members=members, rng=np.random.default_rng(0)
    )
    assert (found.tolist(), cosines.tolist()) == ([0, 1, 2], np.eye(3).tolist())


def test_no_bin_at_all_is_no_species() -> None:
    found, _ = link_bins(np.zeros((0, 3), dtype=np.float32), np.zeros(0, int), members=[], rng=np.random.default_rng(0))
    assert found.tolist() == []


def test_rows_may_stay_on_disk(tmp_path: Path) -> None:
    rows, lengths_bp, members = _contigs([0, 1, 0])
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    assert link_bins(mapped, lengths_bp, members=members, rng=np.random.default_rng(0))[0].tolist() == [0, 1, 0]
