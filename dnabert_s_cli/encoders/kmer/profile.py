"""Sequences to k-mer profiles: what the k-mer network sees.

Sequences -> counts of all k-mers of the config, and of what it reads in frame, whole numbers -> per kind the shares, as
multiples of what each column would have if all were alike, transformed -> one row of float32 for each sequence, the
columns of all kinds side by side in the order of the config, length features last. A row depends on its own sequence
only, and is the same for both strands unless the config says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .codon_counts import count_in_frame
from .config import N_LENGTH_FEATURES, KmerNetworkConfig
from .counts import count_spectra
from .spectra import canonical_spectrum, forward_spectrum

_ANSCOMBE = np.float32(3 / 8)  # Anscombe 1948, doi 10.1093/biomet/35.3-4.246: root of a Poisson count plus 3/8


def kmer_profiles(sequences: Sequence[str], config: KmerNetworkConfig, *, threads: int = 1) -> np.ndarray:
    """One profile per sequence. N sequences -> (N, C) float32."""
    return profiles_of_counts(profile_counts(sequences, config, threads=threads), config)


def profile_counts(sequences: Sequence[str], config: KmerNetworkConfig, *, threads: int = 1) -> np.ndarray:
    """Counts of the k-mers of all kinds, then of what is read in frame. N sequences -> (N, C) int32.

    C is without length features.
    """
    spectrum_of = canonical_spectrum if config.is_canonical else forward_spectrum
    spectra = [spectrum_of(kmer, max_columns=config.max_columns) for kmer in config.kmers]
    counts = count_spectra(sequences, spectra, threads=threads)
    if not config.frames:
        return counts
    return np.concatenate([counts, count_in_frame(sequences, config.frames, threads=threads)], axis=1)


def n_counted(counts: np.ndarray, config: KmerNetworkConfig) -> np.ndarray:
    """How many k-mers of the first kind were counted in each row. (N, C) int32 -> (N,) int64."""
    n_columns = config.n_columns(config.kmers[0])
    totals: np.ndarray = counts[:, :n_columns].sum(axis=1, dtype=np.int64)
    return totals


def profiles_of_counts(counts: np.ndarray, config: KmerNetworkConfig) -> np.ndarray:
    """Transformed multiples of the mean share, then length features if the config has them. -> (N, C) float32.

    `counts` are those of `profile_counts`. Without k-mers a row is all zero with the transforms linear and sqrt, all
    one with anscombe.
    """
    profiles = np.empty((len(counts), config.n_inputs), dtype=np.float32)
    profiles[:, : counts.shape[1]] = counts
    first = 0
    for n_columns in config.columns_of_kinds:
        columns = profiles[:, first : first + n_columns]
        totals = columns.sum(axis=1, dtype=np.float64, keepdims=True).astype(np.float32)  # (N, 1)
        transformed(columns, totals, n_columns=np.float32(n_columns), transform=config.transform)
        first += n_columns
    if config.length_features:
        profiles[:, -N_LENGTH_FEATURES:] = length_features(n_counted(counts, config).astype(np.float32))
    return profiles


def length_features(n_kmers: np.ndarray) -> np.ndarray:
    """How noisy a profile is, from its number of k-mers. (N,) float32 -> (N, 2) float32."""
    return np.stack([np.log1p(n_kmers), 1 / np.sqrt(1 + n_kmers)], axis=1)


def transformed(
    counts: np.ndarray, totals: np.ndarray, *, n_columns: np.ndarray | np.float32, transform: str
) -> np.ndarray:
    """What the network takes for counts, in place: multiples of the mean share, transformed. float32, shapes that fit.

    Args:
        totals: k-mers of the same kind in the same row.
        n_columns: columns of that kind.
    """
    if transform == "anscombe":
        counts += _ANSCOMBE
        totals = totals + _ANSCOMBE * n_columns
    counts *= n_columns / np.maximum(totals, 1)
    if transform != "linear":
        np.sqrt(counts, out=counts)
    return counts


def background_values(totals: np.ndarray, n_columns: np.ndarray, *, transform: str) -> np.ndarray:
    """What the network takes for a count of 0. (N, S) float32 totals, (S,) columns of each kind -> (N, S) float32."""
    zeros = np.zeros(totals.shape, dtype=np.float32)
    return transformed(zeros, totals, n_columns=n_columns.astype(np.float32), transform=transform)
