"""How alike vectors are to labelled classes: one space in which classes are rounder, three ways to score in it.

Examples -> a whitening: the mean goes, and directions that vary within classes shrink -> class centres, weights of a
logistic regression, or the references themselves -> a score of every class for every vector.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from ..neighbours import l2_normalize, nearest_references

CENTROID, KNN, LOGISTIC = "centroid", "knn", "logistic"
METHODS = (CENTROID, KNN, LOGISTIC)  # in this order of preference where they do equally well

_ROUND_SHARE = 0.5  # of the covariance within classes: few classes say little of how others scatter
_INVERSE_PENALTY = 0.5  # of the logistic regression: upstream's few-shot protocol
_ITERATIONS = 200

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Where classes are separated at one length of sequences.

    Attributes:
        mean: (D,) float32, taken off each vector.
        whitening: (D, D) float32, by which it is multiplied then.
        centres: (C, D) float32, unit rows: the mean of each class; a zero row where a class has no example.
    """

    mean: Floats
    whitening: Floats
    centres: Floats

    def project(self, embeddings: Floats) -> Floats:
        """Vectors in this space. (N, D) -> (N, D) float32."""
        return np.asarray((embeddings - self.mean) @ self.whitening, dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """What one method needs in addition to the space; the arrays of the other methods are empty.

    Attributes:
        method: centroid, knn or logistic.
        n_neighbours: K (knn).
        references: (M, D) float32 unit rows in the space (knn).
        reference_labels: (M,) int64 (knn).
        weights: (C, D) float32 (logistic).
        biases: (C,) float32 (logistic).
    """

    method: str
    n_neighbours: int
    references: Floats
    reference_labels: NDArray[np.int64]
    weights: Floats
    biases: Floats


def fit_space(embeddings: Floats, labels: NDArray[np.int64], *, n_classes: int) -> Space:
    """The space in which the examples of a class scatter about alike in all directions.

    Half of the covariance within classes is replaced by a sphere of the same mean variance: it shall hold for classes
    that it was not estimated from. Where no class has two examples, that of all examples stands in.

    Args:
        embeddings: (N, D) float32.
        labels: (N,) int64, below `n_classes`.
    """
    vectors = embeddings.astype(np.float64)
    mean = vectors.mean(axis=0)
    counts = np.bincount(labels, minlength=n_classes)
    sums = np.zeros((n_classes, vectors.shape[1]))
    np.add.at(sums, labels, vectors)
    means = sums / np.maximum(counts, 1)[:, None]
    repeated = counts[labels] > 1
    scatter = (vectors - means[labels])[repeated] if repeated.any() else vectors - mean
    variances, axes = np.linalg.eigh(scatter.T @ scatter / len(scatter))
    variances = (1 - _ROUND_SHARE) * np.maximum(variances, 0) + _ROUND_SHARE * variances.mean()
    whitening = axes / np.sqrt(np.maximum(variances, np.finfo(np.float32).tiny))
    centres = l2_normalize(np.where(counts[:, None] > 0, (means - mean) @ whitening, 0.0))
    return Space(mean.astype(np.float32), whitening.astype(np.float32), centres)


def fit_scorer(
    method: str, space: Space, *, embeddings: Floats, labels: NDArray[np.int64], n_neighbours: int
) -> Scorer:
    """A method, ready to score; examples as in `fit_space`. The logistic one takes some iterations over them all."""
    dim = embeddings.shape[1]
    n_classes = len(space.centres)
    references, reference_labels = np.empty((0, dim), np.float32), np.empty(0, np.int64)
    weights, biases = np.empty((0, dim), np.float32), np.empty(0, np.float32)
    if method == KNN:
        references, reference_labels = l2_normalize(space.project(embeddings)), labels
    if method == LOGISTIC:
        weights, biases = _fit_logistic(space.project(embeddings), labels, n_classes=n_classes)
    return Scorer(method, n_neighbours, references, reference_labels, weights, biases)


def class_scores(scorer: Scorer, projected: Floats, *, cosines: Floats) -> NDArray[np.float64]:
    """Score of every class for every vector, higher for likelier classes. -> (B, C) float64.

    Args:
        projected: (B, D) float32, vectors in the space.
        cosines: (B, C) float32, to the centres of the classes.
    """
    if scorer.method == CENTROID:
        return cosines.astype(np.float64)
    if scorer.method == LOGISTIC:
        return np.asarray(projected @ scorer.weights.T + scorer.biases, dtype=np.float64)
    found = nearest_references(l2_normalize(projected), scorer.references, n_neighbours=scorer.n_neighbours)
    votes = np.zeros(cosines.shape)
    rows = np.arange(len(votes))[:, None]
    shares = np.maximum(found.similarities, 0).astype(np.float64) / scorer.n_neighbours
    np.add.at(votes, (rows, scorer.reference_labels[found.indices]), shares)
    return votes


def _fit_logistic(projected: Floats, labels: NDArray[np.int64], *, n_classes: int) -> tuple[Floats, Floats]:
    """Weights (C, D) and biases (C,); a class without example gets a bias that it never wins with."""
    present = np.unique(labels)
    weights = np.zeros((n_classes, projected.shape[1]), np.float32)
    biases = np.full(n_classes, -1e4, np.float32)
    if len(present) == 1:
        biases[present] = 0
        return weights, biases
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # what it has by then is as good for us
        model.fit(projected.astype(np.float64), labels)
    if len(present) == 2:  # one row for two classes: the other is its mirror
        weights[present[1]], weights[present[0]] = model.coef_[0] / 2, -model.coef_[0] / 2
        biases[present[1]], biases[present[0]] = model.intercept_[0] / 2, -model.intercept_[0] / 2
    else:
        weights[present], biases[present] = model.coef_, model.intercept_
    return weights, biases
