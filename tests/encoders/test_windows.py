"""Cutting long sequences."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.encoders.windows import window_spans


def test_short_sequence_stays_whole() -> None:
    assert window_spans(7, window_bp=7, overlap_bp=0) == [(0, 7)]


def test_empty_sequence_is_one_empty_window() -> None:
    assert window_spans(0, window_bp=7, overlap_bp=0) == [(0, 0)]


def test_windows_are_balanced_rather_than_full_with_a_tail() -> None:
    assert window_spans(21, window_bp=10, overlap_bp=0) == [(0, 7), (7, 14), (14, 21)]


@given(length=st.integers(0, 5000), window=st.integers(2, 300), overlap=st.integers(0, 299))
def test_windows_cover_the_sequence_with_the_overlap_asked_for(length: int, window: int, overlap: int) -> None:
    overlap %= window
    spans = window_spans(length, window_bp=window, overlap_bp=overlap)
    assert spans[0][0] == 0
    assert spans[-1][1] == length
    assert all(end - start <= window for start, end in spans)
    assert all(after[0] == before[1] - overlap for before, after in pairwise(spans))


def test_overlap_as_long_as_the_window_is_refused() -> None:
    with pytest.raises(ValueError, match="overlap_bp"):
        window_spans(100, window_bp=10, overlap_bp=10)
