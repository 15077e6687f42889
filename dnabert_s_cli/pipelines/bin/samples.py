"""Which sample each contig is of, by its name: `S1:contig_12` is of S1.

Names of contigs and a separator -> samples in the order of their first contigs. Names that look like those of a
catalogue are noticed, so that the copies of a species in several samples are not mixed by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...defaults import SEPARATOR
from ...errors import DnabertSError

_VAMB = re.compile(r"(S\d+)C.")  # VAMB's concatenate.py names contigs S1Cname
_SHOWN = 3


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """S samples of N contigs.

    Attributes:
        names: S of them.
        of_contigs: (N,) int64 sample of each contig, 0 to S - 1.
        separator: what stands between the sample and the contig's own name.
    """

    names: tuple[str, ...]
    of_contigs: np.ndarray
    separator: str

    def rows(self) -> list[np.ndarray]:
        """The contigs of each sample, rising."""
        order = np.argsort(self.of_contigs, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.of_contigs, minlength=len(self.names)))[:-1])


def split_names(ids: Sequence[str], separator: str) -> Samples:
    """The sample of each contig: what stands before the first separator in its name.

    Raises:
        DnabertSError: a name has no separator, or nothing before or behind it.
    """
    number_of: dict[str, int] = {}
    numbers = np.empty(len(ids), dtype=np.int64)
    for row, name in enumerate(ids):
        sample, found, own = name.partition(separator)
        if not (sample and found and own):
            problem = f"the name does not say its sample: no '{separator}' between two parts"
            hint = "name contigs SAMPLE:CONTIG (dnabert-s catalogue does), or give another --separator"
            raise DnabertSError(problem, record=name, hint=hint)
        numbers[row] = number_of.setdefault(sample, len(number_of))
    return Samples(tuple(number_of), numbers, separator)


def own_name(name: str, separator: str) -> str:
    """A contig's name without its sample."""
    return name.partition(separator)[2] or name


def refuse_catalogue(ids: Sequence[str]) -> None:
    """Raise `DnabertSError` if the names of all contigs begin with one of a few samples.

    That is `S1:name`, or VAMB's `S1Cname`, with two samples or more, and twice as many contigs.
    """
    for separator, prefixes in ((SEPARATOR, _before_colon(ids)), ("C", _before_c(ids))):
        if prefixes is not None and 2 <= len(prefixes) <= len(ids) / 2:
            samples = ", ".join(list(prefixes)[:_SHOWN]) + (", ..." if len(prefixes) > _SHOWN else "")
            problem = f"names of contigs look like a catalogue of {len(prefixes)} samples ({samples})"
            hint = f"bin it sample by sample with --separator {separator}, or all contigs together with --pooled"
            raise DnabertSError(problem, record=ids[0], hint=hint)


def _before_colon(ids: Sequence[str]) -> dict[str, None] | None:
    """What stands before the colons, if each name has one."""
    parts = [name.partition(SEPARATOR) for name in ids]
    return dict.fromkeys(part[0] for part in parts) if all(part[0] and part[2] for part in parts) else None


def _before_c(ids: Sequence[str]) -> dict[str, None] | None:
    """The samples of VAMB's names, if all are such."""
    found = [_VAMB.match(name) for name in ids]
    names = [one.group(1) for one in found if one is not None]
    return dict.fromkeys(names) if len(names) == len(found) else None
