"""Where genes are likely to lie: open reading frames of both strands, chosen by how coding their codons look.

Letters -> the codon at every position, frame by frame -> stretches without a stop codon, of both strands -> those whose
codons speak for a gene -> the best ones that do not overlap. A frame may be cut by either end of a sequence, and ends
at a letter that is no base. Scores are sums of whole numbers, so the frames of a sequence are those of its reverse
complement. TGA is read as a stop; where it is none (genetic codes 4 and 25), a gene comes out in parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .coding_score import CODON_SCORES, GC_SLOPES
from .windows import SEPARATOR, Scratch, WindowCodes

MIN_CODONS = 30
MIN_CODONS_OF_SHORT = 20
SHORTEST_SHARE = 0.6  # of a short sequence: a read of 150 bases has frames of 30 codons
MOST_OVERLAP = 0.3  # of a frame, with a better one
NO_CODON = 64

_PADDING = 8  # separators after the last sequence: every frame is closed, and windows may reach over its end
_SHIFT = 32  # two sums share one number


def _reverse_complements(n_bases: int) -> np.ndarray:
    """Number of each word's reverse complement. -> (4^n_bases,) uint8."""
    words = np.arange(4**n_bases)
    reverse = np.zeros_like(words)
    for _ in range(n_bases):
        reverse = reverse * 4 + 3 - words % 4
        words = words // 4
    return reverse.astype(np.uint8)


REVERSE_CODON = np.append(_reverse_complements(3), np.uint8(NO_CODON))  # (65,)
REVERSE_WORD = _reverse_complements(4)  # (256,)

_IS_STOP = np.isin(np.arange(NO_CODON + 1), [48, 50, 56, NO_CODON])  # TAA, TAG, TGA
_STOP_BYTES = tuple(table.astype(np.uint8).tobytes().ljust(256, b"\0") for table in (_IS_STOP, _IS_STOP[REVERSE_CODON]))


def _packed_scores() -> tuple[np.ndarray, np.ndarray]:
    """Score and slope of each codon in one number, of the strand as it is and of the other one. (65,) int64 each."""
    packed = np.append((CODON_SCORES.astype(np.int64) << _SHIFT) + GC_SLOPES, 0)
    return packed, packed[REVERSE_CODON]


_PACKED_SCORES = _packed_scores()


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """F open frames of some sequences that lie end to end, all (F,) int64 but `is_reverse`, which is bool.

    `row` says of which sequence, `start` the first base among all letters, `n_codons` how many codons follow, `place`
    the first codon in `Codons.by_frame`. On the reverse strand, `start` is where the last codon ends.
    """

    row: np.ndarray
    start: np.ndarray
    place: np.ndarray
    n_codons: np.ndarray
    is_reverse: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Frames:
        """Some of them, by index or by mask."""
        columns = (self.row, self.start, self.place, self.n_codons, self.is_reverse)
        return Frames(*(column[chosen] for column in columns))


@dataclass(frozen=True, slots=True, eq=False)
class Codons:
    """Sequences end to end, a separator after each, as codons.

    `by_frame` (3 M,) uint8: codons at 0, 3, 6, ..., then at 1, 4, 7, ..., then at 2, 5, 8, ...; `NO_CODON` where a
    letter is no base. `windows` for longer words; `starts`, `lengths_bp` and `gc` (share of G and C) of R sequences.
    """

    by_frame: np.ndarray
    windows: WindowCodes
    n_letters: int
    starts: np.ndarray
    lengths_bp: np.ndarray
    gc: np.ndarray


def read_codons(parts: list[str], scratch: Scratch) -> Codons:
    """The codons of some sequences, in arrays of `scratch`."""
    letters = SEPARATOR.join(parts) + SEPARATOR * _PADDING
    letters += SEPARATOR * (-len(letters) % 3)
    windows = WindowCodes(letters, scratch)
    n_windows = len(letters) - 2
    codon = scratch.array("codon", len(letters), dtype=np.uint8)
    np.copyto(codon[:n_windows], windows.words("111", n_windows))
    np.copyto(codon[:n_windows], NO_CODON, where=windows.broken(3, n_windows))
    codon[n_windows:] = NO_CODON
    by_frame = scratch.array("by frame", len(letters), dtype=np.uint8)
    np.copyto(by_frame.reshape(3, -1), codon.reshape(-1, 3).T)
    lengths_bp = np.array([len(part) for part in parts], dtype=np.int64)
    starts = np.cumsum(lengths_bp + 1) - lengths_bp - 1
    return Codons(
        by_frame, windows, len(letters), starts, lengths_bp, _gc_shares(windows, starts=starts, n_letters=len(letters))
    )


def find_frames(codons: Codons) -> Frames:
    """The frames that are read: long enough, more like a gene than not, and better than what they overlap."""
    frames = open_frames(codons)
    scores = _coding_scores(codons, frames)
    speaks_for_gene = np.flatnonzero(scores > 0)
    frames, scores = frames[speaks_for_gene], scores[speaks_for_gene]
    return frames[_best_apart(frames, scores)]


def _gc_shares(windows: WindowCodes, *, starts: np.ndarray, n_letters: int) -> np.ndarray:
    """Share of G and C among the bases of each sequence, 0 without bases. -> (R,) float64."""
    base = windows.words("1", n_letters)
    is_base = ~windows.broken(1, n_letters)
    is_gc = ((base == 1) | (base == 2)) & is_base
    n_bases = np.add.reduceat(is_base, starts, dtype=np.int64)
    shares: np.ndarray = np.add.reduceat(is_gc, starts, dtype=np.int64) / np.maximum(n_bases, 1)
    return shares


def open_frames(codons: Codons, *, min_codons: int = MIN_CODONS) -> Frames:
    """All frames from after one stop to the next that are long enough for their sequence.

    Args:
        min_codons: of a sequence that is not short.
    """
    third = np.clip(codons.lengths_bp * SHORTEST_SHARE / 3, MIN_CODONS_OF_SHORT, min_codons)
    least = third.astype(np.int64)  # (R,)
    text = codons.by_frame.tobytes()
    found = []
    for strand, table in enumerate(_STOP_BYTES):
        stops = np.flatnonzero(np.frombuffer(text.translate(table), dtype=np.bool_))
        n_codons = np.diff(stops, prepend=-1) - 1
        is_long = np.flatnonzero(n_codons >= MIN_CODONS_OF_SHORT)
        place = stops[is_long] - n_codons[is_long]
        found.append((place, n_codons[is_long], np.full(len(place), bool(strand))))
    place, n_codons, is_reverse = (np.concatenate(column) for column in zip(*found, strict=True))
    n_by_frame = codons.n_letters // 3
    start = 3 * (place % n_by_frame) + place // n_by_frame
    row = np.searchsorted(codons.starts, start, side="right") - 1
    frames = Frames(row, start, place, n_codons, is_reverse)
    return frames[np.flatnonzero(n_codons >= least[row])]


def _coding_scores(codons: Codons, frames: Frames) -> np.ndarray:
    """How much the codons of each frame speak for a gene, as `coding_score` has it. -> (F,) float64."""
    index = codons.by_frame.astype(np.intp)
    packed = np.zeros(len(frames.row), dtype=np.int64)
    sums = np.zeros(len(index) + 1, dtype=np.int64)
    for strand, table in enumerate(_PACKED_SCORES):
        ours = np.flatnonzero(frames.is_reverse == bool(strand))
        np.cumsum(table.take(index, mode="clip"), out=sums[1:])
        packed[ours] = sums[frames.place[ours] + frames.n_codons[ours]] - sums[frames.place[ours]]
    slopes = (packed & (2**_SHIFT - 1)).astype(np.uint32).view(np.int32).astype(np.int64)
    scores: np.ndarray = ((packed - slopes) >> _SHIFT) + slopes * (codons.gc[frames.row] - 0.5)
    return scores


def _best_apart(frames: Frames, scores: np.ndarray) -> np.ndarray:
    """Which frames remain when the best is taken again and again, and what overlaps it too much left out. -> index.

    All at once: a frame is taken when no better one that it collides with is left, and those that collide with it go.
    """
    order = np.argsort(frames.start, kind="stable")
    start, length = frames.start[order], 3 * frames.n_codons[order]
    score = scores[order]
    better, worse = _collisions(start, length, score=score)
    is_taken = np.zeros(len(order), dtype=np.bool_)
    is_open = np.ones(len(order), dtype=np.bool_)
    while is_open.any():
        is_behind = np.zeros(len(order), dtype=np.bool_)
        is_behind[worse] = True
        is_taken |= is_open & ~is_behind
        is_open &= is_behind
        is_open[worse[is_taken[better]]] = False
        still = is_open[better] & is_open[worse]
        better, worse = better[still], worse[still]
    return order[is_taken]


def _collisions(start: np.ndarray, length: np.ndarray, *, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of frames, in order of their starts, that cannot both be taken: the better and the worse one."""
    end = start + length
    n_behind = np.searchsorted(start, end) - np.arange(len(start)) - 1
    left = np.repeat(np.arange(len(start)), n_behind)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(n_behind) - n_behind, n_behind)
    overlap = np.minimum(end[left], end[right]) - start[right]
    is_left_better = (score[left] > score[right]) | ((score[left] == score[right]) & (length[left] >= length[right]))
    better, worse = np.where(is_left_better, left, right), np.where(is_left_better, right, left)
    collides = overlap > MOST_OVERLAP * length[worse]
    return better[collides], worse[collides]
