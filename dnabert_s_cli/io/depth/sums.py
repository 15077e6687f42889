"""Depth of contigs from aligned reads, as MetaBAT2's jgi_summarize_bam_contig_depths computes it.

Reads of one sorted file, batch by batch -> those like enough to the contig -> +1 and -1 at the ends of each aligned
stretch, in one array over the contigs of a batch -> running sum: the depth of each base -> mean and variance of each
contig. Only the contig whose reads may continue in the next batch stays in memory; of a very long one, only where its
depth changes, so that a header may state any length.

Found by experiment with version 2.15 of that program (`benchmarks/depth_bam.py` compares):
- unmapped, secondary, duplicate and failed records are left out; supplementary ones count, and so does every mapping
  quality from `min_mapq` on, and mates one by one
- identity is matches / (matches + mismatches + inserted + deleted bases), mismatches being NM without the insertions
  and deletions, or X in a CIGAR without M; clipped bases do not count
- M, = and X add depth; deletions, insertions, skips and clips do not
- the first and last `end_bp` bases of a contig, or as many as a read of mean length has, are left out, if anything
  remains; the variance is that of a sample (n - 1)

Its sums are in float32, so that its variances, and from some million aligned bases a contig on its means, are rounded;
ours are exact. It gives 0 where one or two bases remain. Reads that reach beyond the end of their contig, at which it
stops, are cut there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import defaults
from .aligned_reads import DELETION, DIFFERENT, EQUAL, INSERTION, MATCH, SKIP, AlignedReads
from .long_contig import LongContig

_SPAN_BP = 1 << 22  # contigs computed together, unless one is longer
_LONG_BP = 1 << 27  # half a gigabyte in all while it is computed base by base; longer ones go by their changes


@dataclass(frozen=True, slots=True)
class DepthOptions:
    """Which reads count, and where.

    Args:
        min_identity: per cent.
        end_bp: left out at both ends of each contig.
    """

    min_identity: float = defaults.MIN_IDENTITY
    end_bp: int = defaults.END_BP
    min_mapq: int = defaults.MIN_MAPQ


class DepthSums:
    """Mean and variance of each contig of one file, from its reads in sorted order.

    Attributes:
        n_reads: added so far.
        n_without_edits: those of them without the tag NM.
        n_unlike: those of them that are left out for their identity.
    """

    def __init__(self, lengths_bp: np.ndarray, options: DepthOptions) -> None:
        self.n_reads = self.n_without_edits = self.n_unlike = 0
        self._lengths_bp = lengths_bp
        self._options = options
        self._mean = np.zeros(len(lengths_bp))
        self._variance = np.zeros(len(lengths_bp))
        self._open = -1  # the contig whose reads may continue
        self._open_steps: np.ndarray | LongContig = np.zeros(0, dtype=np.int32)
        self._open_mean_bp = 0

    def add(self, reads: AlignedReads) -> None:
        """Add the next reads of the file."""
        if not len(reads.contigs):
            return
        self.n_reads += len(reads.contigs)
        self.n_without_edits += int(np.count_nonzero(reads.edits < 0))
        # in float32, as there: 97 of 100 is 97 %
        counts = read_identities(reads) >= np.float32(self._options.min_identity / 100)
        self.n_unlike += int(np.count_nonzero(~counts))
        spans = _aligned_spans(reads, counts, lengths_bp=self._lengths_bp)
        contigs, first = np.unique(reads.contigs, return_index=True)
        if self._open >= 0 and contigs[0] != self._open:
            contigs, first = np.insert(contigs, 0, self._open), np.insert(first, 0, 0)
        # a contig is closed by the first read of the next one
        mean_bp = reads.mean_bp[first[1:]]
        self._close(contigs[:-1], spans, mean_bp=mean_bp)
        if contigs[-1] != self._open:
            self._open = int(contigs[-1])
            length_bp = int(self._lengths_bp[self._open])
            self._open_steps = LongContig() if length_bp > _LONG_BP else np.zeros(length_bp + 1, dtype=np.int32)
        self._open_mean_bp = int(reads.mean_bp[-1])
        _add_steps(self._open_steps, spans.of(self._open, self._open + 1))

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each contig, (contigs,) float64; call it once, after the last reads."""
        if self._open >= 0:
            self._measure(np.array([self._open]), self._open_steps, mean_bp=np.array([self._open_mean_bp]))
        return self._mean, self._variance

    def _close(self, contigs: np.ndarray, spans: _Spans, *, mean_bp: np.ndarray) -> None:
        """Measure contigs that have all their reads, some at a time."""
        lengths_bp = self._lengths_bp[contigs]
        group_of = np.cumsum(lengths_bp + 1) // _SPAN_BP
        is_long = lengths_bp > _LONG_BP  # each is a group of its own
        is_end = (np.diff(group_of) > 0) | is_long[1:] | is_long[:-1]
        for group in np.split(np.arange(len(contigs)), np.flatnonzero(is_end) + 1):
            if not len(group):
                continue
            chosen = contigs[group]
            if is_long[group[0]]:
                steps = self._open_steps if chosen[0] == self._open else LongContig()
                _add_steps(steps, spans.of(int(chosen[0]), int(chosen[0]) + 1))
                self._measure(chosen, steps, mean_bp=mean_bp[group])
                continue
            sizes = self._lengths_bp[chosen] + 1
            offsets = np.cumsum(sizes) - sizes
            steps = np.zeros(int(sizes.sum()), dtype=np.int32)
            if chosen[0] == self._open and not isinstance(self._open_steps, LongContig):
                steps[: len(self._open_steps)] = self._open_steps
            own = spans.of(int(chosen[0]), int(chosen[-1]) + 1)
            _add_steps(steps, own.moved(offsets[np.searchsorted(chosen, own.contigs)]))
            self._measure(chosen, steps, mean_bp=mean_bp[group])

    def _measure(self, contigs: np.ndarray, steps: np.ndarray | LongContig, *, mean_bp: np.ndarray) -> None:
        """Mean and variance of neighbouring contigs from their steps, (bp + contigs,) int32, which are used up."""
        lengths_bp = self._lengths_bp[contigs]
        offsets = np.cumsum(lengths_bp + 1) - (lengths_bp + 1)
        end_bp = np.minimum(self._options.end_bp, mean_bp)
        end_bp = np.where(lengths_bp > 2 * end_bp, end_bp, 0)
        bounds = np.stack([offsets + end_bp, offsets + lengths_bp - end_bp], axis=1).reshape(-1)
        n_bp = lengths_bp - 2 * end_bp
        if isinstance(steps, LongContig):
            total, squares = steps.sums(int(bounds[0]), int(bounds[1]))
        else:
            depth = np.cumsum(steps, out=steps)  # back at 0 after each contig
            total = np.add.reduceat(depth, bounds, dtype=np.int64)[::2]
            squares = np.add.reduceat(np.square(depth, dtype=np.int64), bounds)[::2]
        self._mean[contigs] = total / n_bp
        spread = np.maximum(squares - total * (total / n_bp), 0)
        self._variance[contigs] = spread / np.maximum(n_bp - 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Aligned stretches, sorted by contig: first base and the base after the last."""

    contigs: np.ndarray
    starts: np.ndarray
    ends: np.ndarray

    def of(self, first: int, last: int) -> _Spans:
        """Those of contigs from `first` to before `last`."""
        begin, end = np.searchsorted(self.contigs, (first, last))
        return _Spans(self.contigs[begin:end], self.starts[begin:end], self.ends[begin:end])

    def moved(self, by: np.ndarray) -> _Spans:
        """The same, so many bases further on."""
        return _Spans(self.contigs, self.starts + by, self.ends + by)


def _add_steps(steps: np.ndarray | LongContig, spans: _Spans) -> None:
    if isinstance(steps, LongContig):
        steps.add(spans.starts, spans.ends)
        return
    np.add.at(steps, spans.starts, np.int32(1))
    np.subtract.at(steps, spans.ends, np.int32(1))


def _aligned_spans(reads: AlignedReads, counts: np.ndarray, *, lengths_bp: np.ndarray) -> _Spans:
    """The stretches of M, = and X of reads that count, (n,) bool; none reaches beyond its contig."""
    read_of, kinds, n_bp = _read_of(reads), reads.operations, reads.operation_bp
    is_aligned = _is_aligned(kinds)
    advance = np.where(is_aligned | (kinds == DELETION) | (kinds == SKIP), n_bp, 0)
    before = np.cumsum(advance) - advance
    before_read = np.concatenate([before, [0]])[np.cumsum(reads.n_operations) - reads.n_operations]
    starts = before + (reads.starts - before_read)[read_of]
    chosen = np.flatnonzero(is_aligned & counts[read_of])
    contigs = reads.contigs[read_of[chosen]]
    limits, starts = lengths_bp[contigs], starts[chosen]
    return _Spans(contigs, np.minimum(starts, limits), np.minimum(starts + n_bp[chosen], limits))


def read_identities(reads: AlignedReads) -> np.ndarray:
    """Share of each read's aligned bases and gaps that match, (n,) float32, 0 to 1, by its CIGAR and its tag NM."""
    read_of, kinds = _read_of(reads), reads.operations
    aligned = _per_read(reads, read_of, which=_is_aligned(kinds))
    gaps = _per_read(reads, read_of, which=(kinds == INSERTION) | (kinds == DELETION))
    differing = _per_read(reads, read_of, which=kinds == DIFFERENT)
    is_open = (_per_read(reads, read_of, which=kinds == MATCH) > 0) & (
        reads.edits >= gaps
    )  # where only NM tells mismatches
    mismatches = np.where(is_open, reads.edits - gaps, differing)
    matches = np.maximum(aligned - mismatches, 0).astype(np.float32)
    identity: np.ndarray = matches / np.maximum(aligned + gaps, 1).astype(np.float32)
    return identity


def read_lengths(reads: AlignedReads) -> np.ndarray:
    """Bases of each read that are aligned or inserted, (n,) float64."""
    kinds = reads.operations
    return _per_read(reads, _read_of(reads), which=_is_aligned(kinds) | (kinds == INSERTION))


def _read_of(reads: AlignedReads) -> np.ndarray:
    """The read that each operation belongs to."""
    return np.repeat(np.arange(len(reads.contigs)), reads.n_operations)


def _is_aligned(kinds: np.ndarray) -> np.ndarray:
    aligned: np.ndarray = (kinds == MATCH) | (kinds == EQUAL) | (kinds == DIFFERENT)
    return aligned


def _per_read(reads: AlignedReads, read_of: np.ndarray, *, which: np.ndarray) -> np.ndarray:
    """Bases of some operations of each read, (n,) float64."""
    return np.bincount(read_of[which], weights=reads.operation_bp[which], minlength=len(reads.contigs))
