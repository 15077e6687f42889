"""The choice among candidates: the best one first, without its contigs the best of the others, and so on.

Candidates and a judge -> bins, each contig in one at most. The greedy choice is that of DAS Tool (Sieber et al. 2018).
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .candidates import Atoms, Candidate
from .scoring import Judge, Score

LEAST_WORTH = 0.35  # of a bin; less is what better ones have left over


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """One bin of the joint set: its contigs, rising, where they come from, and what is known of them."""

    contigs: NDArray[np.int64]
    candidate: Candidate
    score: Score
    is_whole: bool


def choose_bins(
    candidates: Sequence[Candidate], atoms: Atoms, *, judge: Judge, min_bin_bp: int, least_worth: float = LEAST_WORTH
) -> list[Chosen]:
    """Bins of at least `min_bin_bp` bases and `least_worth`, best first; of equals the larger, then the whole one."""
    sets = [one.atoms for one in candidates]
    scores = judge.scores(sets)
    version = [0] * len(sets)
    having: list[list[int]] = [[] for _ in atoms.sizes_bp]
    for number, one in enumerate(sets):
        for atom in one.tolist():
            having[atom].append(number)
    waiting = [_entry(scores[number], atoms.sizes_bp[one], number=number, version=0) for number, one in enumerate(sets)]
    heapq.heapify(waiting)
    taken = np.zeros(len(atoms.sizes_bp), dtype=np.bool_)
    chosen = []
    while waiting:
        worth, _, _, number, seen = heapq.heappop(waiting)
        if seen != version[number]:
            continue
        if -worth < least_worth:
            break
        own = sets[number]
        is_whole = version[number] == 0
        chosen.append(Chosen(judge.contigs(own), candidates[number], scores[number], is_whole))
        taken[own] = True
        touched = sorted({other for atom in own.tolist() for other in having[atom]})
        again = []
        for other in touched:
            sets[other] = sets[other][~taken[sets[other]]]
            version[other] += 1
            if atoms.sizes_bp[sets[other]].sum() >= min_bin_bp:
                again.append(other)
        for other, score in zip(again, judge.scores([sets[one] for one in again]) if again else [], strict=True):
            scores[other] = score
            heapq.heappush(waiting, _entry(score, atoms.sizes_bp[sets[other]], number=other, version=version[other]))
    return chosen


def _entry(
    score: Score, sizes_bp: NDArray[np.int64], *, number: int, version: int
) -> tuple[float, int, bool, int, int]:
    return -score.worth, -int(sizes_bp.sum()), version > 0, number, version
