"""Threads: how many there are, and work that is done before its results are needed.

Items -> a thread or several -> results in the order of the items. The caller takes one while the next are being made.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def usable_cores() -> int:
    """Cores this process may run on, which a scheduler may have made fewer than the machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_count(threads: int) -> int:
    """Number of threads to use; 0 means every core that this process may run on."""
    if threads < 0:
        raise ValueError(f"threads must be 0 or more, not {threads}")
    return threads or usable_cores()


def one_ahead(source: Iterator[Item]) -> Generator[Item, None, None]:
    """The items of `source`, the next one made by a thread while one is in use. No item may be None."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        waiting = thread.submit(next, source, None)
        while (made := waiting.result()) is not None:
            waiting = thread.submit(next, source, None)
            yield made


def several_ahead(
    make: Callable[[Item], Result], items: Iterable[Item], *, executor: Executor | None, n_ahead: int
) -> Iterator[Result]:
    """`make(item)` for each item, in order, with up to `n_ahead` results waiting or in the making.

    `items` are drawn by the caller's thread. Without an executor each result is made when it is asked for.
    """
    waiting: deque[Future[Result]] = deque()
    for item in items:
        if executor is None:
            yield make(item)
            continue
        waiting.append(executor.submit(make, item))
        if len(waiting) > n_ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
