"""Numbers of threads, and work done ahead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from dnabert_s_cli.threads import one_ahead, several_ahead, thread_count


def test_zero_threads_means_at_least_one() -> None:
    assert thread_count(0) >= 1


def test_a_negative_number_of_threads_is_refused() -> None:
    with pytest.raises(ValueError, match="threads"):
        thread_count(-1)


def test_the_next_item_is_made_while_one_is_in_use() -> None:
    second_is_made = threading.Event()

    def source() -> Iterator[int]:
        yield 1
        second_is_made.set()
        yield 2

    items = one_ahead(source())
    assert next(items) == 1
    assert second_is_made.wait(timeout=10)
    assert list(items) == [2]


def test_an_error_of_the_source_reaches_the_caller() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    items = one_ahead(source())
    assert next(items) == 1
    with pytest.raises(ZeroDivisionError):
        next(items)


@pytest.mark.parametrize("n_threads", [0, 1, 3])
def test_results_come_in_the_order_of_their_items(n_threads: int) -> None:
    if not n_threads:
        assert list(several_ahead(str, range(50), executor=None, n_ahead=3)) == list(map(str, range(50)))
        return
    with ThreadPoolExecutor(n_threads) as executor:
        assert list(several_ahead(str, range(50), executor=executor, n_ahead=3)) == list(map(str, range(50)))


def test_no_more_items_are_drawn_than_may_be_ahead() -> None:
    drawn = []

    def items() -> Iterator[int]:
        for item in range(50):
            drawn.append(item)
            yield item

    with ThreadPoolExecutor(2) as executor:
        results = several_ahead(str, items(), executor=executor, n_ahead=4)
        assert next(results) == "0"
        assert drawn == [0, 1, 2, 3, 4]
