"""Ctrl-C and SIGTERM during training: remembered, acted on between two steps.

signal -> `requested` -> the loop writes a checkpoint -> `deliver` hands the signal to its former handler. A
second signal is handed on at once.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType

_LOG = logging.getLogger(__name__)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], object] | int | None


class Interruption:
    """A context in which the signals only set `requested`; outside the main thread they keep their meaning."""

    def __init__(self) -> None:
        self.requested: int | None = None
        self._earlier: dict[int, _Handler] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]  # nohup, `&`
            self._earlier = {number: signal.signal(number, self._remember) for number in heard}
        return self

    def __exit__(  # noqa: PLR0917  Python prescribes the signature
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._restore()

    def deliver(self, number: int | None = None) -> None:
        """Give back the signals, and raise the one that came, or `number` where another process was asked."""
        self._restore()
        signal.raise_signal(self.requested or number or signal.SIGTERM)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        del frame
        self.requested = number
        self._restore()
        _LOG.warning("stopping: finishing this step, then writing last/ (interrupt again to stop at once)")

    def _restore(self) -> None:
        for number, handler in self._earlier.items():
            signal.signal(number, handler)
        self._earlier = {}
