"""Any token model as an encoder: sequences in, one vector each out, in the order they came.

Sequences -> windows of bases -> windows of tokens -> batches of similar length under a token budget -> the model's
mean vector per window -> the mean per sequence, weighted by tokens. What differs between models is in
`Backbone`: how bases become tokens, and how a batch of token windows becomes mean vectors.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from .. import defaults
from ..dna import reverse_complement, upper_dna
from ..errors import DnabertSError
from ..threads import one_ahead
from .checking import checked_sequences
from .devices import is_out_of_memory, side_by_side
from .dnabert.packing import token_batches
from .windows import window_spans

logger = logging.getLogger(__name__)


_SLAB_BP = 1_000_000  # tokenised, then sorted by length together; the next slab is tokenised meanwhile

OnProgress = Callable[[int], object]


def ignore_progress(n_bp: int) -> None:
    """Progress that nobody asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Vectors of N sequences and what went into them.

    `embeddings` (N, D) float32; `n_tokens` (N,) int64, special tokens included; `n_windows` (N,) int64. With
    `strand="both"` tokens and windows of both strands are counted. `uncertainty` (N,) float32: how far from its species
    each vector is expected to lie, as 1 - cosine; None from models that do not state it.
    """

    embeddings: np.ndarray
    n_tokens: np.ndarray
    n_windows: np.ndarray
    uncertainty: np.ndarray | None = None


class Encoder(Protocol):
    """What `load_encoder` returns: sequences in, vectors out."""

    @property
    def name(self) -> str:
        """The model as the user named it."""

    @property
    def dim(self) -> int:
        """Length D of each vector."""

    @property
    def fingerprint(self) -> str:
        """Hex digest of everything learned or fixed that determines the vectors."""

    def embed(self, sequences: Sequence[str]) -> np.ndarray:
        """One vector per sequence, in input order. -> (N, D) float32."""

    def embed_counted(self, sequences: Sequence[str], *, on_progress: OnProgress = ignore_progress) -> Embedded:
        """As `embed`, with tokens and windows counted; `on_progress` gets the bases finished, batch by batch."""

    def describe(self) -> dict[str, object]:
        """Everything that determines the vectors, for provenance: plain values by name."""


class Backbone(Protocol):
    """A model that turns token windows into mean vectors."""

    @property
    def name(self) -> str:
        """The model as the user named it."""

    @property
    def dim(self) -> int:
        """Hidden size D."""

    @property
    def fingerprint(self) -> str:
        """Hex digest of weights, configuration and tokenizer."""

    @property
    def n_at_once(self) -> int | None:
        """How many batches it takes side by side, each on a thread of its own; None where it uses threads itself."""

    def tokenize(self, pieces: Sequence[str]) -> list[list[np.ndarray]]:
        """Token windows of each piece of DNA: one, or more where the model's context is short.

        Each window is an (L,) integer array with its special tokens.
        """

    def mean_vectors(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Mean of the last layer over each window's tokens. B windows -> (B, D) float32."""

    def describe(self) -> dict[str, object]:
        """Device and number format, for provenance."""


@dataclass(slots=True)  # not frozen: the budget shrinks when memory runs out
class Embedder:
    """An `Encoder` made of a `Backbone`; windows, batches, pooling and order are the same for all.

    Args:
        window_bp: longest piece seen at once; longer sequences are cut into windows.
        overlap_bp: bases shared by neighbouring windows.
        strand: "forward", or "both" for the mean with the reverse complement.
        batch_tokens: most tokens in one batch; halved whenever the device runs out of memory.
    """

    backbone: Backbone
    batch_tokens: int
    window_bp: int = defaults.WINDOW_BP
    overlap_bp: int = defaults.OVERLAP_BP
    strand: str = defaults.STRAND

    @property
    def name(self) -> str:
        """The model as the user named it."""
        return self.backbone.name

    @property
    def dim(self) -> int:
        """Length D of each vector."""
        return self.backbone.dim

    @property
    def fingerprint(self) -> str:
        """Hex digest of weights, configuration and tokenizer."""
        return self.backbone.fingerprint

    def embed(self, sequences: Sequence[str]) -> np.ndarray:
        """One vector per sequence, in input order. -> (N, D) float32."""
        return self.embed_counted(checked_sequences(sequences)).embeddings

    def describe(self) -> dict[str, object]:
        """Everything that determines the vectors, for provenance: plain values by name."""
        return {
            "model": self.name,
            "fingerprint": self.fingerprint,
            "dim": self.dim,
            **self.backbone.describe(),
            "window_bp": self.window_bp,
            "overlap_bp": self.overlap_bp,
            "strand": self.strand,
            "batch_tokens": self.batch_tokens,
        }

    def embed_counted(self, sequences: Sequence[str], *, on_progress: OnProgress = ignore_progress) -> Embedded:
        """As `embed`, with tokens and windows counted; `on_progress` gets the bases finished, batch by batch."""
        sums = np.zeros((len(sequences), self.dim), dtype=np.float64)
        n_tokens = np.zeros(len(sequences), dtype=np.int64)
        n_windows = np.zeros(len(sequences), dtype=np.int64)
        for slab, tokenized in one_ahead(self._tokenized_slabs(sequences)):
            windows = [window for piece in tokenized for window in piece]
            windows_of_piece = [len(piece) for piece in tokenized]
            owners = np.repeat([piece.owner for piece in slab], windows_of_piece)
            new_bp = np.repeat(
                [piece.n_new_bp / len(tokens) for piece, tokens in zip(slab, tokenized, strict=True)],
                windows_of_piece,
            )
            lengths = np.array([len(window) for window in windows], dtype=np.int64)
            vectors = self._encode(windows, lengths, new_bp=new_bp, on_progress=on_progress)  # (windows, D)
            np.add.at(sums, owners, vectors * lengths[:, None])
            np.add.at(n_tokens, owners, lengths)
            np.add.at(n_windows, owners, 1)
        means = sums / np.maximum(n_tokens, 1)[:, None]
        return Embedded(means.astype(np.float32), n_tokens, n_windows)

    def _tokenized_slabs(self, sequences: Sequence[str]) -> Iterator[tuple[list[_Piece], list[list[np.ndarray]]]]:
        """Slabs, and the token windows of each piece."""
        for slab in self._slabs(sequences):
            yield slab, self.backbone.tokenize([piece.dna for piece in slab])

    def _slabs(self, sequences: Sequence[str]) -> Iterator[list[_Piece]]:
        """Pieces of DNA, a million bases at a time, so that a whole chromosome fits too."""
        slab: list[_Piece] = []
        n_bp = 0
        for owner, sequence in enumerate(sequences):
            dna = upper_dna(sequence)
            done_bp = 0
            for start, end in window_spans(len(dna), window_bp=self.window_bp, overlap_bp=self.overlap_bp):
                slab.append(_Piece(owner, dna[start:end], end - done_bp))
                if self.strand == "both":
                    slab.append(_Piece(owner, reverse_complement(dna[start:end]), 0))
                done_bp = end
                n_bp += end - start
                if n_bp >= _SLAB_BP:
                    yield slab
                    slab, n_bp = [], 0
        if slab:
            yield slab

    def _encode(
        self, windows: Sequence[np.ndarray], lengths: np.ndarray, *, new_bp: np.ndarray, on_progress: OnProgress
    ) -> np.ndarray:
        """Mean vector of each window, whatever batches it takes. -> (windows, D) float32."""
        vectors = np.empty((len(windows), self.dim), dtype=np.float32)

        def keep(batch: np.ndarray, means: np.ndarray) -> None:
            vectors[batch] = means
            on_progress(round(new_bp[batch].sum()))

        pending = token_batches(lengths, self.batch_tokens)
        while pending:
            pending = self._encode_round(pending, windows, lengths=lengths, keep=keep)
        return vectors

    def _encode_round(
        self,
        batches: Sequence[np.ndarray],
        windows: Sequence[np.ndarray],
        *,
        lengths: np.ndarray,
        keep: Callable[[np.ndarray, np.ndarray], object],
    ) -> list[np.ndarray]:
        """Compute all batches, hand on what comes out, and return in halves those that did not fit."""
        halves: list[np.ndarray] = []
        with side_by_side(self.backbone.n_at_once) as run:
            outcomes = run(self._attempt, [[windows[index] for index in batch] for batch in batches])
            for batch, outcome in zip(batches, outcomes, strict=True):
                if isinstance(outcome, np.ndarray):
                    keep(batch, outcome)
                else:
                    halves += self._halve(batch, lengths, error=outcome)
        return halves

    def _attempt(self, windows: Sequence[np.ndarray]) -> np.ndarray | BaseException:
        """Mean vectors of a batch, or the error that says that it does not fit. B windows -> (B, D) float32."""
        try:
            return self.backbone.mean_vectors(windows)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return error

    def _halve(self, batch: np.ndarray, lengths: np.ndarray, *, error: BaseException) -> list[np.ndarray]:
        """The batch in two, and a smaller budget from here on; an error when it is one window already."""
        if len(batch) == 1:
            raise DnabertSError(
                f"a window of {lengths[batch[0]]} tokens does not fit into memory",
                hint=f"use a window shorter than {self.window_bp} bases (--window), or another --device",
            ) from error
        self.batch_tokens = max(int(lengths[batch].sum()) // 2, 1)
        logger.warning("out of memory: batches of at most %d tokens from here on", self.batch_tokens)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        half = len(batch) // 2
        return [batch[:half], batch[half:]]


@dataclass(frozen=True, slots=True)
class _Piece:
    """One strand of a window: the sequence it belongs to, its bases, and how many of them no piece before had."""

    owner: int
    dna: str
    n_new_bp: int
