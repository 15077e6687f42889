"""Counts of what is read in frame: codons, and four bases from the first, the second or the third base of a codon.

Sequences -> parts of at most a million bases, cut alike from both ends -> slabs of parts -> the frames of each
(`frames`) -> words at every codon of every frame, those of the reverse strand complemented -> counts per sequence. So a
sequence and its reverse complement count alike, to the last number, and threads do not change them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from threading import Lock

import numpy as np

from .frames import REVERSE_CODON, REVERSE_WORD, Codons, Frames, find_frames, read_codons
from .windows import Scratch

CODONS = "codons"
FRAME_KINDS = {CODONS: 64, "tetramers1": 256, "tetramers2": 256, "tetramers3": 256}  # kinds, and columns of each

_OFFSETS = {"tetramers1": 0, "tetramers2": 1, "tetramers3": 2}  # of four bases, from the first of a codon
_PART_BP = 1_000_000
_SLAB_BP = 1 << 18

_Part = tuple[int, str]  # row, letters


def count_in_frame(sequences: Sequence[str], kinds: Sequence[str], *, threads: int = 1) -> np.ndarray:
    """Counts of all kinds, side by side in their order. N sequences -> (N, sum of columns) int32."""
    counts = np.zeros((len(sequences), sum(FRAME_KINDS[kind] for kind in kinds)), dtype=np.int32)
    slabs = _slabs(sequences)
    adding = Lock()

    def count(ours: Sequence[Sequence[_Part]]) -> None:
        scratch = Scratch()
        for slab in ours:
            table = _count_slab(slab, kinds, scratch=scratch)
            with adding:  # a long sequence may be in two slabs
                counts[slab[0][0] : slab[-1][0] + 1] += table

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(count, [slabs[first::threads] for first in range(threads)]))
    return counts


def part_bounds(length_bp: int, *, most_bp: int = _PART_BP) -> list[int]:
    """Where a long sequence is cut, its ends among them: an odd number of parts, the same from either end."""
    n_parts = -(-length_bp // most_bp) | 1
    left = [-(-length_bp * part // n_parts) for part in range(n_parts // 2 + 1)]
    return left + [length_bp - bound for bound in reversed(left)]


def _slabs(sequences: Sequence[str]) -> list[list[_Part]]:
    """Parts of all sequences in order, together until they have enough bases."""
    slabs: list[list[_Part]] = []
    slab: list[_Part] = []
    n_bp = 0
    for row, sequence in enumerate(sequences):
        bounds = part_bounds(len(sequence))
        for start, end in pairwise(bounds):
            slab.append((row, sequence[start:end]))
            n_bp += end - start + 1
            if n_bp >= _SLAB_BP:
                slabs.append(slab)
                slab, n_bp = [], 0
    return [*slabs, slab] if slab else slabs


def _count_slab(slab: Sequence[_Part], kinds: Sequence[str], *, scratch: Scratch) -> np.ndarray:
    """Counts of the slab's rows, first to last. -> (rows, sum of columns) int64."""
    codons = read_codons([letters for _, letters in slab], scratch)
    frames = find_frames(codons)
    first_row = slab[0][0]
    rows = np.array([row - first_row for row, _ in slab])[frames.row]
    n_rows = slab[-1][0] - first_row + 1
    return np.concatenate([_count_kind(codons, frames, rows=rows, kind=kind, n_rows=n_rows) for kind in kinds], axis=1)


def _count_kind(codons: Codons, frames: Frames, *, rows: np.ndarray, kind: str, n_rows: int) -> np.ndarray:
    """Counts of one kind. -> (n_rows, its columns) int64."""
    n_columns = FRAME_KINDS[kind]
    cells = [np.empty(0, dtype=np.int64)]
    for is_reverse in (False, True):
        ours = np.flatnonzero(frames.is_reverse == is_reverse)
        words, n_words = _words(codons, frames[ours], kind=kind, is_reverse=is_reverse)
        cells.append(words + np.repeat(rows[ours] * n_columns, n_words))
    counts: np.ndarray = np.bincount(np.concatenate(cells), minlength=n_rows * n_columns)
    return counts.reshape(n_rows, n_columns)


def _words(codons: Codons, frames: Frames, *, kind: str, is_reverse: bool) -> tuple[np.ndarray, np.ndarray]:
    """The words of one kind in frames of one strand, and how many there are in each. -> (words,) uint8, (F,) int64."""
    if kind == CODONS:
        spans = zip(frames.place.tolist(), (frames.place + frames.n_codons).tolist(), strict=True)
        pieces = [codons.by_frame[start:end] for start, end in spans]
        words = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.uint8)
        return REVERSE_CODON[words] if is_reverse else words, frames.n_codons
    every_word = codons.windows.words("1111", codons.n_letters - 3)
    offset = 2 - _OFFSETS[kind] if is_reverse else _OFFSETS[kind]
    first = frames.start + offset  # of the last codon none is counted: it has no next one
    spans = zip(first.tolist(), (first + 3 * (frames.n_codons - 1)).tolist(), strict=True)
    pieces = [every_word[start:end:3] for start, end in spans]
    words = np.concatenate(pieces) if pieces else np.empty(0, dtype=np.uint8)
    return REVERSE_WORD[words] if is_reverse else words, frames.n_codons - 1
