"""The one error that a user can mend.

Whatever is wrong with an input, an option or the machine is raised as a `DnabertSError`, travels up
untouched, and is printed by the command line as one line and a hint.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

SHOWN_PROBLEMS = 20


class DnabertSError(Exception):
    """What is wrong, where, and what to do about it.

    Args:
        problem: one clause without a full stop.
        path: the file at fault ("-" is shown as <stdin>).
        line: line number, counted from 1.
        record: name of the sequence record at fault.
        hint: what the user can do.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str | Path | None = None,
        line: int | None = None,
        record: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = None if path is None else str(path)
        self.line = line
        self.record = record
        self.hint = hint

    def __str__(self) -> str:
        place = ""
        if self.path is not None:
            place = "<stdin>" if self.path == "-" else self.path
            place += f":{self.line}: " if self.line is not None else ": "
        record = f"record '{self.record}': " if self.record is not None else ""
        return f"{place}{record}{self.problem}"


class BadInputsError(DnabertSError):
    """Several problems of one call, reported together, one a line."""

    def __init__(self, problems: Sequence[DnabertSError]) -> None:
        super().__init__(f"{len(problems)} problems in the input")
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN_PROBLEMS]]
        if len(self.problems) > SHOWN_PROBLEMS:
            lines.append(f"and {len(self.problems) - SHOWN_PROBLEMS} more")
        return "\n".join(lines)


def raise_together(problems: Sequence[DnabertSError]) -> None:
    """Raise nothing for no problem, the problem itself for one, and a `BadInputsError` for several."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise BadInputsError(problems)
