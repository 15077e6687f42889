"""What reads a file holds, by the first of them: how long they are, and how like the contigs.

First reads of a BAM or CRAM file -> median length, median identity and its spread -> the identity from which a read of
this kind counts. Short reads and HiFi reads of one genome are above 97 % nearly without exception; noisy long reads are
not, and at 97 % such a sample would have no depth at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ... import defaults
from ..files import open_raw, peek
from ..sequences.htslib import opened_alignments
from .aligned_reads import AlignedReads, ReadSieve
from .bam import decode_reads
from .bgzf import inflated_pieces
from .cram import iter_cram_reads
from .samples import AlignmentFile
from .sums import read_identities, read_lengths

_READS = 2_000
_LEAST_READS = 10  # fewer say nothing
_LONG_BP = 500
_ACCURATE = 99.5  # percent: HiFi
_DIVERGENCE = 3.0  # percent by which a read may differ from the contig besides its errors, as at 97 %
_SPREADS = 2.0
_LEAST_IDENTITY = 70.0
_MAD_OF_NORMAL = 1.4826  # standard deviation of a normal over its median absolute deviation


@dataclass(frozen=True, slots=True)
class ReadPreview:
    """The first reads of a file: how many, their median length, and median and spread of their identity in percent."""

    n_reads: int
    median_bp: float
    identity: float
    spread: float

    @property
    def is_long(self) -> bool:
        """Whether they are long reads."""
        return self.n_reads >= _LEAST_READS and self.median_bp >= _LONG_BP

    def min_identity(self) -> float:
        """Percent from which a long read counts: what errors leave, less 3 % of divergence and twice the spread."""
        if self.n_reads < _LEAST_READS or self.identity >= _ACCURATE:
            return defaults.MIN_IDENTITY
        lowest = np.floor(self.identity - _DIVERGENCE - _SPREADS * self.spread)
        return float(np.clip(lowest, _LEAST_IDENTITY, defaults.MIN_IDENTITY))


def preview_reads(file: AlignmentFile, *, reference_path: str | Path | None = None) -> ReadPreview:
    """Look at the first reads of a file that are aligned.

    Raises:
        DnabertSError: the data are corrupt, or a CRAM lacks its reference.
    """
    lengths, identities, n_reads = [np.zeros(0)], [np.zeros(0)], 0
    for batch in _first_reads(file, reference_path=reference_path):
        lengths.append(read_lengths(batch))
        identities.append(100 * read_identities(batch).astype(np.float64))
        n_reads += len(batch.contigs)
    if not n_reads:
        return ReadPreview(0, 0.0, 0.0, 0.0)
    identity = np.concatenate(identities)[:_READS]
    middle = float(np.median(identity))
    spread = _MAD_OF_NORMAL * float(np.median(np.abs(identity - middle)))
    return ReadPreview(n_reads, float(np.median(np.concatenate(lengths)[:_READS])), middle, spread)


def _first_reads(file: AlignmentFile, *, reference_path: str | Path | None) -> list[AlignedReads]:
    sieve = ReadSieve(file.path, n_contigs=len(file.names), min_mapq=0)
    if file.format == "bam":
        digest = hashlib.sha256()
        pieces = inflated_pieces(file.path, executor=None, n_ahead=1, digest=digest, on_bytes=lambda _: None)
        return _until_enough(decode_reads(pieces, file.path, sieve=sieve))
    with (
        open_raw(file.path) as raw,
        opened_alignments(peek(raw)[1], file.path, reference_path=reference_path) as alignments,
    ):
        has_reference = reference_path is not None
        return _until_enough(iter_cram_reads(alignments, file.path, has_reference=has_reference, sieve=sieve))


def _until_enough(batches: Iterable[AlignedReads]) -> list[AlignedReads]:
    """As many batches as it takes."""
    taken: list[AlignedReads] = []
    n_reads = 0
    for batch in batches:
        taken.append(batch)
        n_reads += len(batch.contigs)
        if n_reads >= _READS:
            break
    return taken
