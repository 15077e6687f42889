"""A trained k-mer network as an encoder: counts on threads, then the network in batches of one shape.

Sequences -> groups of bounded size -> counts, whole numbers, on all threads -> batches of `BATCH_ROWS` rows, the last
one filled up, short and long sequences apart -> each batch through the network by one thread, all threads at batches of
their own; short sequences by the sparse way of `kmer_sparse` -> unit length. So no number depends on how many threads
there are, and a row's company does not change what is computed for it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F

from ... import defaults
from ...dna import reverse_complement, upper_dna
from ..checking import checked_sequences
from ..devices import side_by_side
from ..embedder import Embedded, OnProgress, ignore_progress
from .network import KmerNetwork
from .profile import n_counted, profile_counts, profiles_of_counts
from .sparse import FoldedLayer, first_projection, fold_first_layer, is_mostly_background

logger = logging.getLogger(__name__)

BATCH_ROWS = 128  # fills the matrix units; a multiple of what they take at once
MIN_KMERS = 32  # a profile of fewer is noise

_GROUP_CELLS = 1 << 23  # of counts, 32 MB


@dataclass(slots=True)  # not frozen: it warns only once
class KmerEncoder:
    """An `Encoder` around a `KmerNetwork`, on the CPU. Both strands of a sequence give the same vector, if the network
    counts them alike or `strand` is "both".

    Args:
        network: in evaluation mode, float32. (With products in bfloat16 numbers of a vector move by 2e-3.)
        strand: "forward", or "both" for the mean with the reverse complement where the network tells strands apart.
    """

    name: str
    fingerprint: str
    network: KmerNetwork
    threads: int = 1
    strand: str = defaults.STRAND
    _has_warned: bool = field(default=False, init=False, repr=False)
    _folded: FoldedLayer | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        """Make ready what short sequences take."""
        self._folded = fold_first_layer(self.network)

    @property
    def dim(self) -> int:
        """Length D of each vector."""
        return self.network.dim

    def describe(self) -> dict[str, object]:
        """Everything that determines the vectors, for provenance: plain values by name."""
        facts = {"model": self.name, "fingerprint": self.fingerprint, "dim": self.dim}
        facts |= {"device": "cpu", "dtype": "float32"}
        if self.network.config.uncertainty:
            facts["uncertainty"] = True
        return facts if self.network.config.is_canonical else {**facts, "strand": self.strand}

    def embed(self, sequences: Sequence[str]) -> np.ndarray:
        """One vector of unit length per sequence, in input order. -> (N, D) float32."""
        return self.embed_counted(checked_sequences(sequences)).embeddings

    def embed_counted(self, sequences: Sequence[str], *, on_progress: OnProgress = ignore_progress) -> Embedded:
        """As `embed`; a token is a k-mer that counted, of the first kind, and every sequence is one window.

        A sequence of fewer than `MIN_KMERS` k-mers gets the vector of the average profile: it says nothing.
        """
        embedded = self._as_read(sequences, on_progress=on_progress)
        self._warn_of_short(int((embedded.n_tokens < MIN_KMERS).sum()))
        if self.network.config.is_canonical or self.strand != "both":
            return embedded
        other = self._as_read([reverse_complement(upper_dna(one)) for one in sequences], on_progress=ignore_progress)
        mean = F.normalize(torch.from_numpy(embedded.embeddings + other.embeddings), dim=1)
        n_tokens = embedded.n_tokens + other.n_tokens
        stated = embedded.uncertainty, other.uncertainty
        uncertainty = None if stated[0] is None or stated[1] is None else (stated[0] + stated[1]) / 2
        return Embedded(mean.numpy(), n_tokens, embedded.n_windows + other.n_windows, uncertainty)

    def _as_read(self, sequences: Sequence[str], *, on_progress: OnProgress) -> Embedded:
        """As `embed_counted`, the strand as it is."""
        vectors = np.empty((len(sequences), self.dim), dtype=np.float32)
        uncertainty = np.ones(len(sequences), dtype=np.float32)
        n_kmers = np.zeros(len(sequences), dtype=np.int64)
        group_rows = max(_GROUP_CELLS // self.network.config.n_inputs // BATCH_ROWS, 1) * BATCH_ROWS
        with side_by_side(self.threads) as run:
            for first in range(0, len(sequences), group_rows):
                group = sequences[first : first + group_rows]
                counts = profile_counts([*group, ""], self.network.config, threads=self.threads)
                n_kmers[first : first + len(group)] = n_counted(counts, self.network.config)[:-1]
                batches = self._batches(n_kmers[first : first + len(group)])
                results = run(partial(self._vectors, counts), batches)
                for rows, (batch, unsure) in zip(batches, results, strict=True):
                    vectors[first + rows] = batch
                    uncertainty[first + rows] = unsure
                    on_progress(sum(len(group[row]) for row in rows))
        n_windows = np.ones(len(sequences), dtype=np.int64)
        return Embedded(vectors, n_kmers, n_windows, uncertainty if self.network.config.uncertainty else None)

    def _batches(self, n_kmers: np.ndarray) -> list[np.ndarray]:
        """Rows of a group that go through the network together, at most `BATCH_ROWS`: all through one kind of layer."""
        mostly_background = is_mostly_background(n_kmers, self.network.config)
        kinds = np.flatnonzero(mostly_background), np.flatnonzero(~mostly_background)
        return [rows[first : first + BATCH_ROWS] for rows in kinds for first in range(0, len(rows), BATCH_ROWS)]

    def _vectors(self, counts: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Vectors of a batch and how unsure they are, 1 where nothing is known; always of one shape on the way.

        (N + 1, columns) int32, the last row 0 -> (rows, D) and (rows,) float32.
        """
        filled_up = np.full(BATCH_ROWS, len(counts) - 1)
        filled_up[: len(rows)] = rows
        batch = counts[filled_up]  # (BATCH_ROWS, columns)
        n_kmers = n_counted(batch, self.network.config)
        with torch.inference_mode():
            if self._folded is not None and is_mostly_background(n_kmers, self.network.config).all():
                projected = first_projection(self._folded, batch, config=self.network.config)
                projected[torch.from_numpy(n_kmers < MIN_KMERS)] = self._folded.at_mean
                outputs = self.network.forward_behind_product(projected)
            else:
                outputs = self.network(torch.from_numpy(self._profiles(batch, n_kmers)))
            vectors: np.ndarray = F.normalize(outputs, dim=1).numpy()
            uncertainty = np.ones(BATCH_ROWS, dtype=np.float32)
            if self.network.config.uncertainty:
                uncertainty = self.network.uncertainty(outputs, torch.from_numpy(n_kmers)).numpy()
                uncertainty[n_kmers < MIN_KMERS] = 1
        return vectors[: len(rows)], uncertainty[: len(rows)]

    def _profiles(self, counts: np.ndarray, n_kmers: np.ndarray) -> np.ndarray:
        """Profiles of a batch of counts, the average one where they say nothing. -> (BATCH_ROWS, C) float32."""
        profiles = profiles_of_counts(counts, self.network.config)
        average = self.network.standardise.running_mean
        assert average is not None, "the network keeps the mean of each column"
        profiles[n_kmers < MIN_KMERS] = average.numpy()
        return profiles

    def _warn_of_short(self, n_short: int) -> None:
        """Say once that some vectors say nothing."""
        if n_short and not self._has_warned:
            self._has_warned = True
            logger.warning(
                "%d sequences so far have fewer than %d k-mers of A, C, G, T: "
                "too short to embed; they all get the same, uninformative vector",
                n_short,
                MIN_KMERS,
            )
