"""The one error that a user can put right.

Whatever is wrong with an input, an option or the machine is raised as a `DnabertSError`, travels up
untouched, and is printed by the command line as one line and a hint. What is shown is harmless to a terminal and
bounded in length, whatever names and values a file holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

SHOWN_PROBLEMS = 20
_SHOWN_LETTERS = 1_000  # of a problem or hint
_SHOWN_NAME = 200  # of a file's or record's name
# control characters, marks that turn the direction of text or are not seen, and bytes of names that are not UTF-8
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


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
            place = "<stdin>" if self.path == "-" else shown(self.path, most=_SHOWN_NAME)
            place += f":{self.line}: " if self.line is not None else ": "
        record = f"record '{shown(self.record, most=_SHOWN_NAME)}': " if self.record is not None else ""
        return f"{place}{record}{shown(self.problem)}"


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


def shown(text: str, *, most: int = _SHOWN_LETTERS) -> str:
    """Text for a terminal: what it would obey or not show is escaped, as in `\\x1b`, and long text shortened."""
    if len(text) > most:
        kept = (most - 3) // 2
        text = f"{text[:kept]}...{text[-kept:]}"
    return _NOT_SHOWN.sub(_escaped, text)


def raise_together(problems: Sequence[DnabertSError]) -> None:
    """Raise nothing for no problem, the problem itself for one, and a `BadInputsError` for several."""
    if len(problems) == 1:
        raise problems[0]
    if problems:
        raise BadInputsError(problems)


def _escaped(match: re.Match[str]) -> str:
    letter = match.group()
    if "\udc80" <= letter <= "\udcff":  # a byte of a name that is not UTF-8
        return f"\\x{ord(letter) - 0xDC00:02x}"
    return letter.encode("unicode_escape").decode("ascii")


class OutputIsComplete(Exception):  # noqa: N818  no error: there is nothing left to do
    """Ends a run with --resume whose output an earlier run has completed from the same inputs and settings."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(f"{path}: is complete, made by an earlier run of this command; nothing to do")
