"""What several files say of the same records, joined by name; never by order.

Names asked for, names that a file knows -> places of those in both, counted -> refused where so few match that the
files are unlikely to belong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ..errors import DnabertSError

LEAST_MATCHED = 0.5  # share of the names that must be known
_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MatchedNames:
    """M names in both lists, in the order of those asked for.

    Attributes:
        places: (M,) int64, where each is among the names asked for.
        rows: (M,) int64, where each is among the names known.
        n_missing: names asked for that are not known.
        n_extra: names known that were not asked for.
    """

    places: np.ndarray
    rows: np.ndarray
    n_missing: int
    n_extra: int

    def __len__(self) -> int:
        return len(self.rows)


def match_names(
    names: Sequence[str],
    known: Sequence[str],
    *,
    path: str | Path | None,
    problem: str,
    hint: str,
    of_fewer: bool = False,
    at_least: int = 0,
) -> MatchedNames:
    """Find each of `names` among `known`, each of which holds a name once.

    Args:
        path: the file that knows them.
        problem: the message of a refusal; {matched}, {names} and {known} are counts, {unasked} the first names known
            that were not asked for.
        of_fewer: half of the shorter list must match, not half of `names`.
        at_least: so many names must match in any case.

    Raises:
        DnabertSError: fewer than half of the names are known.
    """
    row_of = {name: row for row, name in enumerate(known)}
    found = [(place, row_of[name]) for place, name in enumerate(names) if name in row_of]
    places, rows = np.array(found, dtype=np.int64).reshape(-1, 2).T
    base = min(len(names), len(known)) if of_fewer else len(names)
    if len(found) < LEAST_MATCHED * base or len(found) < at_least:
        asked = frozenset(names)
        unasked = ", ".join(islice((name for name in known if name not in asked), _SHOWN))
        counts = {"matched": f"{len(found):,}", "names": f"{len(names):,}", "known": f"{len(known):,}"}
        raise DnabertSError(problem.format(**counts, unasked=unasked), path=path, hint=hint)
    return MatchedNames(places=places, rows=rows, n_missing=len(names) - len(rows), n_extra=len(known) - len(rows))
