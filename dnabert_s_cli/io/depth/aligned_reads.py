"""Reads as depth sees them: arrays of where they align, without names and bases.

Columns of all records of a file, piece by piece -> `ReadSieve`, which checks their order and says which of them count
-> `AlignedReads`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import DnabertSError

MATCH, INSERTION, DELETION, SKIP, EQUAL, DIFFERENT = 0, 1, 2, 3, 7, 8  # codes of CIGAR operations

_NOT_COUNTED = 0x4 | 0x100 | 0x200 | 0x400  # unmapped, secondary, failed quality control, duplicate
_UNPLACED = np.int64(1) << 62  # the rank of records without a place, which come last in a sorted file


@dataclass(frozen=True, slots=True, eq=False)
class RecordColumns:
    """Contig, start, flag, mapping quality and length of R records, each (R,) int64, in file order.

    The length is that of the stored bases, or where there are none, of those that the CIGAR takes of the read.
    """

    contigs: np.ndarray
    starts: np.ndarray
    flags: np.ndarray
    qualities: np.ndarray
    lengths_bp: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class AlignedReads:
    """Neighbouring reads of one file that count, in its order; all arrays int64.

    Attributes:
        contigs: (n,) number of the contig in the header.
        starts: (n,) first aligned base of the contig, from 0.
        mean_bp: (n,) mean length of all records of the file up to each read, rounded down.
        edits: (n,) the tag NM; -1 where a read has none.
        n_operations: (n,) operations of each CIGAR.
        operations, operation_bp: of all CIGARs, one after the other.
    """

    contigs: np.ndarray
    starts: np.ndarray
    mean_bp: np.ndarray
    edits: np.ndarray
    n_operations: np.ndarray
    operations: np.ndarray
    operation_bp: np.ndarray


class ReadSieve:
    """Which records of a file count for depth; it also sees that the file is sorted, and that its contigs are there.

    Attributes:
        n_uncertain: aligned records so far that are left out for their mapping quality.
    """

    def __init__(self, path: str, *, n_contigs: int, min_mapq: int) -> None:
        self._path = path
        self._n_contigs = n_contigs
        self._min_mapq = min_mapq
        self._last = np.int64(-1)
        self._n_records = self._total_bp = self.n_uncertain = 0

    def admit(self, records: RecordColumns) -> tuple[np.ndarray, np.ndarray]:
        """Rows of the records that count, and the mean length of all records up to each of those.

        Raises:
            DnabertSError: the file is not sorted by position, or names a place that its header does not know.
        """
        if np.any((records.contigs >= self._n_contigs) | (records.contigs < -1)):
            problem = "a record names a contig that the header does not know: the file is corrupt"
            raise DnabertSError(problem, path=self._path, hint="copy or download it again")
        self._check_order(records)
        total_bp = self._total_bp + np.cumsum(records.lengths_bp)
        n_records = self._n_records + 1 + np.arange(len(total_bp))
        if len(total_bp):
            self._total_bp, self._n_records = int(total_bp[-1]), int(n_records[-1])
        is_aligned = (records.flags & _NOT_COUNTED == 0) & (records.contigs >= 0) & (records.starts >= 0)
        is_certain = records.qualities >= self._min_mapq
        self.n_uncertain += int(np.count_nonzero(is_aligned & ~is_certain))
        rows = np.flatnonzero(is_aligned & is_certain)
        return rows, total_bp[rows] // n_records[rows]

    def _check_order(self, records: RecordColumns) -> None:
        ranks = np.where(records.contigs < 0, _UNPLACED, records.contigs << 32 | (records.starts + 1))
        ranks = np.concatenate([[self._last], ranks])
        if np.any(ranks[1:] < ranks[:-1]):
            row = int(np.argmax(ranks[1:] < ranks[:-1]))
            problem = f"reads are not sorted by position: record {self._n_records + row + 1} is out of order"
            raise DnabertSError(problem, path=self._path, hint="sort the file: samtools sort -o sorted.bam FILE")
        self._last = ranks[-1]
