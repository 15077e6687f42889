"""Contigs binned group by group: all together, or those of each sample by themselves.

Rows of each group -> what is known of these contigs alone -> clusters -> bins, numbered by size within the group and
through all groups. Only one group's vectors are in memory at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...analysis.binning.assignment import assign_bins
from ..cluster.methods import ClusterOptions
from ..progress import Progress
from .circular import Apart
from .clusters import Evidence, TaxonLabels, cluster_contigs
from .samples import Samples

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """B bins of N contigs.

    Attributes:
        of_contigs: (N,) int64 bin of each contig, 1 to B; 0 for none.
        names: B of them.
        samples: of each bin; None where there is one sample.
        unit: (N, D) float32 unit vectors in the geometry used.
        options: as used.
        separator: between sample and own name in the names of contigs; None where there is one sample.
        sources: which bins of several binners each was made from, and `agreement`, how well they agree on it, 0 to 1;
            None where there were none.
    """

    of_contigs: np.ndarray
    names: Sequence[str]
    samples: Sequence[str] | None
    unit: np.ndarray
    options: ClusterOptions
    separator: str | None = None
    sources: Sequence[str] | None = None
    agreement: Sequence[float] | None = None


def bin_together(
    evidence: Evidence, apart: Apart, *, options: ClusterOptions, min_bin_bp: int, prefix: str, progress: Progress
) -> Bins:
    """Bins of all contigs: bin.1, bin.2, ...

    Args:
        apart: contigs that are whole by themselves.
        prefix: what every name begins with; may be empty.
    """
    clustered = cluster_contigs(evidence, options, min_bin_bp=min_bin_bp, progress=progress)
    labels = apart.relabelled(clustered.labels, np.arange(len(evidence.lengths_bp)))
    numbers = assign_bins(labels, evidence.lengths_bp, min_bin_bp=min_bin_bp)
    names = [f"{prefix}bin.{number}" for number in range(1, int(numbers.max(initial=0)) + 1)]
    return Bins(numbers, names, None, clustered.unit, clustered.options)


def bin_by_sample(
    evidence: Evidence,
    apart: Apart,
    *,
    samples: Samples,
    options: ClusterOptions,
    unit: np.ndarray,
    min_bin_bp: int,
    prefix: str,
    progress: Progress,
) -> Bins:
    """Bins of each sample's contigs by themselves: S1.bin.1, S1.bin.2, ..., S2.bin.1, ...

    Both halves of contigs of all samples show how a genome scatters, so that this is known for small samples, too.

    Args:
        unit: (N, D) float32, filled with unit vectors; may be on disk.
    """
    numbers = np.zeros(len(samples.of_contigs), dtype=np.int64)
    names: list[str] = []
    of_bins: list[str] = []
    for sample, rows in zip(samples.names, samples.rows(), strict=True):
        own = _part(evidence, rows)
        clustered = cluster_contigs(own, options, min_bin_bp=min_bin_bp, progress=progress)
        unit[rows] = clustered.unit
        labels = apart.relabelled(clustered.labels, rows)
        found = assign_bins(labels, own.lengths_bp, min_bin_bp=min_bin_bp)
        n_bins = int(found.max(initial=0))
        logger.info("sample %s: %d contigs, %d bins", sample, len(rows), n_bins)
        numbers[rows] = np.where(found > 0, found + len(names), 0)
        names += [f"{prefix}{sample}.bin.{number}" for number in range(1, n_bins + 1)]
        of_bins += [sample] * n_bins
    return Bins(numbers, names, of_bins, unit, options, samples.separator)


def _part(evidence: Evidence, rows: np.ndarray) -> Evidence:
    """What is known of some contigs; depth in those samples that have theirs."""
    depth = None if evidence.depth is None else evidence.depth[rows]
    if depth is not None:
        depth = depth[:, np.isfinite(depth).all(axis=0)]
    hits, taxa = evidence.hits, evidence.taxa
    if hits is not None:
        kept = np.zeros(hits.n_contigs, dtype=np.bool_)
        kept[rows] = True
        hits = hits.of_contigs(kept)
    return replace(
        evidence,
        embeddings=np.array(evidence.embeddings[rows]),
        lengths_bp=evidence.lengths_bp[rows],
        depth=depth if depth is not None and depth.shape[1] else None,
        hits=hits,
        given=None if evidence.given is None else evidence.given[rows],
        taxa=None if taxa is None else TaxonLabels(taxa.labels[rows], taxa.confidences[rows]),
    )
