"""What a run leaves on record: one `Run` from the start of a command to its run.json.

Command, argv and seed at the start -> seconds of its stages on the way -> with inputs, settings and encoder the content
of run.json.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .. import defaults
from ..io.files import sha256_file
from ..io.provenance import describe_run

_STDIN = "-"


class Run:
    """One run of a command; its clock starts here.

    Attributes:
        timings_s: seconds of each stage that was noted, and "total" up to the last of them.
    """

    def __init__(self, command: str, *, argv: Sequence[str] = (), seed: int = defaults.SEED) -> None:
        self.timings_s: dict[str, float] = {}
        self._command = command
        self._argv = argv
        self._seed = seed
        self._started = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def note(self, stage: str) -> None:
        """A stage ends."""
        now = time.monotonic()
        self.timings_s[stage] = now - self._last
        self.timings_s["total"] = now - self._started
        self._last = now

    def describe(
        self,
        *,
        inputs: Sequence[Mapping[str, object]],
        settings: Mapping[str, object],
        encoder: Mapping[str, object] | None = None,
        more_timings_s: Mapping[str, float] | None = None,
    ) -> dict[str, object]:
        """The content of run.json, as plain JSON values, of a run that ends now.

        Args:
            inputs: one mapping for each input file, with its path and SHA-256; `file_facts` makes them.
            encoder: what it says of itself; None where none was used.
        """
        return describe_run(
            argv=self._argv,
            command=self._command,
            seed=self._seed,
            encoder=encoder or {},
            inputs=inputs,
            settings=settings,
            timings_s={**(self.timings_s or {"total": self.seconds}), **(more_timings_s or {})},
        )


def file_facts(*paths: str | Path | None) -> list[dict[str, object]]:
    """Path and SHA-256 of each file, in order; of a folder and of standard input the path alone. None is left out."""
    return [
        {"path": str(path), "sha256": sha256_file(path)}
        if str(path) != _STDIN and Path(path).is_file()
        else {"path": str(path)}
        for path in paths
        if path is not None
    ]
