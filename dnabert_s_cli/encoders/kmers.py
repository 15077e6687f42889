"""Counts of k-mers: the table under every composition encoder.

Sequences are cut into slabs of about a million bases (a long sequence over several slabs, overlapping by k - 1 bases
so that each k-mer is counted once), each base becomes a two-bit code, k codes become one index, and indices are
counted per sequence. Counts are whole numbers, so neither slabs nor threads change them. A k-mer that holds anything
but A, C, G, T is not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np

from .windows import upper_dna, window_spans

BASES = "ACGT"
MAX_K = 8  # 65,536 columns; a table of more is no longer a dense one

_SLAB_BP = 1 << 20
_SLAB_CELLS = 1 << 21
_NO_BASE = 255
_CODE_OF_BYTE = np.full(256, _NO_BASE, dtype=np.uint8)
_CODE_OF_BYTE[np.frombuffer(BASES.encode(), dtype=np.uint8)] = np.arange(4, dtype=np.uint8)


def kmer_names(k: int, bases: str = BASES) -> list[str]:
    """All k-mers, the first letter slowest, in the given order of bases."""
    return ["".join(letters) for letters in product(bases, repeat=k)]


def count_kmers(sequences: Sequence[str], k: int, *, threads: int = 1) -> np.ndarray:
    """How often each k-mer occurs in each sequence. N sequences -> (N, 4^k) int64, columns as `kmer_names(k)`."""
    if not 1 <= k <= MAX_K:
        raise ValueError(f"k must be 1 to {MAX_K}, got {k}")
    counts = np.zeros((len(sequences), 4**k), dtype=np.int64)
    with ThreadPoolExecutor(threads) as pool:
        for first, table in pool.map(lambda slab: _count_slab(*slab, k=k), _slabs(sequences, k)):
            counts[first : first + len(table)] += table
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
    """Each row divided by its sum; a row without counts stays zero. (N, C) int64 -> (N, C) float64."""
    totals = counts.sum(axis=1, keepdims=True)
    shares: np.ndarray = counts / np.maximum(totals, 1)
    return shares


def _slabs(sequences: Sequence[str], k: int) -> Iterator[tuple[list[int], list[str]]]:
    """Pieces and the sequence each belongs to; a slab's bases and its table of counts both stay small."""
    owners: list[int] = []
    pieces: list[str] = []
    n_bp = 0
    for owner, sequence in enumerate(sequences):
        for start, end in window_spans(len(sequence), window_bp=_SLAB_BP, overlap_bp=k - 1):
            owners.append(owner)
            pieces.append(sequence[start:end])
            n_bp += end - start
            if n_bp >= _SLAB_BP or (owner - owners[0] + 1) * 4**k >= _SLAB_CELLS:
                yield owners, pieces
                owners, pieces, n_bp = [], [], 0
    if pieces:
        yield owners, pieces


def _count_slab(owners: Sequence[int], pieces: Sequence[str], *, k: int) -> tuple[int, np.ndarray]:
    """First owner, and the k-mers of it and its followers. -> (owners, 4^k) int64."""
    joined = "\n".join(upper_dna(piece) for piece in pieces) + "\n" * k
    letters = np.frombuffer(joined.encode("latin-1", "replace"), dtype=np.uint8)
    code = _CODE_OF_BYTE[letters]
    n_starts = len(code) - k + 1
    index = np.zeros(n_starts, dtype=np.uint16 if k > 4 else np.uint8)
    whole = np.ones(n_starts, dtype=bool)
    for offset in range(k):
        index *= 4
        index += code[offset : offset + n_starts]
        whole &= code[offset : offset + n_starts] != _NO_BASE
    rows = np.array(owners, dtype=np.int64) - owners[0]
    n_rows = int(rows[-1]) + 1
    widths = np.array([len(piece) + 1 for piece in pieces])
    widths[-1] += n_starts - widths.sum()  # the closing separators
    cell = np.repeat(rows * 4**k, widths) + index
    table = np.bincount(cell[whole], minlength=n_rows * 4**k)
    return owners[0], table.reshape(n_rows, 4**k)
