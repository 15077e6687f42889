"""Words of five residues in six that score well somewhere in a profile: what the frames of contigs are filtered by.

Profiles -> log-odds scores of residues at each position -> for each profile the score that a random word reaches
rarely enough -> all words that reach it, with where in which profile. The idea is that of similar k-mers of a profile
(Steinegger and Söding 2017, MMseqs2, Nature Biotechnology 35:1026, "prefilter"); the threshold differs: it is chosen
for each profile by how often random words pass, so that a weakly conserved family has as many words as a strict one.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyhmmer
from numpy.typing import NDArray

from .frames import RESIDUES, STOP
from .profiles import MarkerProfiles

SHIFTS = (0, 1, 2, 4, 5)  # which residues make up a word: with a gap, words fail less often together
WORD = SHIFTS[-1] + 1  # residues that a word spans
RADIX = STOP + 1  # a word is a number of this base, with one digit for each of its residues
FLANK = 40  # positions without score before, between and after profiles, for what reads past their ends
UNIT = 8  # of scores: eighths of a bit

_PASS_RATE = 3e-4  # of random words at one position of a profile, times the root of its length: short ones need more
_STOP_SCORE = -30.0  # bits
_LEAST_SCORE, _SCORE_STEP, _N_STEPS = -16.0, 0.125, 256  # the grid on which scores of random words are counted


@dataclass(frozen=True, slots=True, eq=False)
class WordIndex:
    """W words, with repeats, sorted.

    Attributes:
        is_listed: (RADIX ** 5,) bool whether a word is there.
        first: (RADIX ** 5 + 1,) int32 where a word's rows begin.
        row: (W,) int64 `RADIX` * place in `emissions` of the profile's position under the word's first residue.
        score: (W,) int16 of the word, in units.
        emissions: (E * RADIX,) int16 scores of the residues, and of a stop, at each position of each profile.
        profile: (E,) int16 the profile of a position, -1 for flanks.
    """

    is_listed: NDArray[np.bool_]
    first: NDArray[np.int32]
    row: NDArray[np.int64]
    score: NDArray[np.int16]
    emissions: NDArray[np.int16]
    profile: NDArray[np.int16]


@functools.lru_cache(maxsize=1)
def index_words(profiles: MarkerProfiles) -> WordIndex:
    """The words of profiles; kept for the next call with the same ones."""
    frequencies = pyhmmer.plan7.Background(pyhmmer.easel.Alphabet.amino()).residue_frequencies
    background = np.array(frequencies, dtype=np.float64)
    scores = [_log_odds(hmm, background) for hmm in profiles.hmms]
    flank = np.zeros((FLANK, len(RESIDUES)))
    table = np.concatenate([flank, *(part for one in scores for part in (one, flank))])
    profile = np.full(len(table), -1, dtype=np.int16)
    windows: list[NDArray[np.int64]] = []
    least: list[NDArray[np.float64]] = []
    begin = FLANK
    for number, one in enumerate(scores):
        profile[begin : begin + len(one)] = number
        n_windows = max(0, len(one) - WORD + 1)
        windows.append(begin + np.arange(n_windows))
        least.append(np.full(n_windows, _least_score(one, background)))
        begin += len(one) + FLANK
    rows, words, word_scores = _words_from(table, windows=np.concatenate(windows), least=np.concatenate(least))
    order = np.argsort(words, kind="stable")
    counts = np.bincount(words, minlength=RADIX ** len(SHIFTS))
    emissions = np.concatenate([table, np.where(profile >= 0, _STOP_SCORE, 0.0)[:, None]], axis=1)
    return WordIndex(
        is_listed=counts > 0,
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        row=rows[order] * RADIX,
        score=np.rint(word_scores[order] * UNIT).astype(np.int16),
        emissions=np.rint(emissions * UNIT).astype(np.int16).ravel(),
        profile=profile,
    )


def _log_odds(hmm: Any, background: NDArray[np.float64]) -> NDArray[np.float64]:
    """(M, 20) bits of each residue at each position of a profile."""
    emissions = np.array(hmm.match_emissions, dtype=np.float64)[1:, : len(RESIDUES)]
    odds: NDArray[np.float64] = np.log2(np.maximum(emissions, 1e-6) / background)
    return odds


def _least_score(scores: NDArray[np.float64], background: NDArray[np.float64]) -> float:
    """The score that random words at random positions of a profile reach as rarely as they should.

    The distribution of a sum of independent scores is the product of their transforms.
    """
    if len(scores) < WORD:
        return np.inf
    steps = np.clip(np.rint((scores - _LEAST_SCORE) / _SCORE_STEP), 0, _N_STEPS - 1).astype(np.int64)
    places = steps + np.arange(len(scores))[:, None] * _N_STEPS
    weights = np.broadcast_to(background, places.shape)
    one = np.bincount(places.ravel(), weights=weights.ravel(), minlength=len(scores) * _N_STEPS)
    size = 2 ** int(np.ceil(np.log2(len(SHIFTS) * _N_STEPS)))
    transforms = np.fft.rfft(one.reshape(len(scores), _N_STEPS), n=size, axis=1)
    n_windows = len(scores) - WORD + 1
    product = transforms[:n_windows].copy()
    for shift in SHIFTS[1:]:
        product *= transforms[shift : shift + n_windows]
    reached = np.cumsum(np.fft.irfft(product.mean(axis=0), n=size)[::-1])[::-1]
    return len(SHIFTS) * _LEAST_SCORE + _SCORE_STEP * int(np.argmax(reached < _PASS_RATE / np.sqrt(len(scores))))


def _words_from(
    table: NDArray[np.float64], *, windows: NDArray[np.int64], least: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """All words that score at least `least` from a position on: position, word, score.

    Words grow residue by residue; those are left out that not even the best residues could bring to the score.
    """
    order = np.argsort(-table, axis=1, kind="stable")
    falling = np.take_along_axis(table, order, axis=1)
    best = falling[:, 0]
    rest = np.zeros(len(windows))
    rests = [rest]  # best score of what follows the first 5, 4, ... residues
    for shift in SHIFTS[:0:-1]:
        rest = rest + best[windows + shift]
        rests.append(rest)
    window = np.arange(len(windows))
    score = np.zeros(len(windows))
    word = np.zeros(len(windows), dtype=np.int64)
    for shift in SHIFTS:
        row = windows[window] + shift
        needed = least[window] - score - rests.pop()[window]
        n_residues = np.count_nonzero(falling[row] >= needed[:, None], axis=1)
        grown = np.repeat(np.arange(len(window)), n_residues)
        choice = np.arange(len(grown)) - np.repeat(np.cumsum(n_residues) - n_residues, n_residues)
        row = row[grown]
        word = word[grown] * RADIX + order[row, choice]
        score = score[grown] + falling[row, choice]
        window = window[grown]
    return windows[window], word, score
