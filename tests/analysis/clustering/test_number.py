"""How many clusters there are, in made and in real vectors."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest
from numpy.typing import NDArray

from dnabert_s_cli.analysis.clustering import number as cluster_number
from dnabert_s_cli.analysis.clustering.number import choose_n_clusters
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.encoders.loader import load_encoder
from tests.locations import SHARED, needs_shared


def _blobs(n_clusters: int, n_each: int, *, seed: int = 0) -> NDArray[np.float32]:
    """Rows around random directions of 20 dimensions, in one of which the centres lie ten times as far apart."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(n_clusters, 20))
    centres[:, 0] *= 10
    rows = np.repeat(centres, n_each, axis=0) + 0.15 * rng.normal(size=(n_clusters * n_each, 20))
    return l2_normalize(rows.astype(np.float32))


@pytest.mark.parametrize("n_clusters", [2, 3, 8, 21, 60])
def test_the_number_of_clear_clusters_is_found(n_clusters: int) -> None:
    assert choose_n_clusters(_blobs(n_clusters, 25), seed=0) == n_clusters


def test_the_number_is_found_from_a_sample_of_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_number, "SAMPLE_ROWS", 150)
    assert choose_n_clusters(_blobs(6, 100), seed=0) == 6


def test_strays_are_no_clusters() -> None:
    unit = np.concatenate([_blobs(5, 25), l2_normalize(np.random.default_rng(3).normal(size=(3, 20)))])
    assert choose_n_clusters(unit.astype(np.float32), seed=0) == 5


def test_the_same_seed_gives_the_same_number_on_any_number_of_threads() -> None:
    unit = l2_normalize(np.random.default_rng(0).normal(size=(120, 8)).astype(np.float32))
    assert choose_n_clusters(unit, seed=3, threads=1) == choose_n_clusters(unit, seed=3, threads=2)


@pytest.mark.parametrize("n_rows", [0, 1, 2])
def test_hardly_any_rows_are_one_cluster(n_rows: int) -> None:
    assert choose_n_clusters(np.eye(3, dtype=np.float32)[:n_rows], seed=0) == 1


def test_rows_that_are_all_alike_are_one_cluster() -> None:
    assert choose_n_clusters(np.ones((20, 4), dtype=np.float32) / 2, seed=0) == 1


def test_rows_that_are_alike_but_for_one_have_a_number() -> None:
    unit = np.tile(np.array([0.6, 0.8], dtype=np.float32), (20, 1))
    unit[7] = (0.8, 0.6)
    assert choose_n_clusters(unit, seed=0) >= 1


@needs_shared
@pytest.mark.parametrize("n_species", [5, 10, 20, 40, 50])
def test_species_of_real_genomes_are_counted_within_a_fifth(n_species: int) -> None:
    with gzip.open(SHARED / "data" / "dev" / "clustering_0.tsv.gz", "rt") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    wanted = set(sorted({row["bin_id"] for row in rows})[:n_species])
    unit = load_encoder("tnf-c").embed([row["sequence"] for row in rows if row["bin_id"] in wanted])
    assert abs(choose_n_clusters(l2_normalize(unit), seed=0) - n_species) <= n_species / 5
