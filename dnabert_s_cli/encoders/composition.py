"""Encoders that need no training: tetranucleotide compositions.

Sequence -> counts of its 4-mers -> frequencies -> the named composition, one row per sequence. They see a sequence
whole, have no parameters and give the same vector on any machine.

Sources: `tnf` and `tnf_k` as the baselines TNF and TNF-K of Zhou et al. 2024, arXiv 2402.08777, section 4; the
kernel of the latter after Nissen et al. 2021 (VAMB), doi 10.1038/s41587-020-00777-4, methods.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .. import defaults
from ..dna import reverse_complement, upper_dna
from .checking import checked_sequences
from .embedder import Embedded, OnProgress, ignore_progress
from .kmer.counts import (
    BASES,
    canonical_columns,
    count_kmers,
    fold_columns,
    frequencies,
    kmer_names,
    reverse_complement_index,
)

_K = 4
UPSTREAM_BASES = "ATCG"  # order in which upstream numbers its 256 columns


def tnf(sequences: Sequence[str], *, threads: int = 1) -> np.ndarray:
    """Frequencies of the 256 4-mers, in upstream's column order (A, T, C, G). -> (N, 256) float64."""
    return frequencies(count_kmers(sequences, _K, threads=threads))[:, _upstream_order()]


def tnf_canonical(sequences: Sequence[str], *, threads: int = 1) -> np.ndarray:
    """Square roots of the frequencies of the 136 canonical 4-mers. -> (N, 136) float64.

    A 4-mer and its reverse complement are one column, so both strands give one vector. The square root evens out
    the variance of counts (Anscombe) and makes every row unit length, so a cosine is a Bhattacharyya coefficient.
    """
    counts = fold_columns(count_kmers(sequences, _K, threads=threads), canonical_columns(_K))
    root: np.ndarray = np.sqrt(frequencies(counts))
    return root


def tnf_kernel(sequences: Sequence[str], *, threads: int = 1) -> np.ndarray:
    """4-mer frequencies without what strand symmetry and overlap dictate. -> (N, 103) float64.

    Differs from upstream, which multiplies columns in A, T, C, G order with a kernel for A, C, G, T order;
    `tnf_kernel_scrambled` does that.
    """
    shares = frequencies(count_kmers(sequences, _K, threads=threads))
    projected: np.ndarray = shares @ composition_kernel()
    return projected


def tnf_kernel_scrambled(sequences: Sequence[str], *, threads: int = 1) -> np.ndarray:
    """As upstream computes TNF-K, with its slip of column orders; only to reproduce the paper. -> (N, 103) float64."""
    projected: np.ndarray = tnf(sequences, threads=threads) @ composition_kernel()
    return projected


@lru_cache(maxsize=1)
def composition_kernel() -> np.ndarray:
    """Orthonormal basis of what 4-mer frequencies are free to be, rows in A, C, G, T order. -> (256, 103) float64.

    The null space of these constraints: a 4-mer is as frequent as its reverse complement; a 3-mer is as often the
    start as the end of a 4-mer; the frequencies have a fixed sum.
    """
    names = kmer_names(_K)
    column = {name: index for index, name in enumerate(names)}
    strands = np.eye(4**_K) - np.eye(4**_K)[reverse_complement_index(_K)]
    overlaps = np.zeros((4 ** (_K - 1), 4**_K))
    for row, inner in enumerate(kmer_names(_K - 1)):
        for base in BASES:
            overlaps[row, column[inner + base]] += 1
            overlaps[row, column[base + inner]] -= 1
    constraints = np.vstack([strands, overlaps, np.ones((1, 4**_K))])
    _, singular, rows = np.linalg.svd(constraints)
    rank = int((singular > singular[0] * 1e-10).sum())
    return np.ascontiguousarray(rows[rank:].T)


@dataclass(frozen=True, slots=True)
class CompositionEncoder:
    """An `Encoder` whose vector is a fixed function of the sequence's 4-mers."""

    name: str
    dim: int
    compute: Callable[..., np.ndarray]
    strand: str = defaults.STRAND
    threads: int = 1

    @property
    def fingerprint(self) -> str:
        """Digest of the definition: it changes only when the function does."""
        return hashlib.sha256(f"{self.name} version 1".encode()).hexdigest()

    def embed(self, sequences: Sequence[str]) -> np.ndarray:
        """One vector per sequence, in input order. -> (N, D) float32."""
        return self._vectors(checked_sequences(sequences))

    def _vectors(self, sequences: Sequence[str]) -> np.ndarray:
        vectors = self.compute(sequences, threads=self.threads)
        if self.strand == "both":
            reverse = [reverse_complement(upper_dna(sequence)) for sequence in sequences]
            vectors = (vectors + self.compute(reverse, threads=self.threads)) / 2
        return vectors.astype(np.float32)

    def describe(self) -> dict[str, object]:
        """Everything that determines the vectors, for provenance: plain values by name."""
        return {"model": self.name, "fingerprint": self.fingerprint, "dim": self.dim, "strand": self.strand}

    def embed_counted(self, sequences: Sequence[str], *, on_progress: OnProgress = ignore_progress) -> Embedded:
        """As `embed`; a token is a 4-mer, counted or not, and every sequence is one window."""
        n_tokens = np.array([max(len(sequence) - _K + 1, 0) for sequence in sequences], dtype=np.int64)
        vectors = self._vectors(sequences)
        on_progress(sum(map(len, sequences)))
        return Embedded(vectors, n_tokens, np.ones(len(sequences), dtype=np.int64))


COMPOSITIONS: dict[str, CompositionEncoder] = {
    encoder.name: encoder
    for encoder in (
        CompositionEncoder("tnf", 256, tnf),
        CompositionEncoder("tnf-c", 136, tnf_canonical),
        CompositionEncoder("tnf-k", 103, tnf_kernel),
    )
}


def _upstream_order() -> np.ndarray:
    """Where each of upstream's columns stands in A, C, G, T order. -> (256,) int64."""
    column = {name: index for index, name in enumerate(kmer_names(_K))}
    return np.array([column[name] for name in kmer_names(_K, UPSTREAM_BASES)])
