"""Which records count, and that a file is sorted."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth.aligned_reads import ReadSieve, RecordColumns


def _records(*rows: tuple[int, int, int, int, int]) -> RecordColumns:
    """Of contig, start, flag, quality, bases."""
    return RecordColumns(*np.array(rows, dtype=np.int64).T)


def test_rows_that_count_and_their_mean_length_are_told() -> None:
    sieve = ReadSieve("x", n_contigs=100, min_mapq=10)
    rows, mean_bp = sieve.admit(
        _records((0, 5, 0, 60, 100), (0, 6, 0x400, 60, 50), (0, 7, 0, 9, 50), (0, 8, 16, 10, 50))
    )
    assert rows.tolist() == [0, 3]
    assert mean_bp.tolist() == [100, 62]


def test_the_mean_goes_on_from_piece_to_piece() -> None:
    sieve = ReadSieve("x", n_contigs=100, min_mapq=0)
    sieve.admit(_records((0, 5, 0, 60, 100)))
    assert sieve.admit(_records((0, 5, 0, 60, 50)))[1].tolist() == [75]


@pytest.mark.parametrize("later", [(0, 4, 0, 0, 1), (-1, -1, 4, 0, 1)])
def test_records_out_of_order_are_an_error(later: tuple[int, int, int, int, int]) -> None:
    sieve = ReadSieve("x.bam", n_contigs=100, min_mapq=0)
    sieve.admit(_records((0, 3, 0, 0, 1), later))
    with pytest.raises(DnabertSError, match="not sorted by position: record 3 ") as caught:
        sieve.admit(_records((0, 3, 0, 0, 1)))
    assert caught.value.path == "x.bam"
    assert "samtools sort" in str(caught.value.hint)


def test_an_empty_piece_is_fine() -> None:
    rows, _ = ReadSieve("x", n_contigs=100, min_mapq=0).admit(RecordColumns(*np.empty((5, 0), dtype=np.int64)))
    assert rows.tolist() == []
