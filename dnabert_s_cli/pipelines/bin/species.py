"""Bins of one species over samples: a number for each, and the rows of species.tsv.

Bins of all samples, vectors of their contigs -> species -> the best bin of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...analysis.binning.species import link_bins
from ...io.bins.stats import BinStats
from ...io.bins.writing import SpeciesRow


def link_species(
    stats: Sequence[BinStats], embeddings: np.ndarray, *, bins: np.ndarray, lengths_bp: np.ndarray, seed: int
) -> tuple[list[BinStats], list[SpeciesRow]]:
    """The bins with their species, and a row for each species: species.1 is the one with the most bases.

    Args:
        embeddings: (N, D) of all contigs; may be on disk.
        bins: (N,) number of each contig's bin, 0 for none.
        lengths_bp: (N,).
    """
    order = np.argsort(bins, kind="stable")
    ends = np.searchsorted(bins[order], [row.number for row in stats], side="right")
    starts = np.searchsorted(bins[order], [row.number for row in stats], side="left")
    members = [order[start:end] for start, end in zip(starts, ends, strict=True)]
    numbers, cosines = link_bins(embeddings, lengths_bp, members=members, rng=np.random.default_rng(seed))
    groups = [np.flatnonzero(numbers == number).tolist() for number in range(int(numbers.max(initial=-1)) + 1)]
    groups.sort(key=lambda group: -sum(stats[place].total_bp for place in group))
    linked = list(stats)
    rows = []
    for rank, group in enumerate(groups, start=1):
        for place in group:
            linked[place] = replace(stats[place], species=f"species.{rank}")
        best = max(group, key=lambda place: stats[place].worth)
        similarity = min(float(cosines[place, best]) if place != best else 1.0 for place in group)
        rows.append(SpeciesRow(f"species.{rank}", [linked[place] for place in group], linked[best], similarity))
    return linked, rows
