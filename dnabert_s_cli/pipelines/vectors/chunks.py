"""How the records of one call are cut: into chunks, and chunks into shares for several processes or jobs.

Lengths of records in order -> where chunks end -> ranges of chunks of nearly equal work. A share never splits a chunk,
so any process makes the batches that a single process would make, and the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ... import defaults
from ...io.embeddings.reading import Shard
from ...io.sequences import Record


class ChunkCounter:
    """Where chunks end: at `CHUNK_RECORDS` records or `CHUNK_BP` bases, whichever comes first.

    Attributes:
        n_records, n_bp: of each chunk that has ended, in order.
    """

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self.n_records: list[int] = []
        self.n_bp: list[int] = []
        self._open_records = self._open_bp = 0

    def is_last(self, length_bp: int) -> bool:
        """Count one more record; whether it is the last of its chunk."""
        self._open_records += 1
        self._open_bp += length_bp
        if self._open_records < defaults.CHUNK_RECORDS and self._open_bp < defaults.CHUNK_BP:
            return False
        self.finish()
        return True

    def add(self, lengths_bp: Iterable[int]) -> None:
        """Count more records."""
        for length_bp in lengths_bp:
            self.is_last(length_bp)

    def finish(self) -> None:
        """End the chunk that is open, if there is one."""
        if self._open_records:
            self.n_records.append(self._open_records)
            self.n_bp.append(self._open_bp)
            self._open_records = self._open_bp = 0


@dataclass(frozen=True, slots=True)
class Share:
    """A range of chunks, and the rows of the whole table that they make."""

    first_chunk: int
    end_chunk: int
    n_bp: int
    shard: Shard


def record_chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Neighbouring records, at most `CHUNK_RECORDS` of them and about `CHUNK_BP` bases."""
    counter = ChunkCounter()
    chunk: list[Record] = []
    for record in records:
        chunk.append(record)
        if counter.is_last(len(record.sequence)):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def share_out(chunks: ChunkCounter, n_shares: int) -> list[Share]:
    """Ranges of neighbouring chunks with nearly equally many bases; some are empty where chunks are few.

    A chunk falls to the share in which its middle lies when all bases are cut into equal parts.
    """
    chunks.finish()
    total_bp = max(sum(chunks.n_bp), 1)
    ends_bp = list(accumulate(chunks.n_bp))
    share_of = [(2 * end - n_bp) * n_shares // (2 * total_bp) for end, n_bp in zip(ends_bp, chunks.n_bp, strict=True)]
    return [_share(chunks, share_of, index=index, n_shares=n_shares) for index in range(n_shares)]


def _share(chunks: ChunkCounter, share_of: Sequence[int], *, index: int, n_shares: int) -> Share:
    """The share of that number; `share_of` names the share of each chunk, in order."""
    first = sum(share < index for share in share_of)
    end = sum(share <= index for share in share_of)
    before, here = sum(chunks.n_records[:first]), sum(chunks.n_records[first:end])
    shard = Shard(index, n_shares, before, here, sum(chunks.n_records))
    return Share(first, end, sum(chunks.n_bp[first:end]), shard)
