"""Chunks, and shares of chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli import defaults
from dnabert_s_cli.io.sequences.reading import Record
from dnabert_s_cli.pipelines.vectors.chunks import ChunkCounter, Share, record_chunks, share_out

LENGTHS = st.lists(st.integers(1, defaults.CHUNK_BP), max_size=30)


def counted(lengths_bp: list[int]) -> ChunkCounter:
    chunks = ChunkCounter()
    chunks.add(lengths_bp)
    return chunks


def shares_of(lengths_bp: list[int], n_shares: int) -> list[Share]:
    return share_out(counted(lengths_bp), n_shares)


@given(LENGTHS, st.integers(1, 8))
def test_shares_partition_the_records_in_order(lengths_bp: list[int], n_shares: int) -> None:
    next_chunk = next_record = 0
    for index, share in enumerate(shares_of(lengths_bp, n_shares)):
        assert (share.shard.index, share.first_chunk, share.shard.first_record) == (index, next_chunk, next_record)
        next_chunk, next_record = share.end_chunk, next_record + share.shard.n_records
    assert next_record == share.shard.total_records == len(lengths_bp)


@given(LENGTHS, st.integers(1, 8))
def test_no_share_is_larger_than_an_equal_part_and_a_chunk(lengths_bp: list[int], n_shares: int) -> None:
    chunks = counted(lengths_bp)
    chunks.finish()
    largest_chunk = max(chunks.n_bp, default=0)
    assert all(share.n_bp <= sum(lengths_bp) / n_shares + largest_chunk for share in shares_of(lengths_bp, n_shares))


def test_bases_are_shared_out_not_records() -> None:
    whole, half = defaults.CHUNK_BP, defaults.CHUNK_BP // 2
    first, second = shares_of([whole] * 4 + [half] * 8, 2)
    assert (first.shard.n_records, second.shard.n_records) == (4, 8)


def test_fewer_chunks_than_shares_leave_some_empty() -> None:
    assert [share.shard.n_records for share in shares_of([100, 200], 3)] == [0, 2, 0]


def test_chunks_counted_are_the_chunks_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(defaults, "CHUNK_RECORDS", 3)
    monkeypatch.setattr(defaults, "CHUNK_BP", 50)
    lengths_bp = [10, 10, 10, 60, 20, 30, 5]
    made = record_chunks(Record(str(index), "A" * length) for index, length in enumerate(lengths_bp))
    chunks = counted(lengths_bp)
    chunks.finish()
    assert [len(chunk) for chunk in made] == chunks.n_records == [3, 1, 2, 1]
