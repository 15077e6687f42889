"""Vectors kept from run to run, so that a model embeds a set once.

What determines the vectors (facts of the encoder with its fingerprint; the sequences themselves) -> a digest -> a file
of that name in the cache. Nothing else is a key: neither a model's name nor a file's can bring back another's vectors.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DnabertSError
from ..arrays import map_npy
from ..files import atomic_path
from ..provenance import plain_value

logger = logging.getLogger(__name__)

_VARIABLE = "XDG_CACHE_HOME"
_NOT_OF_THE_VECTORS = ("model", "batch_tokens")  # a name says nothing, and batches change nothing


@dataclass(frozen=True, slots=True)
class VectorCache:
    """A folder of vectors; None keeps nothing."""

    folder: Path | None

    def load(self, encoder_facts: Mapping[str, object], data_hash: str, *, n_rows: int) -> np.ndarray | None:
        """Vectors (N, D) float32 kept for this encoder and these sequences; None where there are none, or damaged."""
        path = self._path(encoder_facts, data_hash)
        if path is None or not path.is_file():
            return None
        try:
            vectors = np.array(map_npy(path))
        except DnabertSError:
            logger.warning("%s: cannot be read; computing the vectors again", path)
            return None
        return vectors if vectors.ndim == 2 and len(vectors) == n_rows else None

    def save(self, encoder_facts: Mapping[str, object], data_hash: str, *, vectors: np.ndarray) -> None:
        """Keep vectors; a cache that cannot be written is said once and does no harm."""
        path = self._path(encoder_facts, data_hash)
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(path) as temporary, temporary.open("wb") as stream:
                np.save(stream, vectors, allow_pickle=False)
        except OSError as error:
            logger.warning("%s: vectors are not cached: %s", path.parent, error.strerror or error)

    def _path(self, encoder_facts: Mapping[str, object], data_hash: str) -> Path | None:
        if self.folder is None:
            return None
        facts = {name: value for name, value in encoder_facts.items() if name not in _NOT_OF_THE_VECTORS}
        key = json.dumps([plain_value(facts), data_hash], sort_keys=True)
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npy"


def default_cache_folder() -> Path:
    """`dnabert-s/vectors` in XDG_CACHE_HOME, or else in `.cache` of the home folder."""
    base = os.environ.get(_VARIABLE)
    return (Path(base) if base else Path.home() / ".cache") / "dnabert-s" / "vectors"


def sequences_hash(sequences: Iterable[str]) -> str:
    """SHA-256 of the sequences in their order, as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    for sequence in sequences:
        digest.update(f"{len(sequence)}:".encode())
        digest.update(sequence.encode())
    return digest.hexdigest()
