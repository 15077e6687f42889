"""Find names that occur twice, over any number of records and files.

names of a chunk -> compared with the young names in a set -> added to it; when it is full, all its names are hashed,
looked up in sorted arrays of the hashes of older ones, and sorted into a new array; arrays of like length merge. 16
bytes a record stay in memory.
"""

from __future__ import annotations

from itertools import chain

import numpy as np

from ...errors import DnabertSError
from .records import Chunk

_PLACE_BITS = 44  # line numbers up to 1.7e13; the 19 bits above hold the number of the file
_MAX_YOUNG = 1 << 17  # records in the set, 25 MB; looking up many at once is what makes it fast
_MAX_RUN = 1 << 22  # records; longer arrays are not merged, which bounds the memory of a merge to 0.2 GB

_Run = tuple[np.ndarray, np.ndarray]  # hashes (n,) int64 ascending, places (n,) int64


class NameIndex:
    """The names seen so far: the young themselves, the old as Python's own 64-bit hash (SipHash, keyed per process).

    Two different names among n are taken for one with probability n^2 / 2^65: 3e-8 for a million records, 3e-4 for a
    hundred million. hashlib.blake2b is no safer at 64 bits, and costs ten times as much.
    """

    def __init__(self) -> None:
        self._files: list[tuple[str, bool]] = []
        self._young: set[str] = set()
        self._chunks: list[tuple[list[str], np.ndarray]] = []  # the young names in order, and their places
        self._runs: list[_Run] = []

    def begin_file(self, path: str, *, has_lines: bool) -> None:
        """The chunks that follow are of this file; `has_lines` tells line numbers from record numbers."""
        self._files.append((path, has_lines))

    def add(self, chunk: Chunk) -> list[tuple[int, DnabertSError]]:
        """Add a chunk's names; return position and problem of each that is among the young, in the chunk's order."""
        names = [record[0] for record in chunk.records]  # ids, in a third less time than by name
        places = np.array(chunk.places, dtype=np.int64) | ((len(self._files) - 1) << _PLACE_BITS)
        fresh = set(names)
        problems = []
        if len(fresh) < len(names) or not self._young.isdisjoint(fresh):
            problems = self._repeated(names, places.tolist())
            repeats = {index for index, _ in problems}
            kept = [index for index in range(len(names)) if index not in repeats]
            names, places = [names[index] for index in kept], places[kept]
        self._young |= fresh
        self._chunks.append((names, places))
        return problems

    @property
    def is_full(self) -> bool:
        """Whether it is time for `age`."""
        return len(self._young) >= _MAX_YOUNG

    def age(self) -> list[DnabertSError]:
        """Compare the young names with all older ones and join them; return the problems. To be called at the end."""
        names = list(chain.from_iterable(own for own, _ in self._chunks))
        hashes = np.fromiter(map(hash, names), np.int64, len(names))
        places = np.concatenate([np.empty(0, dtype=np.int64), *(own for _, own in self._chunks)])
        self._young.clear()
        self._chunks.clear()
        order = np.argsort(hashes)
        young_places, hashes, places = places, hashes[order], places[order]
        repeated: list[tuple[int, int]] = []  # positions among the young, and places of the same name before
        for run_hashes, run_places in self._runs:
            slots = np.minimum(np.searchsorted(run_hashes, hashes), len(run_hashes) - 1)
            found = np.flatnonzero(run_hashes[slots] == hashes)
            repeated += zip(order[found].tolist(), run_places[slots[found]].tolist(), strict=True)
        self._insert(hashes, places)
        return [self._problem(names[i], int(young_places[i]), earlier=earlier) for i, earlier in sorted(repeated)]

    def _repeated(self, names: list[str], places: list[int]) -> list[tuple[int, DnabertSError]]:
        """Position and problem of each of these names that is among the young, or comes twice."""
        place_of = {name: place for own, at in self._chunks for name, place in zip(own, at.tolist(), strict=True)}
        problems = []
        for index, (name, place) in enumerate(zip(names, places, strict=True)):
            earlier = place_of.setdefault(name, place)
            if earlier != place:
                problems.append((index, self._problem(name, place, earlier=earlier)))
        return problems

    def _insert(self, hashes: np.ndarray, places: np.ndarray) -> None:
        while self._runs and len(self._runs[-1][0]) <= len(hashes) < _MAX_RUN:
            run_hashes, run_places = self._runs.pop()
            hashes = np.concatenate([run_hashes, hashes])
            order = np.argsort(hashes, kind="stable")  # merges the two sorted halves
            hashes, places = hashes[order], np.concatenate([run_places, places])[order]
        if len(hashes):
            self._runs.append((hashes, places))

    def _problem(self, name: str, place: int, *, earlier: int) -> DnabertSError:
        path, number, has_lines = self._located(place)
        other_path, other_number, other_has_lines = self._located(earlier)
        other = f"{other_path}:{other_number}" if other_has_lines else f"{other_path}, record {other_number}"
        problem = f"duplicate id, also at {other}"
        if not has_lines:
            problem = f"duplicate id at record {number}, also at {other}"
        hint = "ids (first words of headers) must be unique over all inputs: rename one, or read the files separately; "
        hint += "mates of one name must be in two FASTQ files, in the same order, not in one"
        return DnabertSError(problem, path=path, line=number if has_lines else None, record=name, hint=hint)

    def _located(self, place: int) -> tuple[str, int, bool]:
        path, has_lines = self._files[place >> _PLACE_BITS]
        return path, place & ((1 << _PLACE_BITS) - 1), has_lines
