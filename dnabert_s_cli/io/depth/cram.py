"""Aligned reads of an open CRAM file, one by one through htslib, which alone can decode them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pysam

from ...untrusted import library_reads
from ..sequences.alignments import alignment_batches
from .aligned_reads import AlignedReads, ReadSieve, RecordColumns

_DAMAGED = "CRAM data are truncated or corrupt"
_Read = tuple[list[tuple[int, int]], int]  # CIGAR, and the tag NM or -1


def iter_cram_reads(
    alignments: pysam.AlignmentFile, path: str, *, has_reference: bool, sieve: ReadSieve
) -> Iterator[AlignedReads]:
    """Reads that count, some hundred at a time.

    Raises:
        DnabertSError: the data are corrupt, lack their reference, or are not sorted.
    """
    for batch in alignment_batches(alignments, path, has_reference=has_reference):
        with library_reads(path, problem=_DAMAGED):
            records = _columns(batch)
        rows, mean_bp = sieve.admit(records)
        with library_reads(path, problem=_DAMAGED):
            reads = [_read(batch[row]) for row in rows]
        operations = np.array([pair for cigar, _ in reads for pair in cigar], dtype=np.int64).reshape(-1, 2)
        yield AlignedReads(
            contigs=records.contigs[rows],
            starts=records.starts[rows],
            mean_bp=mean_bp,
            edits=np.array([edits for _, edits in reads], dtype=np.int64),
            n_operations=np.array([len(cigar) for cigar, _ in reads], dtype=np.int64),
            operations=operations[:, 0],
            operation_bp=operations[:, 1],
        )


def _columns(batch: Sequence[pysam.AlignedSegment]) -> RecordColumns:
    """Where records stand; the length of a read without stored bases comes from its CIGAR."""
    lengths_bp = [one.query_length or one.infer_query_length() or 0 for one in batch]
    rows = [
        (one.reference_id, one.reference_start, one.flag, one.mapping_quality, length_bp)
        for one, length_bp in zip(batch, lengths_bp, strict=True)
    ]
    return RecordColumns(*np.array(rows, dtype=np.int64).T)


def _read(segment: pysam.AlignedSegment) -> _Read:
    edits = segment.get_tag("NM") if segment.has_tag("NM") else -1
    return segment.cigartuples or [], int(edits)
