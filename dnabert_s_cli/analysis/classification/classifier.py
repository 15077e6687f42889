"""Vectors to labels: the deepest rank of which the evidence is certain, or none.

Vectors and the lengths of their sequences -> the model of the nearest length -> probabilities of all labels, summed
over clades at each rank -> score of the best clade of each rank -> the deepest one above its threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..blocks import block_threads, row_blocks
from .calibration import log_odds, right_probability, softmax
from .scores import Scorer, Space, class_scores

UNCLASSIFIED = -1
_BLOCK_VALUES = 1 << 21  # scores, or products with references, held at once per thread
_MOST_ROWS, _LEAST_ROWS = 1024, 16

Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LengthModel:
    """What classifies sequences of about one length.

    Attributes:
        length_bp: that length.
        temperature: divides the scores of classes.
        coefficients: (R, 4) float64 of `right_probability`, for each rank.
        thresholds: (R,) float64, scores above which a label of that rank is given; infinite where it never is.
    """

    length_bp: float
    space: Space
    scorer: Scorer
    temperature: float
    coefficients: Doubles
    thresholds: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """C labels in R ranks, from the widest to the narrowest, and a model for each length, ascending.

    `members`: (R, C) int64, the clade that each label belongs to at each rank, numbered from 0 within the rank.
    """

    members: Ints
    models: Sequence[LengthModel]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Of N vectors. Where nothing is certain, `ranks` is -1 and the margin that of the narrowest rank.

    Attributes:
        ranks: (N,) int64, the deepest rank that is certain.
        clades: (N, R) int64, the best clade at each rank.
        scores: (N, R) float64, the probability that it is right.
        margins: (N,) float64, how much more probable it is than the second at the rank given.
    """

    ranks: Ints
    clades: Ints
    scores: Doubles
    margins: Doubles


@dataclass(frozen=True, slots=True, eq=False)
class RankEvidence:
    """The best clade of B vectors at one rank: (B,) its number, (B, 2) cosine and log odds, (B,) margin."""

    clades: Ints
    evidence: Doubles
    margins: Doubles


def classify(
    classifier: Classifier, embeddings: NDArray[np.float32], *, lengths_bp: Ints, threads: int = 0
) -> Predictions:
    """Label N vectors. Blocks have a fixed shape, so the bytes do not depend on `threads`.

    Args:
        embeddings: (N, D) float32.
        lengths_bp: (N,) int64, of the sequences.
    """
    n_rows, n_ranks = len(embeddings), len(classifier.members)
    found = Predictions(
        np.full(n_rows, UNCLASSIFIED),
        np.zeros((n_rows, n_ranks), np.int64),
        np.zeros((n_rows, n_ranks)),
        np.zeros(n_rows),
    )
    chosen = nearest_length([model.length_bp for model in classifier.models], lengths_bp)
    for number, model in enumerate(classifier.models):
        rows = np.flatnonzero(chosen == number)
        _label_rows(classifier.members, model, embeddings=embeddings, rows=rows, found=found, threads=threads)
    return found


def nearest_length(model_lengths_bp: Sequence[float], lengths_bp: Ints) -> Ints:
    """For each sequence the model whose length is nearest by ratio. (N,) -> (N,) int64."""
    edges = [math.sqrt(low * high) for low, high in pairwise(model_lengths_bp)]
    nearest: Ints = np.searchsorted(np.array(edges), lengths_bp).astype(np.int64)
    return nearest


def score_classes(
    space: Space, scorer: Scorer, *, embeddings: NDArray[np.float32]
) -> tuple[Doubles, NDArray[np.float32]]:
    """Scores of all classes (B, C) float64, and cosines to their centres (B, C) float32."""
    projected = space.project(embeddings)
    lengths = np.sqrt(np.einsum("ij,ij->i", projected, projected, dtype=np.float64)).astype(np.float32)
    cosines = (projected @ space.centres.T) / np.maximum(lengths, np.finfo(np.float32).tiny)[:, None]
    return class_scores(scorer, projected, cosines=cosines), cosines


def rank_evidence(probabilities: Doubles, cosines: NDArray[np.float32], *, members: Ints) -> RankEvidence:
    """What speaks for the most probable clade of a rank; equal ones: the first.

    Args:
        probabilities: (B, C) of the labels.
        cosines: (B, C) to their centres.
        members: (C,) the clade of each label.
    """
    order = np.argsort(members, kind="stable")
    starts = np.flatnonzero(np.diff(members[order], prepend=-1))
    summed = np.add.reduceat(probabilities[:, order], starts, axis=1)  # (B, clades)
    nearest = np.maximum.reduceat(cosines[:, order], starts, axis=1)
    rows = np.arange(len(summed))
    best = summed.argmax(axis=1)
    top = summed[rows, best]
    second = np.zeros(len(rows))
    if summed.shape[1] > 1:
        second = np.partition(summed, -2, axis=1)[:, -2]
    evidence = np.stack([nearest[rows, best].astype(np.float64), log_odds(top)], axis=1)
    return RankEvidence(members[order][starts][best], evidence, top - second)


def _label_rows(
    members: Ints,
    model: LengthModel,
    *,
    embeddings: NDArray[np.float32],
    rows: Ints,
    found: Predictions,
    threads: int,
) -> None:
    """Label these rows by one model, and put what comes out in its place."""

    def label(block: slice) -> None:
        own = rows[block]
        found.clades[own], found.scores[own], found.ranks[own], found.margins[own] = _label_block(
            members, model, embeddings=embeddings[own]
        )

    with block_threads(threads) as run:
        for _ in run(label, row_blocks(len(rows), _block_rows(model))):
            pass


def _label_block(
    members: Ints, model: LengthModel, *, embeddings: NDArray[np.float32]
) -> tuple[Ints, Doubles, Ints, Doubles]:
    """Clades (B, R), scores (B, R), deepest certain rank (B,), margin there (B,)."""
    values, cosines = score_classes(model.space, model.scorer, embeddings=embeddings)
    probabilities = softmax(values / model.temperature)
    found = [rank_evidence(probabilities, cosines, members=of_rank) for of_rank in members]
    scores = np.stack(
        [right_probability(one.evidence, of_rank) for one, of_rank in zip(found, model.coefficients, strict=True)],
        axis=1,
    )
    certain = scores > model.thresholds
    deepest = len(members) - 1 - certain[:, ::-1].argmax(axis=1)
    ranks = np.where(certain.any(axis=1), deepest, UNCLASSIFIED)
    margins = np.stack([one.margins for one in found], axis=1)[np.arange(len(ranks)), ranks]  # -1: the narrowest
    return np.stack([one.clades for one in found], axis=1), scores, ranks, margins


def _block_rows(model: LengthModel) -> int:
    columns = int(max(*model.space.centres.shape, len(model.scorer.references)))
    return min(_MOST_ROWS, max(_LEAST_ROWS, _BLOCK_VALUES // columns))
