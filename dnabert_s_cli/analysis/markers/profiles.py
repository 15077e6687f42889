"""Profiles of single-copy marker genes: what is searched for on contigs.

The bytes of a HMMER3 file, with what is known of each family (least score, domain of life, neighbourhood on the
chromosome) -> checked profiles that `markers.py` searches with, and the `MarkerSet` that describes their columns.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyhmmer
from numpy.typing import NDArray

from ...errors import DnabertSError

BACTERIA = "bacteria"
ARCHAEA = "archaea"
BOTH = "both"
DOMAINS = (BACTERIA, ARCHAEA)

_CHANCE = 1e-15  # of a random protein reaching the score from which a profile without cut-offs is believed
_FORMAT_HINT = "give profiles of proteins in HMMER3 format, as hmmbuild writes them and Pfam offers them"


@dataclass(frozen=True, slots=True, eq=False)
class MarkerSet:
    """The marker genes that were searched for; M of them.

    Attributes:
        names: unique, in the order of the file.
        lengths: (M,) int64 positions of each profile.
        domains: `BACTERIA`, `ARCHAEA` or `BOTH`: whose genomes have the marker as a rule.
        groups: markers of one group lie side by side on the chromosome, so that together they say little more than
            one of them alone; each marker is in one group.
    """

    names: tuple[str, ...]
    lengths: NDArray[np.int64]
    domains: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MarkerProfiles:
    """A `MarkerSet` with the profiles themselves and the score in bits from which each is believed, (M,) float64."""

    markers: MarkerSet
    hmms: tuple[pyhmmer.plan7.HMM[Any], ...]
    min_scores: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MarkerNote:
    """What is known of a family apart from its profile."""

    min_score: float | None = None
    domain: str = BOTH
    group: str | None = None


def load_profiles(
    hmm_bytes: bytes, *, path: str | Path, notes: Mapping[str, MarkerNote] | None = None
) -> MarkerProfiles:
    """Profiles from the content of a HMMER3 file.

    A profile without a note is of both domains, a group of its own, and is believed from its gathering cut-off, else
    its trusted one, else the score that one random protein in 10^15 reaches by the profile's own statistics.

    Args:
        path: names the file in errors.
        notes: by name of the profile; profiles without one are allowed.

    Raises:
        DnabertSError: not HMMER3, no profile, not of proteins, or a name comes twice.
    """
    notes = notes or {}
    hmms = _parse(hmm_bytes, path)
    names = tuple(_text(hmm.name) for hmm in hmms)
    first_of: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if name in first_of:
            problem = f"profile {number} has the name of profile {first_of[name]}"
            raise DnabertSError(problem, path=path, record=name, hint="give each profile a NAME of its own")
        first_of[name] = number
    of_each = [notes.get(name, MarkerNote()) for name in names]
    markers = MarkerSet(
        names=names,
        lengths=np.array([hmm.M for hmm in hmms], dtype=np.int64),
        domains=tuple(note.domain for note in of_each),
        groups=tuple(note.group or name for name, note in zip(names, of_each, strict=True)),
    )
    min_scores = [
        _least_score(hmm, path) if note.min_score is None else note.min_score
        for hmm, note in zip(hmms, of_each, strict=True)
    ]
    return MarkerProfiles(markers, tuple(hmms), np.array(min_scores, dtype=np.float64))


def _parse(hmm_bytes: bytes, path: str | Path) -> list[pyhmmer.plan7.HMM[Any]]:
    hmms: list[pyhmmer.plan7.HMM[Any]] = []
    try:
        with pyhmmer.plan7.HMMFile(io.BytesIO(hmm_bytes)) as file:
            for hmm in file:
                hmms.append(hmm)
    except (ValueError, EOFError, pyhmmer.errors.EaselError) as error:
        problem = f"cannot be read as HMMER3 profiles, after {len(hmms)} of them ({_one_line(error)})"
        raise DnabertSError(problem, path=path, hint=_FORMAT_HINT) from error
    for hmm in hmms:
        if not hmm.alphabet.is_amino():
            raise DnabertSError("is not a profile of a protein", path=path, record=_text(hmm.name), hint=_FORMAT_HINT)
    # pyhmmer passes over what it cannot finish where a file ends within the head of a profile
    is_cut = hmm_bytes.startswith(b"HMMER3/") and not hmm_bytes.rstrip().endswith(b"//")
    if is_cut or not hmms:
        problem = f"ends in the middle of a profile, after {len(hmms)} whole ones"
        raise DnabertSError(problem, path=path, hint="copy or download the file again")
    return hmms


def _least_score(hmm: pyhmmer.plan7.HMM[Any], path: str | Path) -> float:
    cutoffs = hmm.cutoffs
    for found in (cutoffs.gathering, cutoffs.trusted):
        if found is not None:
            return float(found[0])
    statistics = hmm.evalue_parameters
    if statistics.f_tau is None or statistics.f_lambda is None:
        problem = "has neither cut-offs (GA, TC) nor statistics (STATS LOCAL FORWARD)"
        raise DnabertSError(problem, path=path, record=_text(hmm.name), hint="calibrate it with hmmbuild")
    return float(statistics.f_tau - math.log(_CHANCE) / statistics.f_lambda)


def _text(name: str | bytes) -> str:
    """pyhmmer gives names as bytes or, from 0.12 on, as text."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:100]
