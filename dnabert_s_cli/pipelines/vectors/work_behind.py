"""Work in the background of a reader: one piece is made while the next is read.

The thread that reads is the one that is interrupted, so that Ctrl-C never waits for a slow pipe; the work runs in a
thread of its own, one piece at a time and in order.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from ..progress import Progress


class WorkBehind:
    """A context in which `submit` starts a piece of work as soon as the one before is done.

    An error of a piece is raised by the next `submit`, or at the end. Left by an error, the piece under way is still
    finished; left by Ctrl-C or a signal, it is ended at its next report of progress.
    """

    def __init__(self, progress: Progress) -> None:
        self.progress = _Stoppable(progress)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="behind")
        self._under_way: Future[object] | None = None

    def submit(self, work: Callable[[], object]) -> None:
        """Start work once the piece before is done."""
        self._finish()
        self._under_way = self._pool.submit(work)

    def __enter__(self) -> WorkBehind:
        return self

    def __exit__(  # noqa: PLR0917  Python prescribes the signature
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
            self.progress.is_stopped = kind is not None and not issubclass(kind, Exception)
        except BaseException:  # Ctrl-C while waiting: like one while reading
            self.progress.is_stopped = True
            raise
        finally:
            self._pool.shutdown()

    def _finish(self) -> None:
        if self._under_way is not None:
            self._under_way.result()


class _StoppedError(Exception):
    """Ends work whose reader was interrupted; nobody sees it."""


class _Stoppable:
    """Progress that ends the work which reports to it."""

    def __init__(self, shown: Progress) -> None:
        self.is_stopped = False
        self._shown = shown

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """A stage begins."""
        self._shown.start(stage, total, unit=unit)

    def advance(self, amount: int) -> None:
        """So much more is done."""
        if self.is_stopped:
            raise _StoppedError
        self._shown.advance(amount)
