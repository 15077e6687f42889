"""Aligned reads of an open CRAM file, one by one through htslib, which alone can decode them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pysam

from ..sequences.alignments import alignment_segments
from .aligned_reads import AlignedReads, ReadSieve, RecordColumns

_BATCH_READS = 10_000


def iter_cram_reads(
    alignments: pysam.AlignmentFile, path: str, *, has_reference: bool, sieve: ReadSieve
) -> Iterator[AlignedReads]:
    """Reads that count, some thousand at a time.

    Raises:
        DnabertSError: the data are corrupt, lack their reference, or are not sorted.
    """
    segments = alignment_segments(alignments, path, has_reference=has_reference)
    while batch := list(islice(segments, _BATCH_READS)):
        columns = [
            (one.reference_id, one.reference_start, one.flag, one.mapping_quality, one.query_length) for one in batch
        ]
        records = RecordColumns(*np.array(columns, dtype=np.int64).T)
        rows, mean_bp = sieve.admit(records)
        kept = [batch[row] for row in rows]
        cigars = [one.cigartuples or [] for one in kept]
        operations = np.array([pair for cigar in cigars for pair in cigar], dtype=np.int64).reshape(-1, 2)
        yield AlignedReads(
            contigs=records.contigs[rows],
            starts=records.starts[rows],
            mean_bp=mean_bp,
            edits=np.array([one.get_tag("NM") if one.has_tag("NM") else -1 for one in kept], dtype=np.int64),
            n_operations=np.array([len(cigar) for cigar in cigars], dtype=np.int64),
            operations=operations[:, 0],
            operation_bp=operations[:, 1],
        )
