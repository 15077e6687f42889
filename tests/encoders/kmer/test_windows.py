"""Words of windows against spelling them out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.encoders.kmer.windows import Scratch, WindowCodes


def spell(word: int, n_bases: int) -> str:
    return "".join("ACGT"[word >> 2 * place & 3] for place in reversed(range(n_bases)))


@pytest.mark.parametrize("pattern", ["1", "11", "111", "11111", "1111111", "111111111", "101", "1101011", "1000001"])
def test_word_is_the_bases_under_the_ones(pattern: str) -> None:
    dna = "ACGTTGCATTACCGGATCA"
    n_windows = len(dna) - len(pattern) + 1
    words = WindowCodes(dna, Scratch()).words(pattern, n_windows)
    expected = [
        "".join(base for base, bit in zip(dna[start:], pattern, strict=False) if bit == "1")
        for start in range(n_windows)
    ]
    assert [spell(int(word), pattern.count("1")) for word in words] == expected


@given(st.text(alphabet="ACGTN-\n", min_size=9, max_size=40), st.integers(1, 9))
def test_window_is_broken_by_any_letter_that_is_no_base(letters: str, span_bp: int) -> None:
    n_windows = len(letters) - span_bp + 1
    broken = WindowCodes(letters, Scratch()).broken(span_bp, n_windows)
    assert broken.tolist() == [not set(letters[i : i + span_bp]) <= set("ACGT") for i in range(n_windows)]


def test_lower_case_and_u_are_bases() -> None:
    windows = WindowCodes("acguACGT", Scratch())
    assert windows.words("1", 8).tolist() == [0, 1, 2, 3] * 2
    assert not windows.broken(1, 8).any()


def test_no_other_letter_is_a_base() -> None:
    others = "".join(letter for letter in map(chr, range(1000)) if letter not in "ACGTUacgtu")
    assert WindowCodes(others, Scratch()).broken(1, len(others)).all()


def test_scratch_keeps_one_array_per_name() -> None:
    scratch = Scratch()
    long = scratch.array("a", 8, dtype=np.int64)
    assert np.shares_memory(long, scratch.array("a", 3, dtype=np.int64))
    assert not np.shares_memory(long, scratch.array("b", 3, dtype=np.int64))
    assert scratch.array("a", 9, dtype=np.int64).shape == (9,)
