"""Canonical k-mers of any shape against counting them one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.kmer import counts as kmers
from dnabert_s_cli.encoders.kmer.counts import count_spectra, kmer_names
from dnabert_s_cli.encoders.kmer.spectra import (
    canonical_spectrum,
    check_kmer,
    forward_spectrum,
    n_spectrum_columns,
    pattern_of,
)
from tests.conftest import random_dna

SEQUENCES = st.lists(st.text(alphabet="ACGTN", max_size=60), min_size=1, max_size=5)
SHAPES = (3, 4, "1101011", 6)
SPECTRA = [canonical_spectrum(kmer, max_columns=8192) for kmer in SHAPES]


def count_one_by_one(dna: str, kmer: int | str) -> Counter[str]:
    """Canonical words, each the first of itself and its reverse complement."""
    pattern = pattern_of(kmer)
    counts: Counter[str] = Counter()
    for start in range(len(dna) - len(pattern) + 1):
        window = dna[start : start + len(pattern)]
        if set(window) <= set("ACGT"):
            word = "".join(base for base, bit in zip(window, pattern, strict=True) if bit == "1")
            counts[min(word, reverse_complement(word))] += 1
    return counts


def named_counts(row: np.ndarray, kmer: int | str) -> Counter[str]:
    names = [name for name in kmer_names(pattern_of(kmer).count("1")) if name <= reverse_complement(name)]
    return Counter({names[column]: int(row[column]) for column in np.flatnonzero(row)})


@given(SEQUENCES)
def test_counts_of_several_shapes_equal_counting_one_by_one(sequences: list[str]) -> None:
    tables = np.split(count_spectra(sequences, SPECTRA), np.cumsum([s.n_columns for s in SPECTRA])[:-1], axis=1)
    for kmer, table in zip(SHAPES, tables, strict=True):
        assert [named_counts(row, kmer) for row in table] == [count_one_by_one(dna, kmer) for dna in sequences]


def test_counts_do_not_depend_on_slabs_or_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    sequences = [random_dna(length, length, "ACGTACGTACGTN") for length in (900, 4, 77, 0, 1500, 64, 65, 66)]
    whole = count_spectra(sequences, SPECTRA)
    for slab_bp in (16, 64, 101):
        monkeypatch.setattr(kmers, "_SLAB_BP", slab_bp)
        assert (count_spectra(sequences, SPECTRA) == whole).all()
        assert (count_spectra(sequences, SPECTRA, threads=3) == whole).all()


def test_slabs_of_few_cells_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sequences = [random_dna(50, seed) for seed in range(20)]
    whole = count_spectra(sequences, SPECTRA)
    monkeypatch.setattr(kmers, "_SLAB_CELLS", 3 * whole.shape[1])
    assert (count_spectra(sequences, SPECTRA, threads=2) == whole).all()


@pytest.mark.parametrize("kmer", [1, 4, 5, 6, 7, "1101011", 9])
def test_both_strands_count_alike(kmer: int | str) -> None:
    dna = random_dna(300, 1, "ACGTN")
    both = count_spectra([dna, reverse_complement(dna)], [canonical_spectrum(kmer, max_columns=512)])
    assert (both[0] == both[1]).all()
    assert both[0].any()


@pytest.mark.parametrize(("kmer", "n_columns"), [(1, 2), (4, 136), (5, 512), (6, 2080), (7, 8192), ("1101011", 512)])
def test_columns_are_the_canonical_words(kmer: int | str, n_columns: int) -> None:
    assert canonical_spectrum(kmer, max_columns=8192).n_columns == n_columns
    assert n_spectrum_columns(kmer, max_columns=8192) == n_columns


@pytest.mark.parametrize(("kmer", "max_columns", "n_columns"), [(3, 99, 64), ("101", 99, 16), (5, 700, 700)])
def test_forward_words_each_have_a_column(kmer: int | str, max_columns: int, n_columns: int) -> None:
    assert forward_spectrum(kmer, max_columns=max_columns).n_columns == n_columns
    assert n_spectrum_columns(kmer, max_columns=max_columns, is_canonical=False) == n_columns


def test_forward_words_are_counted_as_they_are_read() -> None:
    counts = count_spectra(["ACGTTTNAA"], [forward_spectrum(2, max_columns=99)])[0]
    names = kmer_names(2)
    found = {names[column]: int(counts[column]) for column in np.flatnonzero(counts)}
    assert found == {"AC": 1, "CG": 1, "GT": 1, "TT": 2, "AA": 1}


def test_hashing_fills_all_columns_evenly() -> None:
    spectrum = canonical_spectrum(8, max_columns=1000)
    words = np.unique(canonical_spectrum(8, max_columns=65536).column_of_word, return_index=True)[1]
    in_column = np.bincount(spectrum.column_of_word[words], minlength=1000)
    assert spectrum.n_columns == n_spectrum_columns(8, max_columns=1000) == 1000
    assert 31 <= in_column.min() <= in_column.max() <= 35  # 32,896 words


def test_hash_is_the_one_that_models_were_trained_with() -> None:
    assert canonical_spectrum(8, max_columns=4096).column_of_word[[0, 1, 27, 1000]].tolist() == [0, 2531, 2813, 3865]


@pytest.mark.parametrize(
    ("kmer", "problem"),
    [
        (0, "k should be 1 to 10, found 0"),
        (10**12, "k should be 1 to 10"),
        ("", "begins with 1"),
        ("0110", "begins with 1"),
        ("1101", "is a palindrome"),
        ("12", "of 1 and 0"),
        ("1" * 11, "at most 10 times 1"),
        ("1" + "0" * 31 + "1", "within 32"),
    ],
)
def test_what_cannot_be_counted_is_refused(kmer: int | str, problem: str) -> None:
    assert problem in str(check_kmer(kmer))
    with pytest.raises(ValueError, match=problem):
        canonical_spectrum(kmer, max_columns=10)
