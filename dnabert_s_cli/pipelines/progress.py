"""How a pipeline tells how far it is: named stages, and amounts finished.

Pipelines call `start` once per stage and `advance` as work is done; the caller decides what a person sees.
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """What a pipeline reports to."""

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """A stage begins; `total` in `unit`, None where it cannot be known (standard input)."""

    def advance(self, amount: int) -> None:
        """So much more of the current stage is done."""


class Silent:
    """Progress that nobody watches."""

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """Nothing."""

    def advance(self, amount: int) -> None:
        """Nothing."""
