"""Views of clades: stretches of genes, in the order of the genome or at random, without a gene in common."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from genes import Genes

MIN_GENES = 6  # of a clade, to draw views from

_MOST_OF_CLADE = 0.9  # of a clade's bases that its views take together
_MOST_TRIES = 40
_SMALLER = 0.7
_SUMMED_VIEWS = 512


@dataclass(slots=True)  # not frozen: the generator moves on
class ViewSampler:
    """Draws views.

    Args:
        shortest_bp, longest_bp: between which lengths are log-uniform, less where a clade has less.
        in_order: share of the clades whose genes keep the order of the genome; the others' are shuffled.
    """

    genes: Genes
    rng: np.random.Generator
    shortest_bp: float
    longest_bp: float
    in_order: float = 0.7
    _gene_bp: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Take the lengths of all genes once."""
        self._gene_bp = self.genes.gene_bp

    def draw(self, clades: np.ndarray, *, n_views: int) -> tuple[np.ndarray, np.ndarray]:
        """Counts and lengths of the views of each clade, one clade after the other. -> (V, C) uint16, (V,) int64."""
        views = [view for clade in clades.tolist() for view in self._views_of(clade, n_views)]
        counts = np.empty((len(views), self.genes.counts.shape[1]), dtype=np.uint16)
        for first in range(0, len(views), _SUMMED_VIEWS):
            part = views[first : first + _SUMMED_VIEWS]
            starts = np.cumsum([0, *map(len, part[:-1])])
            rows = self.genes.counts[np.concatenate(part)]
            counts[first : first + len(part)] = np.add.reduceat(rows, starts, axis=0, dtype=np.uint16)
        return counts, np.array([self.genes.piece_bp[view].sum() for view in views])

    def _views_of(self, clade: int, n_views: int) -> list[np.ndarray]:
        """Pieces of each view of a clade."""
        order = np.arange(self.genes.first_gene[clade], self.genes.first_gene[clade + 1])
        order = order if self.rng.random() < self.in_order else self.rng.permutation(order)
        order = np.roll(order, -self.rng.integers(len(order)))
        ends_bp = np.concatenate([[0], np.cumsum(self._gene_bp[order])])
        lengths_bp = np.exp(self.rng.uniform(np.log(self.shortest_bp), np.log(self.longest_bp), n_views))
        lengths_bp *= min(1, _MOST_OF_CLADE * ends_bp[-1] / lengths_bp.sum())
        gaps_bp = self.rng.dirichlet(np.ones(n_views + 1)) * (ends_bp[-1] - lengths_bp.sum())
        for _ in range(_MOST_TRIES):
            spans = _spans(ends_bp, lengths_bp=lengths_bp, gaps_bp=gaps_bp)
            if len(spans) == n_views:
                return [
                    self._stretch(order[start:end], length_bp)
                    for (start, end), length_bp in zip(spans, lengths_bp, strict=True)
                ]
            lengths_bp, gaps_bp = lengths_bp * _SMALLER, gaps_bp * _SMALLER
        raise ValueError(f"clade {clade} has too few genes for {n_views} views")

    def _stretch(self, genes: np.ndarray, length_bp: float) -> np.ndarray:
        """Neighbouring pieces of some genes, of about that length together."""
        bounds = self.genes.first_piece
        pieces = np.concatenate([np.arange(bounds[gene], bounds[gene + 1]) for gene in genes])
        ends_bp = np.cumsum(self.genes.piece_bp[pieces])
        n_starts = len(pieces) - int(np.searchsorted(ends_bp, length_bp))
        first = self.rng.integers(max(1, n_starts))
        before_bp = ends_bp[first - 1] if first else 0
        last = int(np.searchsorted(ends_bp, before_bp + _MOST_OF_CLADE * length_bp))
        return pieces[first : last + 1]


def _spans(ends_bp: np.ndarray, *, lengths_bp: np.ndarray, gaps_bp: np.ndarray) -> list[tuple[int, int]]:
    """First gene, and first gene behind, of each view, as many as have room."""
    spans: list[tuple[int, int]] = []
    at_bp = 0.0
    for length_bp, gap_bp in zip(lengths_bp, gaps_bp, strict=False):
        at_bp += gap_bp
        start = int(np.searchsorted(ends_bp, at_bp, side="right")) - 1
        if start >= len(ends_bp) - 1:
            break
        end = max(int(np.searchsorted(ends_bp, at_bp + length_bp)), start + 1)
        end = min(end, len(ends_bp) - 1)
        spans.append((start, end))
        at_bp = max(at_bp + length_bp, float(ends_bp[end]))
    return spans
