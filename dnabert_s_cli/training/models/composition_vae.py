"""A variational autoencoder on compositions, trained on the very sequences it then embeds: TNF-VAE.

Profiles (N, C) -> each column standardised -> some hundred epochs of encoder, sample, decoder -> the means of the
latent normal distributions, one row for each profile. Nothing is kept of the network: it knows this set only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from ... import defaults

LATENT_DIM = 32
DEFINITION = "tnf-vae version 1"  # changes when the method does, so that no cache gives back what it was before

_HIDDEN = 512
_DROPOUT = 0.2
_KLD_BETA = 200.0
_LEARNING_RATE = 1e-3
_BATCH_ROWS = 256
_DOUBLED_AT = (25, 75, 150, 300)  # epochs from which batches are twice as large
_LEAST_BATCHES = 2  # a larger batch than half the set would leave nothing stochastic


class _Vae(nn.Module):
    """Two hidden layers down to the latent distribution, two back up."""

    def __init__(self, n_columns: int) -> None:
        super().__init__()
        self.encoder = nn.Sequential(*_hidden(n_columns), *_hidden(_HIDDEN))
        self.mean = nn.Linear(_HIDDEN, LATENT_DIM)
        self.spread = nn.Sequential(nn.Linear(_HIDDEN, LATENT_DIM), nn.Softplus())
        self.decoder = nn.Sequential(*_hidden(LATENT_DIM), *_hidden(_HIDDEN), nn.Linear(_HIDDEN, n_columns))

    def loss(self, rows: Tensor, noise: Tensor) -> Tensor:
        """Mean over rows of squared error and divergence from the normal distribution. (B, C), (B, D) -> ()."""
        hidden = self.encoder(rows)
        mean, log_variance = self.mean(hidden), self.spread(hidden)  # (B, D) each
        decoded = self.decoder(mean + noise * torch.exp(log_variance / 2))
        error = (decoded - rows).pow(2).mean(dim=1)
        divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum(dim=1)
        loss: Tensor = (error + divergence / (LATENT_DIM * _KLD_BETA)).mean()
        return loss


def composition_vae_vectors(
    profiles: np.ndarray,
    *,
    seed: int,
    epochs: int = defaults.VAE_EPOCHS,
    on_epoch: Callable[[int], object] = int,
) -> np.ndarray:
    """Latent means of the profiles the network was trained on. (N, C) -> (N, 32) float32.

    Source: Nissen et al. 2021 (VAMB), doi 10.1038/s41587-020-00777-4, methods, without abundances, as the baseline
    TNF-VAE of Zhou et al. 2024, arXiv 2402.08777: two layers of 512 with leaky ReLU, dropout 0.2 and batch
    normalisation, 32 latent numbers, squared error per column, divergence over 32 x 200, Adam at 1e-3, batches of 256
    that double after epochs 25, 75, 150, 300. Three differences: fewer epochs by default (300; there 500); no batch
    larger than half the set; the set's last, smaller batch is used. One thread: the same bytes on any number of them.
    """
    if len(profiles) < 2:
        return np.zeros((len(profiles), LATENT_DIM), dtype=np.float32)
    rows = torch.from_numpy(_standardised(profiles))
    with _own_state(seed):
        model = _Vae(rows.shape[1])
        optimiser = torch.optim.Adam(model.parameters(), lr=_LEARNING_RATE)
        for epoch in range(epochs):
            for batch in _batches(len(rows), epoch):
                optimiser.zero_grad(set_to_none=True)
                loss = model.loss(rows[batch], torch.randn(len(batch), LATENT_DIM))
                loss.backward()  # type: ignore[no-untyped-call]  # torch's own
                optimiser.step()
            on_epoch(1)
        model.eval()
        with torch.inference_mode():
            vectors: np.ndarray = model.mean(model.encoder(rows)).numpy()
    return vectors


def _hidden(n_inputs: int) -> list[nn.Module]:
    return [nn.Linear(n_inputs, _HIDDEN), nn.LeakyReLU(), nn.Dropout(_DROPOUT), nn.BatchNorm1d(_HIDDEN)]


def _standardised(profiles: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and variance 1; a column that never changes is 0. (N, C) -> (N, C) float32."""
    spread = profiles.std(axis=0)
    spread[spread <= 1e-12 * max(float(np.abs(profiles).max()), 1e-300)] = np.inf
    scaled: np.ndarray = ((profiles - profiles.mean(axis=0)) / spread).astype(np.float32)
    return scaled


def _batches(n_rows: int, epoch: int) -> list[Tensor]:
    """All rows in a new order, in batches of two rows or more (batch normalisation needs two)."""
    size = _BATCH_ROWS * 2 ** sum(epoch >= doubled for doubled in _DOUBLED_AT)
    size = max(min(size, n_rows // _LEAST_BATCHES), 2)
    batches = list(torch.split(torch.randperm(n_rows), size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


@contextmanager
def _own_state(seed: int) -> Iterator[None]:
    """Torch's CPU generator seeded, and one thread; both put back afterwards. Dropout and weights take no generator."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
