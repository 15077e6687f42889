"""A sample of the protein k-mers of DNA in all six frames: what relatives share that vectors no longer show.

DNA -> the amino acid that begins at each base, on both strands -> words of four -> those few that are in the sample ->
the whole k-mers that they begin, as numbers. Which are sampled depends on the words alone, so the same protein gives
the same numbers wherever it lies. Genes are not looked for: words of a frame that is not read match nothing by chance.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_CODONS = "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF"  # by first, second, third base: A, C, G, T
_LETTERS = "ACDEFGHIKLMNPQRSTVWY"
_STOP = len(_LETTERS)  # also a codon with an unknown base
_BASE = _STOP + 1
_PREFIX = 4  # residues that decide whether a k-mer is sampled
_STEP = 3
_BITS = 5  # of a residue
_BLOCK = 65_535  # bases; a multiple of three, so that blocks begin in one frame

Hashes = NDArray[np.uint32]
Residues = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class KmerSample:
    """Which k-mers are taken: of `length` residues, one in `one_in` words, always the same ones."""

    length: int
    one_in: int
    _is_sampled: NDArray[np.bool_] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Draw the words by a hash of them."""
        words = np.arange(_BASE**_PREFIX, dtype=np.uint64)
        residues = np.stack([words // np.uint64(_BASE**place) % np.uint64(_BASE) for place in range(_PREFIX)])
        is_sampled = (_mixed(words) <= np.uint64(((1 << 64) - 1) // self.one_in)) & (residues != _STOP).all(axis=0)
        object.__setattr__(self, "_is_sampled", is_sampled)

    def of(self, sequence: str) -> Hashes:
        """The sampled k-mers in all six frames of a sequence, sorted, each once. -> (M,) uint32."""
        return self.of_each([sequence])[0]

    def of_each(self, sequences: Sequence[str]) -> list[Hashes]:
        """As `of`, of several sequences at once, which takes much less time where they are short."""
        ends = np.cumsum([len(sequence) + 1 for sequence in sequences])
        found = [np.empty(0, np.uint64)]
        for begin, codons in _codon_blocks("N".join(sequences), overlap=_STEP * (self.length - 1)):
            for residues, step in ((_FORWARD.take(codons), _STEP), (_REVERSE.take(codons), -_STEP)):
                starts, hashes = self._kmers(residues, step)
                owners = np.searchsorted(ends, begin + starts, side="right").astype(np.uint64)
                found.append(owners << np.uint64(32) | hashes)
        unique = np.unique(np.concatenate(found))
        bounds = np.searchsorted(unique >> np.uint64(32), np.arange(1, len(sequences), dtype=np.uint64))
        return np.split(unique.astype(np.uint32), bounds)

    def of_gene(self, sequence: str) -> Hashes:
        """The sampled k-mers of the first frame alone: of a gene that begins with its first codon. -> (M,) uint32."""
        found = [np.empty(0, np.uint32)]
        for _, codons in _codon_blocks(sequence, overlap=_STEP * (self.length - 1)):
            residues = np.full(len(codons), _STOP, np.uint8)
            residues[::_STEP] = _FORWARD[codons[::_STEP]]
            found.append(self._kmers(residues, _STEP)[1])
        return np.unique(np.concatenate(found))

    def _kmers(self, residues: Residues, step: int) -> tuple[NDArray[np.int64], Hashes]:
        """Where the sampled k-mers of one strand begin, and the k-mers.

        Args:
            residues: (L,) the residue of the codon that begins at each base of the forward strand.
            step: from a residue to the next of its protein, in bases: -3 on the reverse strand.
        """
        reach = _STEP * (self.length - 1)
        n_starts = len(residues) - reach
        if n_starts <= 0:
            return np.empty(0, np.int64), np.empty(0, np.uint32)
        pairs = _joined(residues.astype(np.uint16), step, base=_BASE)
        words = _joined(pairs.astype(np.uint32), 2 * step, base=_BASE**2)
        firsts = words[:n_starts] if step > 0 else words[len(words) - n_starts :]
        starts = np.flatnonzero(self._is_sampled.take(firsts)) + (0 if step > 0 else reach)
        kmers = np.zeros(len(starts), np.uint64)
        is_whole = np.ones(len(starts), np.bool_)
        for place in range(self.length):
            taken = residues[starts + step * place]
            is_whole &= taken != _STOP
            kmers = (kmers << np.uint64(_BITS)) | taken.astype(np.uint64)
        hashes: Hashes = (_mixed(kmers[is_whole]) >> np.uint64(32)).astype(np.uint32)
        return starts[is_whole], hashes


def _codon_blocks(sequence: str, *, overlap: int) -> Iterator[tuple[int, Residues]]:
    """First base, and number of the codon that begins at each base, (L,) uint8, of blocks in one frame that overlap."""
    bases = _BASES.take(np.frombuffer(sequence.encode("ascii", "replace"), np.uint8))
    for start in range(0, max(len(bases) - overlap - 2, 0), _BLOCK):
        block = bases[start : start + _BLOCK + overlap + 2]
        yield start, block[:-2] * np.uint8(25) + block[1:-1] * np.uint8(5) + block[2:]


def _joined(words: NDArray[np.unsignedinteger], step: int, *, base: int) -> NDArray[np.unsignedinteger]:
    """Each word with the one that follows it in its protein, as one number."""
    following, own = (words[step:], words[:-step]) if step > 0 else (words[:step], words[-step:])
    joined: NDArray[np.unsignedinteger] = own * words.dtype.type(base) + following
    return joined


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers so scattered that their upper bits are as good as random (the finaliser of splitmix64)."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    scattered: NDArray[np.uint64] = mixed ^ (mixed >> np.uint64(31))
    return scattered


def _residue_tables() -> tuple[Residues, Residues]:
    """Residue of each codon of A, C, G, T and other, on this strand and on the other. -> (125,) each."""
    forward, reverse = np.full(125, _STOP, np.uint8), np.full(125, _STOP, np.uint8)
    for first, second, third in itertools.product(range(4), repeat=3):
        codon = 25 * first + 5 * second + third
        forward[codon] = _residue((first, second, third))
        reverse[codon] = _residue((3 - third, 3 - second, 3 - first))
    return forward, reverse


def _residue(codon: tuple[int, int, int]) -> int:
    letter = _CODONS[16 * codon[0] + 4 * codon[1] + codon[2]]
    return _LETTERS.index(letter) if letter in _LETTERS else _STOP


def _base_table() -> Residues:
    """Number of each letter, A, C, G, T of either case; 4 for all others. -> (256,) uint8."""
    table = np.full(256, 4, np.uint8)
    for number, letters in enumerate(("Aa", "Cc", "Gg", "Tt")):
        for letter in letters:
            table[ord(letter)] = number
    return table


_BASES = _base_table()
_FORWARD, _REVERSE = _residue_tables()
