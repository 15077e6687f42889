"""Batches of views for training: shuffled again each epoch, any step reachable at once, read ahead by threads.

step -> epoch and place in its order -> rows of the CSV that are this rank's part of the global batch -> pairs -> views
-> `SequenceBatch`. The order follows from (seed, epoch), the views of a row from (seed, epoch, row), so that neither
the number of threads nor that of ranks changes what is learned from which row.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import DnabertSError
from ..io.pairs.rows import PairFile
from ..threads import several_ahead
from .augmentation import ViewSpec, make_views

_LOG = logging.getLogger(__name__)

_ORDER, _VIEWS = 1, 2  # first number of each seed, so that order and views are independent of one another
_SMALL_ROWS = 1 << 32  # up to here a row number takes 4 bytes: 8 MB for 2 million pairs


@dataclass(frozen=True, slots=True, eq=False)
class SequenceBatch:
    """Two views of each of B pairs.

    Attributes:
        groups: (B,) int64; rows of one group (one label) are never negatives of each other.
        rows: (B,) int64 rows of the CSV, from 0, for messages.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    groups: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]


class PairStream:
    """The batches of one rank; the batches of all ranks of a step, one after the other, are the global batch.

    Attributes:
        steps_per_epoch: full global batches in the file; what is left over changes from epoch to epoch.
    """

    def __init__(
        self,
        pairs: PairFile,
        *,
        batch_size: int,
        seed: int,
        rank: int,
        world_size: int,
        views: ViewSpec,
        n_workers: int,
    ) -> None:
        """Set up; nothing is read yet.

        Args:
            batch_size: pairs of each rank and step.
            n_workers: threads that read and make views ahead; 0: none, each batch is made when it is asked for.

        Raises:
            DnabertSError: the file has fewer pairs than one global batch.
        """
        if batch_size < 1 or not 0 <= rank < world_size or seed < 0 or n_workers < 0:
            raise ValueError(f"batch of {batch_size}, rank {rank} of {world_size}, seed {seed}, {n_workers} workers")
        self._global_batch = batch_size * world_size
        if len(pairs) < self._global_batch:
            ranks = f" x {world_size} processes = {self._global_batch:,}" if world_size > 1 else ""
            problem = f"has {len(pairs):,} pairs, fewer than one batch of {batch_size:,}{ranks}"
            raise DnabertSError(problem, path=pairs.path, hint="make the batch smaller, or give more pairs")
        self.steps_per_epoch = len(pairs) // self._global_batch
        self._pairs = pairs
        self._seed = seed
        self._part = slice(rank * batch_size, (rank + 1) * batch_size)
        self._views = views
        self._n_workers = n_workers
        self._epoch = -1
        self._has_warned = False
        self._order: npt.NDArray[np.unsignedinteger] = np.empty(0, np.uint32)

    def batches(self, *, start_step: int, end_step: int) -> Iterator[SequenceBatch]:
        """Batches of the global steps `start_step` to `end_step` (excluded), counted from 0 over all epochs.

        With threads, one batch more than there are threads is in the making or waiting. Closing the iterator early
        waits for the batches in the making, no others.

        Raises:
            DnabertSError: a row is no pair; names file and line.
        """
        threads = ThreadPoolExecutor(self._n_workers, thread_name_prefix="pairs") if self._n_workers else None
        items = ((step // self.steps_per_epoch, self._rows(step)) for step in range(start_step, end_step))
        try:
            yield from several_ahead(self._batch, items, executor=threads, n_ahead=self._n_workers)
        finally:
            if threads is not None:
                threads.shutdown(wait=True, cancel_futures=True)

    def _rows(self, step: int) -> npt.NDArray[np.int64]:
        """This rank's rows of a step, (B,) int64."""
        epoch, step_in_epoch = divmod(step, self.steps_per_epoch)
        if epoch != self._epoch:
            self._order = epoch_order(len(self._pairs), seed=self._seed, epoch=epoch)
            self._epoch = epoch
        begin = step_in_epoch * self._global_batch
        return self._order[begin : begin + self._global_batch][self._part].astype(np.int64)

    def _batch(self, of: tuple[int, npt.NDArray[np.int64]]) -> SequenceBatch:
        """The batch of these rows in this epoch."""
        epoch, rows = of
        views: list[tuple[str, str]] = []
        labels: list[str | None] = []
        for row in rows.tolist():
            pair = self._pairs[row]
            rng = np.random.default_rng((_VIEWS, self._seed, epoch, row))
            views.append(make_views(pair, self._views, rng))
            labels.append(pair.label)
        first, second = zip(*views, strict=True)
        groups = row_groups(labels, rows)
        if self._global_batch == len(rows) and len(set(groups.tolist())) == 1:
            self._warn_of_batch(labels[0], rows)
        return SequenceBatch(first, second, groups, rows)

    def _warn_of_batch(self, label: str | None, rows: npt.NDArray[np.int64]) -> None:
        """Say once that a batch teaches nothing."""
        if not self._has_warned:
            self._has_warned = True
            problem = "%s: a batch of %d rows, line %d among them, has one label, '%s', and so no negative (said once)"
            _LOG.warning(problem, self._pairs.path, len(rows), rows[0] + 1, label)


def epoch_order(n_rows: int, *, seed: int, epoch: int) -> npt.NDArray[np.unsignedinteger]:
    """Rows in the order of an epoch, (n_rows,) uint32 (uint64 for more than 4 thousand million)."""
    order = np.arange(n_rows, dtype=np.uint32 if n_rows <= _SMALL_ROWS else np.uint64)
    np.random.default_rng((_ORDER, seed, epoch)).shuffle(order)
    return order


def row_groups(labels: Sequence[str | None], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Group of each row, (B,) int64: 63 bits of BLAKE2b of its label, the same in every process; a row without label
    is a group of its own, below zero.
    """
    groups = [
        -1 - row if label is None else _label_group(label) for label, row in zip(labels, rows.tolist(), strict=True)
    ]
    return np.array(groups, np.int64)


def _label_group(label: str) -> int:
    return int.from_bytes(hashlib.blake2b(label.encode(), digest_size=8).digest(), "little") >> 1
