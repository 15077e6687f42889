"""Counts of k-mers: the table under every composition encoder.

Sequences are cut into slabs of some hundred thousand bases (a long sequence over several slabs, which share just the
bases that a window reaches over the cut), each base becomes a two-bit code, the codes of a window become one number by
doubling (2 + 2 = 4, 4 + 2 = 6 bases), and the numbers are looked up as columns and counted per sequence. Several sets
of columns are counted in one pass. Counts are whole numbers, so neither slabs nor threads change them. A window that
holds anything but A, C, G, T is not counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from threading import Lock

import numpy as np

from ..windows import window_spans
from .windows import SEPARATOR, Scratch, WindowCodes

BASES = "ACGT"
MAX_K = 8  # 65,536 columns; a table of more is no longer a dense one

_SLAB_BP = 1 << 17  # what a slab needs in addition to its table then stays in the second-level cache
_SLAB_CELLS = 1 << 21
_ONE = np.int32(1)  # of the table's type: only so does np.add.at take its fast way


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Which windows of a sequence are counted, and in which column each.

    Args:
        pattern: "1" for a base that is looked at, "0" for one that may be any of A, C, G, T; begins and ends with "1".
        column_of_word: (4^ones,) int64; column of each word of looked-at bases, in the order of `kmer_names(ones)`.
        n_columns: one more than the largest column.
    """

    pattern: str
    column_of_word: np.ndarray
    n_columns: int


def kmer_names(k: int, bases: str = BASES) -> list[str]:
    """All k-mers, the first letter slowest, in the given order of bases."""
    return ["".join(letters) for letters in product(bases, repeat=k)]


def count_kmers(sequences: Sequence[str], k: int, *, threads: int = 1) -> np.ndarray:
    """How often each k-mer occurs in each sequence. N sequences -> (N, 4^k) int32, columns as `kmer_names(k)`."""
    if not 1 <= k <= MAX_K:
        raise ValueError(f"k must be 1 to {MAX_K}, got {k}")
    every_kmer = Spectrum("1" * k, np.arange(4**k), 4**k)
    return count_spectra(sequences, [every_kmer], threads=threads)


def count_spectra(sequences: Sequence[str], spectra: Sequence[Spectrum], *, threads: int = 1) -> np.ndarray:
    """Counts of all spectra, side by side in their order. N sequences -> (N, sum of n_columns) int32."""
    n_columns = sum(spectrum.n_columns for spectrum in spectra)
    counts = np.zeros((len(sequences), n_columns), dtype=np.int32)
    reach_bp = max(len(spectrum.pattern) for spectrum in spectra) - 1
    slabs = _slabs(list(map(len, sequences)), n_columns=n_columns, reach_bp=reach_bp)
    adding = Lock()

    def count(part: Sequence[Sequence[_Piece]]) -> None:
        scratch = Scratch()
        for slab in part:
            table = _count_slab(sequences, slab, spectra=spectra, scratch=scratch)
            with adding:  # a long sequence may be in two slabs
                counts[slab[0].row : slab[-1].row + 1] += table

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(count, [slabs[first::threads] for first in range(threads)]))
    return counts


def canonical_columns(k: int) -> np.ndarray:
    """Which canonical column each k-mer belongs to: a k-mer and its reverse complement share one. -> (4^k,) int64.

    Columns are numbered by the first k-mer of each pair in the order of `kmer_names`; 136 of them for k = 4.
    """
    codes = np.arange(4**k)
    reverse = reverse_complement_index(k)
    first = np.minimum(codes, reverse)
    return np.unique(first, return_inverse=True)[1]


def reverse_complement_index(k: int) -> np.ndarray:
    """Index of each k-mer's reverse complement, in the order of `kmer_names(k)`. -> (4^k,) int64."""
    remaining = np.arange(4**k)
    reverse = np.zeros(4**k, dtype=np.int64)
    for _ in range(k):
        reverse = reverse * 4 + (3 - remaining % 4)
        remaining //= 4
    return reverse


def fold_columns(counts: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Add up columns that share a number. (N, C), (C,) -> (N, max + 1) of the same dtype."""
    order = np.argsort(columns, kind="stable")
    starts = np.flatnonzero(np.diff(columns[order], prepend=-1))
    folded: np.ndarray = np.add.reduceat(counts[:, order], starts, axis=1)
    return folded


def frequencies(counts: np.ndarray) -> np.ndarray:
    """Each row divided by its sum; a row without counts stays zero. (N, C) integer -> (N, C) float64."""
    totals = counts.sum(axis=1, keepdims=True)
    shares: np.ndarray = counts / np.maximum(totals, 1)
    return shares


@dataclass(frozen=True, slots=True)
class _Piece:
    """Bases start to end of sequence `row`, of which windows begin at the first `end - start - n_shared`."""

    row: int
    start: int
    end: int
    n_shared: int


def _slabs(lengths_bp: Sequence[int], *, n_columns: int, reach_bp: int) -> list[list[_Piece]]:
    """Pieces of all sequences in order; a slab's bases and its table of counts both stay small."""
    slabs: list[list[_Piece]] = []
    slab: list[_Piece] = []
    n_bp = 0
    for row, length_bp in enumerate(lengths_bp):
        for start, end in window_spans(length_bp, window_bp=_SLAB_BP, overlap_bp=reach_bp):
            slab.append(_Piece(row, start, end, reach_bp if end < length_bp else 0))
            n_bp += end - start
            if n_bp >= _SLAB_BP or (row - slab[0].row + 1) * n_columns >= _SLAB_CELLS:
                slabs.append(slab)
                slab, n_bp = [], 0
    return [*slabs, slab] if slab else slabs


def _count_slab(
    sequences: Sequence[str], slab: Sequence[_Piece], *, spectra: Sequence[Spectrum], scratch: Scratch
) -> np.ndarray:
    """Counts of the slab's rows, first to last, in `scratch`. -> (rows, sum of n_columns) int32."""
    n_columns = sum(spectrum.n_columns for spectrum in spectra)
    reach_bp = max(len(spectrum.pattern) for spectrum in spectra) - 1
    letters = "".join([sequences[piece.row][piece.start : piece.end] + SEPARATOR for piece in slab])
    windows = WindowCodes(letters + SEPARATOR * reach_bp, scratch)
    n_cells = (slab[-1].row - slab[0].row + 1) * n_columns
    table = scratch.array("table", n_cells + 1, dtype=np.int32)  # the last cell is for windows that do not count
    table[:] = 0
    word = scratch.array("word", len(letters), dtype=np.int64)
    cell = scratch.array("cell", len(letters), dtype=np.int64)
    first_column = 0
    for spectrum in spectra:
        np.copyto(word, windows.words(spectrum.pattern, len(letters)))
        spectrum.column_of_word.take(word, out=cell, mode="clip")  # "raise" would go by way of a copy
        _add_row_starts(cell, slab, n_columns=n_columns, first_column=first_column)
        np.copyto(cell, n_cells, where=windows.broken(len(spectrum.pattern), len(letters)))
        _leave_out_shared(cell, slab, n_cells=n_cells)
        np.add.at(table, cell, _ONE)
        first_column += spectrum.n_columns
    return table[:-1].reshape(-1, n_columns)


def _add_row_starts(cell: np.ndarray, slab: Sequence[_Piece], *, n_columns: int, first_column: int) -> None:
    """Columns of a spectrum to cells of the slab's table, in place."""
    start = 0
    for piece in slab:
        end = start + piece.end - piece.start + 1
        cell[start:end] += (piece.row - slab[0].row) * n_columns + first_column
        start = end


def _leave_out_shared(cell: np.ndarray, slab: Sequence[_Piece], *, n_cells: int) -> None:
    """Send windows that the next piece of their sequence counts to the last cell."""
    end = 0
    for piece in slab:
        end += piece.end - piece.start + 1
        if piece.n_shared:
            cell[end - 1 - piece.n_shared : end] = n_cells
