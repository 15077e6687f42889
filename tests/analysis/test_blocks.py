from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.analysis.blocks import block_threads, row_blocks


@given(st.integers(0, 200), st.integers(1, 50))
def test_row_blocks_cover_every_row_once_and_in_order(n_rows: int, block_rows: int) -> None:
    covered = [row for block in row_blocks(n_rows, block_rows) for row in range(block.start, block.stop)]
    assert covered == list(range(n_rows))


def test_results_come_in_the_order_of_the_blocks() -> None:
    with block_threads(3) as run:
        starts = list(run(lambda block: block.start, row_blocks(1000, 7)))
    assert starts == list(range(0, 1000, 7))


def test_an_error_in_a_block_reaches_the_caller() -> None:
    def fail(block: slice) -> None:
        raise ZeroDivisionError(block.start)

    with block_threads(2) as run, pytest.raises(ZeroDivisionError):
        list(run(fail, row_blocks(10, 3)))


def test_products_of_equal_blocks_do_not_depend_on_the_number_of_threads() -> None:
    rows = np.random.default_rng(0).standard_normal((700, 96)).astype(np.float32)
    found = []
    for threads in (1, 2):
        with block_threads(threads) as run:
            found.append(np.concatenate(list(run(lambda block: rows[block] @ rows.T, row_blocks(700, 128)))))
    assert found[0].tobytes() == found[1].tobytes()
