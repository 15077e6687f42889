"""What every command that embeds shares: its options, chunks of records, and a table in memory.

Options -> encoder. Chunks of records -> vectors with their names.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ... import defaults
from ...encoders.devices import use_threads
from ...encoders.embedder import Encoder
from ...encoders.loader import describe_choice, load_encoder
from ...io.embeddings.reading import EmbeddedChunk, EmbeddingTable
from ...io.sequences import Record
from ..launching import is_first_process
from ..progress import Progress
from .chunks import record_chunks

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EncoderOptions:
    """Which encoder, and how it reads sequences; see `load_encoder`. `threads` 0: all cores."""

    model: str | None = None
    device: str = defaults.DEVICE
    dtype: str = defaults.DTYPE
    window_bp: int = defaults.WINDOW_BP
    overlap_bp: int = defaults.OVERLAP_BP
    strand: str = defaults.STRAND
    batch_tokens: int = defaults.BATCH_TOKENS
    threads: int = defaults.THREADS
    trust_remote_code: bool = False

    def announce(self) -> None:
        """Name the model and the device in the log, once for all processes."""
        if is_first_process():
            logger.info("model: %s", describe_choice(self.model, device=self.device, dtype=self.dtype))

    def open(self) -> Encoder:
        """Set the threads and load the encoder."""
        use_threads(self.threads)
        return load_encoder(
            self.model,
            self.device,
            self.dtype,
            window_bp=self.window_bp,
            overlap_bp=self.overlap_bp,
            strand=self.strand,
            batch_tokens=self.batch_tokens,
            trust_remote_code=self.trust_remote_code,
        )


def embed_chunk(encoder: Encoder, records: Sequence[Record], *, progress: Progress) -> EmbeddedChunk:
    """Vectors of a chunk, with the names, lengths and counts that go into a table."""
    embedded = encoder.embed_counted([record.sequence for record in records], on_progress=progress.advance)
    return EmbeddedChunk(
        ids=[record.id for record in records],
        lengths_bp=np.array([len(record.sequence) for record in records], dtype=np.int64),
        n_tokens=embedded.n_tokens,
        n_windows=embedded.n_windows,
        embeddings=embedded.embeddings,
        uncertainty=embedded.uncertainty,
    )


def embed_in_memory(encoder: Encoder, records: Iterable[Record], *, progress: Progress) -> EmbeddingTable:
    """All records as one table; for methods that need every vector at once."""
    chunks = [embed_chunk(encoder, chunk, progress=progress) for chunk in record_chunks(records)]
    return EmbeddingTable(
        ids=[name for chunk in chunks for name in chunk.ids],
        lengths_bp=np.concatenate([np.empty(0, dtype=np.int64), *(chunk.lengths_bp for chunk in chunks)]),
        embeddings=np.concatenate(
            [np.empty((0, encoder.dim), dtype=np.float32), *(chunk.embeddings for chunk in chunks)]
        ),
        provenance=encoder.describe(),
    )
