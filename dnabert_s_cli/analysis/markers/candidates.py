"""Open frames that may hold a marker: those with a word of a profile whose neighbourhood scores well without gaps.

Frames -> words at every base of both strands -> for each that is listed, the best ungapped stretch around it, first
near, then far -> open frames with the profiles that reach the score. Each word is judged by itself, so the result
depends neither on the other contigs nor on how they are cut into chunks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .frames import GUARD, SixFrames
from .words import FLANK, RADIX, SHIFTS, UNIT, WORD, WordIndex

_CHUNK_BP = 1 << 17  # what is computed of it fits in the processor's cache
_NEAR, _FAR = 8, FLANK - WORD  # residues on each side
_NEAR_SCORE, _FAR_SCORE = 16 * UNIT, 22 * UNIT  # bits; with these words, 0.4 % of the hits at hand are missed


@dataclass(frozen=True, slots=True, eq=False)
class _Seeds:
    """Listed words on one strand.

    Attributes:
        at: (Q,) int64 place of each word's first residue in the strand's residues.
        row: (Q,) int64 place of the emissions under it.
        score: (Q,) int16 of the word.
    """

    at: NDArray[np.int64]
    row: NDArray[np.int64]
    score: NDArray[np.int16]


@dataclass(frozen=True, slots=True, eq=False)
class _Strand:
    """What seeds of one strand are scored with; `step` leads from one residue to the next, 3 or -3."""

    residues: NDArray[np.uint8]
    step: int
    index: WordIndex


def find_candidates(frames: SixFrames, index: WordIndex) -> NDArray[np.int64]:
    """(X, 3) int64 strand (0 or 1), open frame, and profile that may be in it, each once, sorted."""
    found = [np.empty((0, 3), dtype=np.int64)]
    for number, residues in enumerate(frames.residues):
        strand = _Strand(residues, -3 if number else 3, index)
        for begin in range(0, len(frames.bases), _CHUNK_BP):
            seeds = _seeds(strand, begin=begin, end=min(begin + _CHUNK_BP, len(frames.bases)))
            seeds = _scoring(seeds, strand, reach=_NEAR, least=_NEAR_SCORE)
            seeds = _scoring(seeds, strand, reach=_FAR, least=_FAR_SCORE)
            open_frames = frames.open_frames(number, seeds.at - GUARD)
            profiles = index.profile[seeds.row // RADIX].astype(np.int64)
            found.append(np.stack([np.full(len(profiles), number), open_frames, profiles], axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _seeds(strand: _Strand, *, begin: int, end: int) -> _Seeds:
    """The seeds whose leftmost codon begins in a stretch of the bases."""
    n = end - begin
    shifts = [3 * (WORD - 1 - shift if strand.step < 0 else shift) for shift in SHIFTS]
    residues = strand.residues[GUARD + begin : GUARD + end + 3 * WORD].astype(np.int32)
    words = residues[shifts[0] : shifts[0] + n] * np.int32(RADIX)
    for shift in shifts[1:-1]:
        words += residues[shift : shift + n]
        words *= RADIX
    words += residues[shifts[-1] : shifts[-1] + n]
    places = np.flatnonzero(strand.index.is_listed.take(words))
    listed = words.take(places)
    first = strand.index.first.take(listed).astype(np.int64)
    counts = strand.index.first.take(listed + 1) - first
    repeated = np.repeat(np.arange(len(places)), counts)
    entries = np.arange(len(repeated)) + (first - np.cumsum(counts) + counts).take(repeated)
    at = places.take(repeated) + (GUARD + begin + shifts[0])
    return _Seeds(at, strand.index.row.take(entries), strand.index.score.take(entries))


def _scoring(seeds: _Seeds, strand: _Strand, *, reach: int, least: int) -> _Seeds:
    """The seeds whose score, with the best ungapped stretches of up to `reach` residues on both sides, is enough."""
    score = seeds.score + _arm(seeds, strand, first=WORD, direction=1, reach=reach)
    score += _arm(seeds, strand, first=-1, direction=-1, reach=reach)
    for shift in _GAPS:
        residues = strand.residues.take(seeds.at + shift * strand.step)
        score += strand.index.emissions.take(seeds.row + shift * RADIX + residues)
    kept = np.flatnonzero(score >= least)
    return _Seeds(seeds.at.take(kept), seeds.row.take(kept), seeds.score.take(kept))


def _arm(seeds: _Seeds, strand: _Strand, *, first: int, direction: int, reach: int) -> NDArray[np.int16]:
    """(Q,) the best score of the next residues after (1) or before (-1) each word, 0 for none of them.

    Args:
        first: the nearest residue, counted from the word's first one.
    """
    at = seeds.at + first * strand.step
    row = seeds.row + first * RADIX
    score = np.zeros(len(at), dtype=np.int16)
    best = np.zeros(len(at), dtype=np.int16)
    for _ in range(reach):
        score += strand.index.emissions.take(row + strand.residues.take(at))
        np.maximum(best, score, out=best)
        at += direction * strand.step
        row += direction * RADIX
    return best


_GAPS = sorted(set(range(WORD)) - set(SHIFTS))  # residues within a word that are not part of it
