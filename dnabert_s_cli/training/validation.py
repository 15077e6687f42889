"""How good a model is, measured the same way whatever the phase, the views or the number of processes.

Pairs of the validation file, in one fixed order -> batches, shared out among the processes -> Weighted SimCLR without
dropout -> one mean. Sequences of any length -> batches of similar size -> vectors, for measures from outside.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from ..io.pairs.rows import PairFile
from .collator import SequenceBatch, epoch_order, row_groups
from .models.networks import Network
from .objective.contrastive import Objective, contrastive_loss, prepare_batch, project
from .processes.agreement import held_error, raise_in_all
from .processes.distributed import World, sum_scalars

_ORDER_SEED = zlib.crc32(b"validation")
_LEAST_ROWS = 2  # a pair alone has no negatives


@dataclass(frozen=True, slots=True, eq=False)
class ValidationPairs:
    """What the validation loss is computed on.

    Args:
        max_pairs: of the file, at most; 0 for all.
        batch_pairs: contrasted with one another; loss depends on it.
        chunk_pairs: encoded at a time; 0 for all. The loss does not depend on it.
    """

    pairs: PairFile
    max_pairs: int
    batch_pairs: int
    chunk_pairs: int
    temperature: float

    def batches(self) -> list[np.ndarray]:
        """Rows of each batch, the same in every run; a last pair on its own is left out."""
        order = epoch_order(len(self.pairs), seed=_ORDER_SEED, epoch=0).astype(np.int64)
        kept = order[: self.max_pairs or None]
        parts = [kept[start : start + self.batch_pairs] for start in range(0, len(kept), self.batch_pairs)]
        return [part for part in parts if len(part) >= _LEAST_ROWS]


def validation_loss(
    network: Network,
    head: torch.nn.Module,
    *,
    validation: ValidationPairs,
    world: World,
    autocast_dtype: torch.dtype | None,
) -> float:
    """Weighted SimCLR of the clean pairs, the mean over them all; every process must call this, and gets the same.

    Raises:
        DnabertSError: a row is no pair.
    """
    objective = Objective("simclr", True, validation.temperature)
    total = n_pairs = 0.0
    with held_error() as held, measuring(network, head):
        for rows in validation.batches()[world.rank :: world.size]:
            batch = _batch(validation.pairs, rows)
            prepared = prepare_batch(network, batch, chunk_rows=validation.chunk_pairs or None)
            first, second = (
                torch.cat(
                    [project(network, head, prepared=part, mix=None, autocast_dtype=autocast_dtype) for part in view]
                )
                for view in (prepared.first, prepared.second)
            )
            groups = prepared.groups.to(first.device)
            total += len(rows) * float(contrastive_loss(objective, first, second, groups=groups, mix=None))
            n_pairs += len(rows)
    raise_in_all(held.error, world)
    total, n_pairs = sum_scalars([total, n_pairs], world)
    return total / max(n_pairs, 1.0)


def share_metrics(metrics: Mapping[str, float], *, names: Sequence[str], world: World) -> dict[str, float]:
    """What the first process measured, in every process."""
    own = [metrics[name] if world.is_first else 0.0 for name in names]
    return dict(zip(names, sum_scalars(own, world), strict=True))


def embed_sequences(
    network: Network, sequences: Sequence[str], *, batch_bp: int, autocast_dtype: torch.dtype | None
) -> np.ndarray:
    """Mean embeddings as in training: cut at the network's longest length, no dropout. -> (N, D) float32.

    Args:
        batch_bp: bases encoded at a time, at most, or one sequence.
    """
    vectors = np.empty((len(sequences), network.dim), dtype=np.float32)
    with measuring(network):
        for rows in _similar_lengths([len(sequence) for sequence in sequences], batch_bp):
            prepared = network.prepare([sequences[row] for row in rows])
            with torch.autocast(network.device.type, autocast_dtype, enabled=autocast_dtype is not None):
                vectors[rows] = network.encode(prepared).float().cpu().numpy()
    return vectors


@contextmanager
def measuring(*modules: torch.nn.Module) -> Iterator[None]:
    """Without dropout and gradients; back to training afterwards."""
    for module in modules:
        module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module in modules:
            module.train()


def _batch(pairs: PairFile, rows: np.ndarray) -> SequenceBatch:
    """The pairs of some rows, as they are."""
    found = [pairs[row] for row in rows.tolist()]
    groups = row_groups([pair.label for pair in found], rows)
    return SequenceBatch(tuple(pair.first for pair in found), tuple(pair.second for pair in found), groups, rows)


def _similar_lengths(lengths: Sequence[int], batch_bp: int) -> Iterator[list[int]]:
    """Rows in batches, the longest first."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > batch_bp:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
