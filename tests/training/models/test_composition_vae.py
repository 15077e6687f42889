"""The autoencoder of TNF-VAE."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnabert_s_cli.training.models.composition_vae import composition_vae_vectors


def profiles(n_rows: int = 40) -> np.ndarray:
    """Two kinds of rows that differ in all of six columns."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((n_rows, 6)) * 0.1 + (np.arange(n_rows) % 2)[:, None]


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_threads() -> None:
    before = torch.get_num_threads()
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(composition_vae_vectors(profiles(), seed=1, epochs=3).tobytes())
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert found[0] == found[1]


def test_another_seed_gives_other_vectors() -> None:
    first, second = (composition_vae_vectors(profiles(), seed=seed, epochs=2) for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_the_global_generator_is_left_alone() -> None:
    before = torch.get_rng_state()
    composition_vae_vectors(profiles(), seed=1, epochs=1)
    assert torch.equal(before, torch.get_rng_state())


def test_training_sets_the_two_kinds_apart() -> None:
    vectors = composition_vae_vectors(profiles(), seed=0, epochs=60)
    kinds = np.arange(40) % 2
    centres = np.stack([vectors[kinds == kind].mean(axis=0) for kind in (0, 1)])
    nearest = np.linalg.norm(vectors[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, kinds)


@pytest.mark.parametrize("n_rows", [0, 1, 2, 3, 5])
def test_few_rows_give_finite_vectors(n_rows: int) -> None:
    vectors = composition_vae_vectors(profiles(n_rows), seed=0, epochs=2)
    assert vectors.shape == (n_rows, 32)
    assert np.isfinite(vectors).all()


def test_a_column_that_never_changes_is_no_trouble() -> None:
    rows = profiles()
    rows[:, 2] = 1 / 3
    assert np.isfinite(composition_vae_vectors(rows, seed=0, epochs=2)).all()


def test_every_epoch_is_reported() -> None:
    told: list[int] = []
    composition_vae_vectors(profiles(), seed=0, epochs=4, on_epoch=told.append)
    assert sum(told) == 4
