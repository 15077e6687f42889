"""From evidence for taxa to a name: the deepest rank of which it is sure enough.

Features of the best taxon of each rank -> the probability that it is right -> the deepest rank above its threshold, if
the taxa of the wider ranks are those above it. What the numbers are fitted to says `examples/species-reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..blocks import block_threads, row_blocks
from .classifier import UNCLASSIFIED, nearest_length
from .protein_kmers import Hashes
from .references import FEATURES, NO_TAXON, Evidence, References

_BLOCK_ROWS = 512

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What features mean, for sequences of about one length, or for bins.

    Attributes:
        length_bp: that length.
        coefficients: (R, 1 + F) float64: of each rank the intercept, and the weight of each of `FEATURES`.
        thresholds: (R,) float64 probabilities from which a rank is certain; infinite where it never is.
    """

    length_bp: float
    coefficients: Doubles
    thresholds: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Of B sequences or bins. Where nothing is certain, `ranks` is -1.

    Attributes:
        ranks: (B,) int64, the deepest rank that is certain.
        taxa: (B, R) int64, the best taxon at each rank.
        probabilities: (B, R) float64, that it is right.
        leads: (B, R) float64, how much greater its cosine is than that of the second.
        nearest: (B,) int64, the named clade with the nearest vector, however far.
        cosines: (B,) float64, to it.
    """

    ranks: Ints
    taxa: Ints
    probabilities: Doubles
    leads: Doubles
    nearest: Ints
    cosines: Doubles


def name_sequences(
    references: References,
    embeddings: Floats,
    *,
    calibrations: Sequence[Calibration],
    kmers: Sequence[Hashes] | None,
    lengths_bp: Ints,
    threads: int = 0,
) -> Names:
    """Name N sequences, or bins, each by the calibration of the nearest length. The bytes do not depend on `threads`.

    Args:
        calibrations: by length, ascending; with k-mers or without, as they are given here.
        embeddings: (N, D) float32.
        kmers: of each sequence, or None.
        lengths_bp: (N,) int64.
    """
    chosen = nearest_length([one.length_bp for one in calibrations], lengths_bp)

    def name_block(rows: slice) -> Names:
        evidence = references.evidence(embeddings[rows], None if kmers is None else kmers[rows])
        return _decide(references, evidence, calibrations=calibrations, chosen=chosen[rows])

    with block_threads(threads) as run:
        parts = list(run(name_block, row_blocks(len(embeddings), _BLOCK_ROWS)))
    parts = parts or [_nothing(references.n_ranks)]
    return Names(*(np.concatenate([getattr(part, name) for part in parts]) for name in Names.__slots__))


def probabilities_of(features: Doubles, coefficients: Doubles) -> Doubles:
    """Probability that the best taxon is right. (..., F), (..., 1 + F) -> (...)."""
    logits = coefficients[..., 0] + (features * coefficients[..., 1:]).sum(axis=-1)
    probabilities: Doubles = 1 / (1 + np.exp(-np.clip(logits, -500, 500)))
    return probabilities


def is_consistent(taxa: Ints, ancestors: Ints) -> NDArray[np.bool_]:
    """Whether the taxon of each rank lies in those of the wider ranks. (B, R), (R, M) -> (B, R)."""
    consistent: NDArray[np.bool_] = taxa != NO_TAXON
    for rank in range(taxa.shape[1]):
        for wider in range(rank):
            above = np.where(taxa[:, rank] == NO_TAXON, NO_TAXON, ancestors[wider, taxa[:, rank]])
            consistent[:, rank] &= (above == NO_TAXON) | (above == taxa[:, wider])
    return consistent


def _decide(references: References, evidence: Evidence, *, calibrations: Sequence[Calibration], chosen: Ints) -> Names:
    """Name one block."""
    coefficients = np.stack([one.coefficients for one in calibrations])[chosen]  # (B, R, 1 + F)
    thresholds = np.stack([one.thresholds for one in calibrations])[chosen]  # (B, R)
    probabilities = probabilities_of(evidence.features, coefficients)
    certain = (probabilities >= thresholds) & is_consistent(evidence.taxa, references.ancestors)
    certain &= certain[:, :1]  # what may be of no taxon at all gets no name
    deepest = references.n_ranks - 1 - certain[:, ::-1].argmax(axis=1)
    ranks = np.where(certain.any(axis=1), deepest, UNCLASSIFIED)
    leads = evidence.features[:, :, FEATURES.index("lead")]
    return Names(ranks, evidence.taxa, probabilities, leads, evidence.nearest, evidence.cosines)


def _nothing(n_ranks: int) -> Names:
    none, values = np.empty(0, np.int64), np.empty((0, n_ranks))
    return Names(none, np.empty((0, n_ranks), np.int64), values, values, none, np.empty(0))
