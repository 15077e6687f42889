"""What the contigs of a bin add up to: computed once, and shown in bins.tsv, in the report and on the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

HIGH_QUALITY = {"completeness": 90, "contamination": 5}  # percent; MIMAG, Bowers et al. 2017, without its RNA genes
MEDIUM_QUALITY = {"completeness": 50, "contamination": 10}


@dataclass(frozen=True, slots=True)
class BinName:
    """What a bin is, by references of known taxa.

    Attributes:
        taxon: its lineage, `d__...;p__...`, down to the last certain rank; "" where nothing is certain.
        rank: that rank, such as genus; "" for none.
        probability: that the lineage is right; of the widest rank where nothing is certain.
        nearest: the named reference whose vector is nearest, however unsure.
        similarity: the cosine to it.
    """

    taxon: str
    rank: str
    probability: float
    nearest: str
    similarity: float


@dataclass(frozen=True, slots=True)
class BinStats:
    """One bin: its number, from 1, and what its contigs add up to.

    Attributes:
        n50_bp: half of the bin's bases lie in contigs at least this long.
        gc: share of G and C among A, C, G and T, 0 to 1; NaN where there is none of them; None where not counted.
        depth: mean in each sample; None where the run knew none.
        completeness: percent, as is contamination; None where not estimated.
        name: what it is called in every file.
        circular: whether it is one circular contig.
        taxon: what it is; None where that was not asked for.
        sample: where the contigs of one sample were binned by themselves; None elsewhere, as is `species`.
        species: bins of one species in several samples share it.
        source: which bins of several binners it was made from; None elsewhere, as is `agreement`.
        agreement: how well those binners agree on it, 0 to 1.
        chimerism: share of its bases in parts of contigs that fit another bin; None where that was not looked at.
    """

    number: int
    n_contigs: int
    total_bp: int
    n50_bp: int
    longest_bp: int
    gc: float | None = None
    depth: Sequence[float] | None = None
    completeness: float | None = None
    contamination: float | None = None
    name: str = ""
    circular: bool = False
    taxon: BinName | None = None
    sample: str | None = None
    species: str | None = None
    source: str | None = None
    agreement: float | None = None
    chimerism: float | None = None

    @property
    def worth(self) -> tuple[float, int]:
        """By which the best of several bins is chosen: completeness less five times contamination, then size."""
        quality = 0.0
        if self.completeness is not None and self.contamination is not None:
            quality = self.completeness - 5 * self.contamination  # Parks et al. 2015
        return quality, self.total_bp

    @property
    def is_high_quality(self) -> bool:
        """Whether it is known to be nearly complete and clean."""
        return self._passes(HIGH_QUALITY)

    @property
    def is_medium_quality(self) -> bool:
        """Whether it is known to be half complete and rather clean, and no better."""
        return self._passes(MEDIUM_QUALITY) and not self.is_high_quality

    def _passes(self, limits: Mapping[str, int]) -> bool:
        if self.completeness is None or self.contamination is None:
            return False
        return self.completeness >= limits["completeness"] and self.contamination < limits["contamination"]


def summarise_bins(
    bins: np.ndarray,
    lengths_bp: np.ndarray,
    *,
    gc: np.ndarray | None = None,
    known_bp: np.ndarray | None = None,
    depth: np.ndarray | None = None,
    quality: Mapping[int, tuple[float, float]] | None = None,
) -> list[BinStats]:
    """What the contigs of each bin add up to, by number.

    Args:
        bins: (N,) number of each contig's bin, 0 or less for none.
        lengths_bp: (N,).
        gc: (N,) share of G and C, 0 to 1, NaN where unknown.
        known_bp: (N,) letters A, C, G and T, by which GC is averaged; None: by length.
        depth: (N, S) mean depths, averaged by length.
        quality: completeness and contamination, percent, of each bin for which they were estimated.
    """
    weights = lengths_bp if known_bp is None else known_bp
    rows = []
    for number, members in members_of_bins(bins):
        own_bp = lengths_bp[members].astype(np.int64)
        completeness, contamination = (quality or {}).get(number, (None, None))
        rows.append(
            BinStats(
                number=number,
                n_contigs=len(members),
                total_bp=int(own_bp.sum()),
                n50_bp=n50_bp(own_bp.tolist()),
                longest_bp=int(own_bp.max()),
                gc=None if gc is None else _mean(gc[members], weights[members]),
                depth=None if depth is None else [_mean(column, own_bp) for column in depth[members].T],
                completeness=completeness,
                contamination=contamination,
            )
        )
    return rows


def members_of_bins(bins: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Each number above 0 in `bins` (N,), rising, with the rows that have it, rising."""
    order = np.argsort(bins, kind="stable")
    order = order[np.searchsorted(bins[order], 1) :]
    if len(order):
        numbers, starts = np.unique(bins[order], return_index=True)
        yield from zip(numbers.tolist(), np.split(order, starts[1:]), strict=True)


def n50_bp(lengths_bp: Iterable[int]) -> int:
    """The greatest length such that contigs of at least it hold half of all bases; 0 for none."""
    longest_first = sorted(lengths_bp, reverse=True)
    total_bp, so_far_bp = sum(longest_first), 0
    for length_bp in longest_first:
        so_far_bp += length_bp
        if 2 * so_far_bp >= total_bp:
            return length_bp
    return 0


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    """The weighted mean of the values that are known; NaN for none."""
    known = np.isfinite(values)
    total = float(weights[known].sum())
    return float((values[known] * weights[known]).sum()) / total if total else math.nan
