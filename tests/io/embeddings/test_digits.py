from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dnabert_s_cli.io.embeddings.digits import format_rows


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=8),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    )
)
def test_text_reads_back_as_the_same_bits(rows: npt.NDArray[np.float32]) -> None:
    read = [list(map(float, line.split("\t"))) for line in format_rows(rows)]
    assert np.array(read, dtype=np.float32).tobytes() == rows.tobytes()


def test_neighbours_of_powers_of_ten_read_back_as_the_same_bits() -> None:
    powers = np.array([float(f"1e{power}") for power in range(-45, 39)], dtype=np.float32)
    rows = np.stack([np.nextafter(powers, np.float32(0)), powers, np.nextafter(powers, np.float32(np.inf))])
    read = np.array([line.split("\t") for line in format_rows(rows)]).astype(np.float64).astype(np.float32)
    assert read.tobytes() == rows.tobytes()


def test_random_bit_patterns_read_back_as_the_same_bits() -> None:
    bits = np.random.default_rng(0).integers(0, 1 << 32, size=50_000, dtype=np.uint32)
    numbers = bits.view(np.float32)
    rows = numbers[np.isfinite(numbers)][:, None]
    assert np.array(format_rows(rows)).astype(np.float64).astype(np.float32).tobytes() == rows.tobytes()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.5, "0.5"),
        (0.1, "0.100000001"),
        (0.015625, "0.015625"),
        (0.0001220703125, "0.000122070312"),
        (0.0000152587890625, "1.52587891e-05"),
        (12.5, "1.25e+01"),
        (3.4028235e38, "3.40282347e+38"),
        (1e-45, "1.40129846e-45"),
    ],
)
def test_number_is_written_briefly(number: float, text: str) -> None:
    assert format_rows(np.array([[number]], dtype=np.float32)) == [text]


def test_no_rows_give_no_lines() -> None:
    assert format_rows(np.empty((0, 3), dtype=np.float32)) == []
