"""The six reading frames of contigs, translated, and the open frames between their stops.

Contigs -> one array of bases, an N between neighbours -> the residue of the codon at every base, on both strands ->
the stops of each strand, by frame. What lies between two stops of a frame is an open frame; it is named by the place
of its right-hand stop in that list. Unknown bases end a frame as a stop does, up to `_UNKNOWN_BASES` in a row do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"  # in the order of HMMER's digital alphabet
STOP = len(RESIDUES)  # a stop codon, or one with an unknown base
GUARD = 128  # stops at both ends of a strand, so that reading past them stays inside the array
EDGE = "NNN"  # before the first contig and after the last one: a stop in every frame

_UNKNOWN = 4
_UNKNOWN_BASES = 3  # in a row; more are a gap of unknown length
_TGA_GC = 0.42  # genomes that read TGA as a residue have less GC
_BASES = "ACGT"
_AMINO_ACIDS = "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSSWCWCLFLF"  # AAA to TTT; TGA as W
_PLACES = (25, 5, 1)  # a codon is a number of base 5


@dataclass(frozen=True, slots=True, eq=False)
class SixFrames:
    """C contigs as one sequence of n bases, translated.

    Attributes:
        begins: (C + 1,) int64 where each contig begins in the sequence, and where one more would.
        bases: (n,) uint8 0 to 3 for A, C, G, T, else 4.
        residues: (2, GUARD + n + GUARD) uint8 index into `RESIDUES`, or `STOP`, of the codon whose leftmost base is
            there; the second row is of the reverse strand, read from right to left.
        stops: of each strand, (S,) int64 `frame * n + position` of the stops, rising.
    """

    begins: NDArray[np.int64]
    bases: NDArray[np.uint8]
    residues: NDArray[np.uint8]
    stops: tuple[NDArray[np.int64], NDArray[np.int64]]

    def open_frames(self, strand: int, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The open frame that holds the codon at each position: its place in `stops`."""
        return np.searchsorted(self.stops[strand], positions % 3 * len(self.bases) + positions)

    def ends(self, strand: int, frame: int) -> tuple[int, int]:
        """The positions of the stops on the left and on the right of an open frame."""
        left, right = self.stops[strand][frame - 1 : frame + 1] % len(self.bases)
        return int(left), int(right)

    def protein(self, strand: int, frame: int) -> NDArray[np.uint8]:
        """The residues of an open frame, in their own direction."""
        left, right = self.ends(strand, frame)
        found = self.residues[strand, GUARD + left + 3 : GUARD + right : 3]
        return found[::-1] if strand else found

    def contig_of(self, position: int) -> int:
        """The contig that holds a position."""
        return int(np.searchsorted(self.begins, position, side="right")) - 1

    def gene(self, strand: int, frame: int, *, first: int, last: int) -> tuple[int, int]:
        """Where the gene of an open frame lies in the sequence, as a half-open range, its stop codon included.

        It begins with the first start codon of the frame, or with the frame if that is cut, and ends with its stop; a
        TGA that is read ends it too, outside of what is known to be the gene.

        Args:
            first, last: residues of the protein that belong to the gene, from 0.
        """
        left, right = self.ends(strand, frame)
        opening, closing = (right, left) if strand else (left, right)
        codons = _codon_numbers(self.bases[left + 3 : right], strand)
        is_tga = codons == _TGA[0]
        begin = int(np.flatnonzero(is_tga[:first]).max(initial=-1)) + 1
        end = last + 1 + int(np.flatnonzero(is_tga[last + 1 :]).min(initial=len(codons) - last - 1))
        starts = begin + np.flatnonzero(np.isin(codons[begin : first + 1], _STARTS))
        if len(starts) and (begin > 0 or self._is_known(opening)):
            begin = int(starts[0])
        if end < len(codons) or self._is_known(closing):
            end += 1
        return (right - 3 * end, right - 3 * begin) if strand else (left + 3 + 3 * begin, left + 3 + 3 * end)

    def _is_known(self, codon: int) -> bool:
        return bool((self.bases[codon : codon + 3] < _UNKNOWN).all())


def translate(contigs: Sequence[str]) -> SixFrames:
    """The six frames of contigs in upper case, by genetic code 11; on contigs of low GC no frame ends at TGA.

    Codes 4 and 25 (mycoplasmas, some candidate phyla) differ from 11 in TGA alone, which codes for tryptophan or
    glycine there. In genomes of low GC, TAA is never far behind a TGA that does end a gene.
    """
    text = EDGE + "N".join(contigs) + EDGE
    bases = _BASE_OF.take(np.frombuffer(text.encode("ascii", "replace"), dtype=np.uint8))
    begins = len(EDGE) + np.cumsum([0, *(len(contig) + 1 for contig in contigs)], dtype=np.int64)
    codons = bases[:-2] * np.uint8(25)
    codons += bases[1:-1] * np.uint8(5)
    codons += bases[2:]
    residues = np.full((2, len(bases) + 2 * GUARD), STOP, dtype=np.uint8)
    for strand in (0, 1):
        residues[strand, GUARD : GUARD + len(codons)] = _RESIDUE_OF[strand].take(codons)
    stops = [_all_stops(residues[strand], codons == _TGA[strand]) for strand in (0, 1)]
    n_separators = 2 * len(EDGE) + len(contigs) - 1
    if np.count_nonzero(bases == _UNKNOWN) > n_separators:
        bridged = _bridged(bases, begins)
        stops = [found[~bridged[found]] for found in stops]
    low_gc = _are_low_gc(bases, begins)
    if low_gc.any():
        reads_tga = np.repeat([False, *low_gc, False], np.diff([0, *begins, len(bases)]))
        stops = [
            found[(row[GUARD + found] == STOP) | ~reads_tga[found]] for found, row in zip(stops, residues, strict=True)
        ]
    n = len(bases)
    forward, reverse = (found % 3 * n + found for found in stops)
    return SixFrames(begins, bases, residues, (forward, reverse))


def _all_stops(residues: NDArray[np.uint8], is_tga: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Positions of stops on one strand, TGA among them, frame by frame."""
    is_stop = residues[GUARD : GUARD + len(is_tga)] == STOP
    is_stop |= is_tga
    return np.concatenate([np.flatnonzero(is_stop[frame::3]) * 3 + frame for frame in range(3)])


def _bridged(bases: NDArray[np.uint8], begins: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) whether the codon at a position has an unknown base, but none of a long row of them or between contigs."""
    between = np.ones(len(bases), dtype=np.bool_)
    for begin, after in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True):
        between[begin : after - 1] = False
    unknown = np.flatnonzero(bases == _UNKNOWN)
    row_begins = np.flatnonzero(np.diff(unknown, prepend=-2) > 1)
    lengths = np.diff(row_begins, append=len(unknown))
    breaks = np.maximum.reduceat(between[unknown], row_begins) | (lengths > _UNKNOWN_BASES)
    is_break = np.repeat(breaks, lengths)
    soft, hard = np.zeros(len(bases), dtype=np.bool_), np.zeros(len(bases), dtype=np.bool_)
    soft[unknown[~is_break]] = True
    hard[unknown[is_break]] = True
    for within in (soft, hard):
        within[:-2] |= within[1:-1] | within[2:]
    return soft & ~hard


def _are_low_gc(bases: NDArray[np.uint8], begins: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(C,) whether a contig may be of a genome that reads TGA."""
    counts = [np.add.reduceat(bases == code, begins[:-1], dtype=np.int64) for code in range(4)]
    return counts[1] + counts[2] < _TGA_GC * sum(counts)


def _codon_numbers(bases: NDArray[np.uint8], strand: int) -> NDArray[np.int64]:
    """Codons in the direction of their strand, as numbers; anything for unknown bases."""
    known = bases.astype(np.int64)
    if strand:
        known = 3 - known[::-1]
    codons: NDArray[np.int64] = known.reshape(-1, 3) @ np.array(_PLACES)
    return codons


def _codon_tables() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Residue of each codon, 25 * first + 5 * second + third base, read forward and on the other strand."""
    forward = np.full(125, STOP, dtype=np.uint8)
    reverse = forward.copy()
    for number, residue in enumerate(_AMINO_ACIDS):
        first, second, third = number // 16, number // 4 % 4, number % 4
        code = RESIDUES.find(residue)
        if code >= 0:
            forward[25 * first + 5 * second + third] = code
            reverse[25 * (3 - third) + 5 * (3 - second) + 3 - first] = code
    return forward, reverse


def _base_table() -> NDArray[np.uint8]:
    table = np.full(256, _UNKNOWN, dtype=np.uint8)
    for code, base in enumerate(_BASES):
        table[ord(base)] = code
    return table


_BASE_OF = _base_table()
_RESIDUE_OF = _codon_tables()
_TGA = (25 * 3 + 5 * 2, 25 * 3 + 5 * 1)  # TGA, and TCA, which is TGA on the other strand
_STARTS = (25 * 0 + 5 * 3 + 2, 25 * 2 + 5 * 3 + 2, 25 * 3 + 5 * 3 + 2)  # ATG, GTG, TTG
