"""Canonical k-mers of any shape as spectra to count: k, or a pattern with gaps, to the column of each word.

A word and its reverse complement share a column, so both strands of a sequence count alike; a pattern must read the
same from both ends for that. Or each word has its own, and the strands differ. A spectrum with more columns than
allowed is hashed into fewer.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .counts import Spectrum, canonical_columns

MAX_BASES = 10  # a table of 4^10 words is 8 MB
MAX_SPAN_BP = 32

_HASH_FACTOR = 2_654_435_761  # 2^32 over the golden ratio: neighbours land far apart; part of every hashed model


@lru_cache(maxsize=32)
def canonical_spectrum(kmer: int | str, *, max_columns: int) -> Spectrum:
    """What to count for a k-mer, on both strands alike.

    Args:
        kmer: k, or a pattern such as "1101011" in which the bases under 0 may be any of A, C, G, T.
        max_columns: canonical words are hashed into that many columns where there are more of them.

    Raises:
        ValueError: not a k-mer that can be counted; `check_kmer` says why not.
    """
    pattern = _checked_pattern(kmer)
    return _hashed(pattern, canonical_columns(pattern.count("1")), max_columns=max_columns)


@lru_cache(maxsize=32)
def forward_spectrum(kmer: int | str, *, max_columns: int) -> Spectrum:
    """As `canonical_spectrum`, but a word and its reverse complement each have a column: one strand as it is read."""
    pattern = _checked_pattern(kmer)
    return _hashed(pattern, np.arange(4 ** pattern.count("1")), max_columns=max_columns)


def n_spectrum_columns(kmer: int | str, *, max_columns: int, is_canonical: bool = True) -> int:
    """How many columns `canonical_spectrum`, or `forward_spectrum`, has, without making it."""
    n_bases = pattern_of(kmer).count("1")
    n_words = 1 << 2 * n_bases
    n_palindromes = 0 if n_bases % 2 else 1 << n_bases
    return min((n_words + n_palindromes) // 2 if is_canonical else n_words, max_columns)


def pattern_of(kmer: int | str) -> str:
    """6 -> "111111"; a pattern stays as it is."""
    return "1" * kmer if isinstance(kmer, int) else kmer


def check_kmer(kmer: int | str) -> str | None:
    """What is wrong with a k-mer, in words; None for one that can be counted."""
    if isinstance(kmer, int) and not 1 <= kmer <= MAX_BASES:
        return f"k should be 1 to {MAX_BASES}, found {kmer}"
    pattern = pattern_of(kmer)
    if not set(pattern) <= {"0", "1"} or not pattern.startswith("1") or pattern != pattern[::-1]:
        return f"a pattern consists of 1 and 0, begins with 1 and is a palindrome, unlike '{pattern[:40]}'"
    if pattern.count("1") > MAX_BASES or len(pattern) > MAX_SPAN_BP:
        return f"a pattern has at most {MAX_BASES} times 1 within {MAX_SPAN_BP}, unlike '{pattern[:40]}'"
    return None


def _checked_pattern(kmer: int | str) -> str:
    if problem := check_kmer(kmer):
        raise ValueError(problem)
    return pattern_of(kmer)


def _hashed(pattern: str, columns: np.ndarray, *, max_columns: int) -> Spectrum:
    """The spectrum with one column for each number of `columns` (4^ones,), or `max_columns` where they are fewer."""
    n_columns = int(columns.max()) + 1
    if n_columns > max_columns:
        columns = ((columns * _HASH_FACTOR) % 2**32 * max_columns) >> 32
        n_columns = max_columns
    return Spectrum(pattern, columns, n_columns)
