"""Runs block-wise matrix work on several threads so that the bytes of the result never depend on how many.

A caller cuts its rows into blocks whose size follows from the shapes alone -> each block is one task on one thread,
with BLAS held to a single thread -> results come back in block order, to be placed or summed in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits

from ..threads import thread_count

Result = TypeVar("Result")
RunBlocks = Callable[[Callable[[slice], Result], Iterable[slice]], Iterator[Result]]


def row_blocks(n_rows: int, block_rows: int) -> list[slice]:
    """Slices of `block_rows` rows, the last one shorter, that cover `range(n_rows)`."""
    return [slice(start, min(start + block_rows, n_rows)) for start in range(0, n_rows, block_rows)]


@contextmanager
def block_threads(threads: int) -> Iterator[RunBlocks[Any]]:
    """Yield `run(task, blocks)`, which gives `task(block)` for every block in order.

    BLAS splits a product by its number of threads and with that changes its last bits, so inside this context it
    has one thread, and the parallel work is over blocks. Entering takes milliseconds: enter once for many runs.
    """
    with threadpool_limits(limits=1), ThreadPoolExecutor(thread_count(threads)) as pool:

        def run(task: Callable[[slice], Result], blocks: Iterable[slice]) -> Iterator[Result]:
            todo = list(blocks)
            return map(task, todo) if len(todo) == 1 else pool.map(task, todo)

        yield run
