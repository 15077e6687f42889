"""A classifier as plain arrays by name, for a file, and back.

`members`, and `N.mean`, `N.whitening`, ... of the model of each length, N from 0.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .calibration import N_COEFFICIENTS
from .classifier import Classifier, LengthModel
from .scores import METHODS, Scorer, Space

_VECTORS = ("mean", "whitening", "centres", "references", "weights", "biases")  # float32

Arrays = Mapping[str, NDArray[np.generic]]


def classifier_arrays(classifier: Classifier) -> dict[str, NDArray[np.generic]]:
    """All numbers of a classifier; `classifier_of_arrays` makes the same classifier of them."""
    arrays: dict[str, NDArray[np.generic]] = {"members": classifier.members}
    for number, model in enumerate(classifier.models):
        space, scorer = model.space, model.scorer
        of_model: dict[str, NDArray[np.generic]] = {
            "numbers": np.array([model.length_bp, model.temperature, scorer.n_neighbours], np.float64),
            "coefficients": model.coefficients,
            "thresholds": model.thresholds,
            "mean": space.mean,
            "whitening": space.whitening,
            "centres": space.centres,
            "references": scorer.references,
            "reference_labels": scorer.reference_labels,
            "weights": scorer.weights,
            "biases": scorer.biases,
        }
        arrays |= {f"{number}.{name}": array for name, array in of_model.items()}
    return arrays


def classifier_of_arrays(arrays: Arrays, method: str) -> Classifier:
    """The classifier that `classifier_arrays` took apart.

    Raises:
        ValueError: an array is missing or has the wrong shape, or there is no such method.
    """
    if method not in METHODS:
        raise ValueError(f"no method '{method}'")
    try:
        members = np.asarray(arrays["members"], np.int64)
        n_models = sum(name.endswith(".numbers") for name in arrays)
        models = [_model(arrays, number, method=method) for number in range(n_models)]
    except KeyError as error:
        raise ValueError(f"lacks the array {error.args[0]}") from error
    classifier = Classifier(members, models)
    if members.ndim != 2 or not models or not all(_fits(model, members) for model in models):
        raise ValueError("arrays do not fit together")
    return classifier


def _model(arrays: Arrays, number: int, *, method: str) -> LengthModel:
    vectors = {name: np.asarray(arrays[f"{number}.{name}"], np.float32) for name in _VECTORS}
    length_bp, temperature, n_neighbours = np.asarray(arrays[f"{number}.numbers"], np.float64).tolist()
    scorer = Scorer(
        method,
        int(n_neighbours),
        vectors["references"],
        np.asarray(arrays[f"{number}.reference_labels"], np.int64),
        vectors["weights"],
        vectors["biases"],
    )
    return LengthModel(
        length_bp,
        Space(vectors["mean"], vectors["whitening"], vectors["centres"]),
        scorer,
        temperature,
        np.asarray(arrays[f"{number}.coefficients"], np.float64),
        np.asarray(arrays[f"{number}.thresholds"], np.float64),
    )


def _fits(model: LengthModel, members: NDArray[np.int64]) -> bool:
    n_ranks, n_classes = members.shape
    dim = len(model.space.mean)
    scorer = model.scorer
    return (
        model.space.whitening.shape == (dim, dim)
        and model.space.centres.shape == (n_classes, dim)
        and model.coefficients.shape == (n_ranks, N_COEFFICIENTS)
        and model.thresholds.shape == (n_ranks,)
        and scorer.references.shape == (len(scorer.reference_labels), dim)
        and bool(np.all((scorer.reference_labels >= 0) & (scorer.reference_labels < n_classes)))
        and bool(np.all((members >= 0) & (members < max(n_classes, 1))))
        and scorer.weights.shape == (len(scorer.biases), dim)
    )
