"""A trained k-mer network as an encoder: counts on threads, then the network in batches of one shape.

Sequences -> groups of bounded size -> counts, whole numbers, on all threads -> batches of `BATCH_ROWS` profiles, the
last one filled up -> each batch through the network by one thread, all threads at batches of their own -> unit length.
So no number depends on how many threads there are, and a row's company does not change what is computed for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from .embedder import Embedded, OnProgress, ignore_progress
from .kmer_network import KmerNetwork
from .kmer_profile import n_counted, profile_counts, profiles_of_counts

logger = logging.getLogger(__name__)

BATCH_ROWS = 128  # fills the matrix units; a multiple of what they take at once
MIN_KMERS = 32  # a profile of fewer is noise

_GROUP_CELLS = 1 << 23  # of counts, 32 MB


@dataclass(slots=True)  # not frozen: it warns only once
class KmerEncoder:
    """An `Encoder` around a `KmerNetwork`, on the CPU. Both strands of a sequence give the same vector.

    Args:
        network: in evaluation mode, float32. (With products in bfloat16 numbers of a vector move by 2e-3.)
    """

    name: str
    fingerprint: str
    network: KmerNetwork
    threads: int = 1
    _has_warned: bool = field(default=False, init=False, repr=False)

    @property
    def dim(self) -> int:
        """Length D of each vector."""
        return self.network.dim

    def describe(self) -> dict[str, object]:
        """Everything that determines the vectors, for provenance: plain values by name."""
        facts = {"model": self.name, "fingerprint": self.fingerprint, "dim": self.dim}
        return {**facts, "device": "cpu", "dtype": "float32"}

    def embed(self, sequences: Sequence[str]) -> np.ndarray:
        """One vector of unit length per sequence, in input order. -> (N, D) float32."""
        return self.embed_counted(sequences).embeddings

    def embed_counted(self, sequences: Sequence[str], *, on_progress: OnProgress = ignore_progress) -> Embedded:
        """As `embed`; a token is a k-mer that counted, of the first kind, and every sequence is one window.

        A sequence of fewer than `MIN_KMERS` k-mers gets the vector of the average profile: it says nothing.
        """
        vectors = np.empty((len(sequences), self.dim), dtype=np.float32)
        n_kmers = np.zeros(len(sequences), dtype=np.int64)
        group_rows = max(_GROUP_CELLS // self.network.config.n_inputs // BATCH_ROWS, 1) * BATCH_ROWS
        with _one_torch_thread(), ThreadPoolExecutor(self.threads) as pool:
            for first in range(0, len(sequences), group_rows):
                group = sequences[first : first + group_rows]
                counts = self._count(group)
                n_kmers[first : first + len(group)] = n_counted(counts, self.network.config)[: len(group)]
                starts = range(0, len(group), BATCH_ROWS)
                batches = pool.map(self._vectors, [counts[start : start + BATCH_ROWS] for start in starts])
                for start, batch in zip(starts, batches, strict=True):
                    part = group[start : start + BATCH_ROWS]
                    vectors[first + start : first + start + len(part)] = batch[: len(part)]
                    on_progress(sum(map(len, part)))
        self._warn_of_short(int((n_kmers < MIN_KMERS).sum()))
        return Embedded(vectors, n_kmers, np.ones(len(sequences), dtype=np.int64))

    def _count(self, group: Sequence[str]) -> np.ndarray:
        """Counts of a group, the last batch filled up with empty sequences. -> (rows, columns) int32."""
        n_missing = -len(group) % BATCH_ROWS
        return profile_counts([*group, *[""] * n_missing], self.network.config, threads=self.threads)

    def _vectors(self, counts: np.ndarray) -> np.ndarray:
        """Vectors of one batch of counts. (BATCH_ROWS, columns) int32 -> (BATCH_ROWS, D) float32."""
        profiles = profiles_of_counts(counts, self.network.config)  # (BATCH_ROWS, C)
        average = self.network.standardise.running_mean
        assert average is not None, "the network keeps the mean of each column"
        profiles[n_counted(counts, self.network.config) < MIN_KMERS] = average.numpy()
        with torch.inference_mode():
            vectors: np.ndarray = F.normalize(self.network(torch.from_numpy(profiles)), dim=1).numpy()
        return vectors

    def _warn_of_short(self, n_short: int) -> None:
        """Say once that some vectors say nothing."""
        if n_short and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "%d sequences (here, and perhaps more to come) have fewer than %d k-mers of A, C, G, T: "
                "too short to embed, they all get the same vector, which says nothing",
                n_short,
                MIN_KMERS,
            )


@contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Matrix products on the calling thread alone: split among several, they may add up in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
