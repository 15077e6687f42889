"""Lengths agree in six digits."""

from __future__ import annotations

import pytest

from dnabert_s_cli.io.depth.table import same_length


@pytest.mark.parametrize(
    ("first_bp", "second_bp", "agree"),
    [
        *((5, 5, True), (5, 6, False), (1_234_567, 1_234_570, True), (1_234_570, 1_234_567, True)),
        *((1_234_567, 1_234_568, False), (999_999, 999_998, False)),
    ],
)
def test_lengths_agree_in_six_digits(first_bp: int, second_bp: int, agree: bool) -> None:
    assert same_length(first_bp, second_bp) is agree
