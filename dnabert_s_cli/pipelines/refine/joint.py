"""Several binners' bins of the same contigs to one set of bins.

Bin of each contig in each set, with what is known of the contigs -> candidates -> scores -> the best set, and for each
of its bins the words that say where it comes from.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...analysis.binning.assignment import assign_bins
from ...analysis.binning.contig_space import contig_space
from ...analysis.refining.candidates import GIVEN, WITHOUT, divide_into_atoms, make_candidates
from ...analysis.refining.scoring import Judge
from ...analysis.refining.selection import Chosen, choose_bins
from ...io.bins.several import BinSet
from ..bin.clusters import Evidence, unit_vectors
from ..bin.groups import Bins
from ..cluster.methods import ClusterOptions
from ..progress import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Labels:
    """Bin of each of N contigs in each of B sets, (N, B) int64, -1 for none; names of the bins of each set."""

    of_contigs: np.ndarray
    names: Sequence[Sequence[str]]


def join_sets(
    sets: Sequence[BinSet],
    ids: Sequence[str],
    *,
    evidence: Evidence,
    options: ClusterOptions,
    min_bin_bp: int,
    prefix: str,
    progress: Progress,
) -> Bins:
    """The best bins that can be made of several sets, numbered by size.

    Args:
        ids: N names of the contigs, in the order of `evidence`; others, which are too short, stay out.
        prefix: what every name begins with; may be empty.
    """
    labels = _labels(sets, ids)
    atoms = divide_into_atoms(labels.of_contigs, evidence.lengths_bp)
    candidates = make_candidates(atoms, min_bin_bp=min_bin_bp)
    logger.info("%d candidates from %d sets of bins", len(candidates), len(sets))
    progress.start(f"choosing among {len(candidates):,} candidates", None, unit="candidates")
    unit, spread = unit_vectors(evidence)
    generator = np.random.default_rng(options.seed)
    space = contig_space(unit, evidence.lengths_bp, spread=spread, depth=evidence.depth, rng=generator)
    judge = Judge(atoms, evidence.lengths_bp, hits=evidence.hits, space=space)
    chosen = choose_bins(candidates, atoms, judge=judge, min_bin_bp=min_bin_bp)
    own = np.full(len(ids), -1, dtype=np.int64)
    for number, one in enumerate(chosen):
        own[one.contigs] = number
    numbers = assign_bins(own, evidence.lengths_bp, min_bin_bp=min_bin_bp)
    by_size = sorted(chosen, key=lambda one: int(numbers[one.contigs[0]]))
    names = [f"{prefix}bin.{number}" for number in range(1, len(by_size) + 1)]
    words = [_source(one, sets, labels=labels) for one in by_size]
    return Bins(numbers, names, None, unit, options, sources=words, agreement=[one.score.agreement for one in by_size])


def _labels(sets: Sequence[BinSet], ids: Sequence[str]) -> _Labels:
    """Bins by number, in the order of their first contigs in each set."""
    of_contigs = np.full((len(ids), len(sets)), -1, dtype=np.int64)
    names: list[list[str]] = []
    known = frozenset(ids)
    for binner, one in enumerate(sets):
        number_of: dict[str, int] = {}
        for label in one.bin_of.values():
            number_of.setdefault(label, len(number_of))
        for row, contig in enumerate(ids):
            if contig in one.bin_of:
                of_contigs[row, binner] = number_of[one.bin_of[contig]]
        n_left_out = sum(contig not in known for contig in one.bin_of)
        logger.info(
            "%s: %d contigs in %d bins, %d of them too short", one.name, len(one.bin_of), len(number_of), n_left_out
        )
        names.append(list(number_of))
    return _Labels(of_contigs, names)


def _source(chosen: Chosen, sets: Sequence[BinSet], *, labels: _Labels) -> str:
    """Where a bin comes from: `a/bin.1`, `a/bin.1 & b/bin.7`, with `rest of` where better bins took a part of it."""
    one = chosen.candidate
    parts = [f"{sets[binner].name}/{labels.names[binner][number]}" for binner, number in one.sources]
    same = _same_bins(chosen, sets, labels=labels) if one.kind == GIVEN and chosen.is_whole else []
    words = f" {one.kind} ".join(parts) if one.kind != GIVEN else " = ".join([*parts, *same])
    assert one.kind != WITHOUT or len(parts) == 2, "a difference has two sides"
    return words if chosen.is_whole else f"rest of {words}"


def _same_bins(chosen: Chosen, sets: Sequence[BinSet], *, labels: _Labels) -> list[str]:
    """Bins of later sets that hold the very same contigs."""
    first = chosen.candidate.sources[0][0]
    found = []
    for binner in range(first + 1, len(sets)):
        column = labels.of_contigs[:, binner]
        number = int(column[chosen.contigs[0]])
        if number >= 0 and np.array_equal(np.flatnonzero(column == number), chosen.contigs):
            found.append(f"{sets[binner].name}/{labels.names[binner][number]}")
    return found
