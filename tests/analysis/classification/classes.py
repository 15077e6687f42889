"""Artificial classes in a space of a few dimensions, as examples to fit a classifier to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dnabert_s_cli.analysis.classification.held_out import Examples

DIM = 8


def class_points(
    n_classes: int, n_each: int, *, seed: int = 0, spread: float = 0.25
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Points (N, D) around a centre for each class, and their classes. The centres depend on nothing but the number."""
    centres = np.random.default_rng(99).standard_normal((n_classes, DIM))
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), n_each)
    points = centres[labels] + spread * rng.standard_normal((len(labels), DIM))
    return points.astype(np.float32), labels


def class_examples(n_classes: int, n_each: int, *, length_bp: float = 1000.0, spread: float = 0.25) -> Examples:
    """The same as examples, each a unit of its own."""
    points, labels = class_points(n_classes, n_each, spread=spread)
    return Examples(length_bp, points, labels, np.arange(len(labels)), np.ones(len(labels), dtype=bool))
