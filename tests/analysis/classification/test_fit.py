from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.classification.arrays import classifier_arrays, classifier_of_arrays
from dnabert_s_cli.analysis.classification.classifier import UNCLASSIFIED, classify
from dnabert_s_cli.analysis.classification.fit import FittedClassifier, fit_classifier
from dnabert_s_cli.analysis.classification.held_out import Examples
from dnabert_s_cli.analysis.classification.scores import METHODS
from tests.analysis.classification.classes import class_examples, class_points

N_CLASSES = 12
FLAT = np.arange(N_CLASSES)[None]
GENERA = np.stack([np.arange(N_CLASSES) // 2, np.arange(N_CLASSES)])


def fit(*examples: Examples, members: np.ndarray = FLAT, method: str | None = "centroid") -> FittedClassifier:
    return fit_classifier(examples, members, method=method, n_neighbours=3, max_fpr=0.05, seed=0)


def test_new_sequences_of_known_classes_are_labelled() -> None:
    fitted = fit(class_examples(N_CLASSES, 20))
    points, labels = class_points(N_CLASSES, 30, seed=1)
    found = classify(fitted.classifier, points, lengths_bp=np.full(len(points), 1000))
    accepted = found.ranks != UNCLASSIFIED
    assert accepted.mean() > 0.7
    assert np.mean(found.clades[accepted, 0] == labels[accepted]) > 0.98


def test_most_sequences_of_unknown_classes_get_no_label() -> None:
    examples = class_examples(30, 20)
    known = examples.labels < 20
    fewer = Examples(1000.0, *(part[known] for part in (examples.embeddings, examples.labels, examples.units, known)))
    fitted = fit(fewer, members=np.arange(20)[None])
    unknown = examples.embeddings[~known]
    found = classify(fitted.classifier, unknown, lengths_bp=np.full(len(unknown), 1000))
    assert np.mean(found.ranks != UNCLASSIFIED) < 0.15


def test_rate_of_held_out_classes_is_near_what_was_asked_for() -> None:
    [calibration] = fit(class_examples(N_CLASSES, 40)).calibrations
    assert (calibration.n_unknown, calibration.n_clades) == (N_CLASSES * 40, N_CLASSES)
    assert calibration.fpr < 0.12
    assert calibration.fpr < calibration.fpr_limit < 0.5


def test_the_most_accurate_method_is_chosen() -> None:
    fitted = fit(class_examples(N_CLASSES, 10), method=None)
    assert set(fitted.accuracies) == set(METHODS)
    assert fitted.accuracies[fitted.method] == max(fitted.accuracies.values())


@pytest.mark.parametrize("method", METHODS)
def test_threads_do_not_change_a_byte(method: str) -> None:
    fitted = fit(class_examples(N_CLASSES, 10), method=method)
    points, _ = class_points(N_CLASSES, 400, seed=2)
    found = [
        classify(fitted.classifier, points, lengths_bp=np.full(len(points), 500), threads=threads) for threads in (1, 3)
    ]
    assert found[0].scores.tobytes() == found[1].scores.tobytes()
    assert found[0].margins.tobytes() == found[1].margins.tobytes()


def test_same_seed_gives_the_same_numbers() -> None:
    first, second = (classifier_arrays(fit(class_examples(N_CLASSES, 8)).classifier) for _ in range(2))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first)


@pytest.mark.parametrize("method", METHODS)
def test_arrays_make_the_same_classifier(method: str) -> None:
    fitted = fit(class_examples(N_CLASSES, 8), method=method)
    arrays = classifier_arrays(fitted.classifier)
    again = classifier_arrays(classifier_of_arrays(arrays, method))
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)


@pytest.mark.parametrize("missing", ["members", "0.whitening"])
def test_missing_array_is_an_error(missing: str) -> None:
    arrays = classifier_arrays(fit(class_examples(N_CLASSES, 8)).classifier)
    del arrays[missing]
    with pytest.raises(ValueError, match=f"lacks the array {missing}"):
        classifier_of_arrays(arrays, "centroid")


def test_arrays_that_do_not_fit_are_an_error() -> None:
    arrays = classifier_arrays(fit(class_examples(N_CLASSES, 8)).classifier)
    arrays["0.centres"] = arrays["0.centres"][:-1]
    with pytest.raises(ValueError, match="do not fit together"):
        classifier_of_arrays(arrays, "centroid")


def test_unknown_species_of_a_known_genus_stops_at_the_genus() -> None:
    rng = np.random.default_rng(0)
    genera, species, each = 15, 3, 25
    of_genus = 3 * rng.standard_normal((genera, 12))
    centres = (of_genus[:, None] + 0.9 * rng.standard_normal((genera, species, 12))).reshape(-1, 12)
    labels = np.repeat(np.arange(genera * species), each)
    points = (centres[labels] + 0.25 * rng.standard_normal((len(labels), 12))).astype(np.float32)
    is_new = labels % species == species - 1
    numbers = labels[~is_new] // species * (species - 1) + labels[~is_new] % species
    members = np.stack([np.arange(genera * (species - 1)) // (species - 1), np.arange(genera * (species - 1))])
    trained = Examples(1000.0, points[~is_new], numbers, np.arange(len(numbers)), np.ones(len(numbers), dtype=bool))
    fitted = fit(trained, members=members)
    found = classify(fitted.classifier, points[is_new], lengths_bp=np.full(int(is_new.sum()), 1000))
    at_genus = found.ranks == 0
    assert at_genus.mean() > 0.5
    assert np.mean(found.clades[at_genus, 0] == labels[is_new][at_genus] // species) > 0.95
    assert np.mean(found.ranks == 1) < 0.15


def test_a_rank_of_two_clades_is_never_the_label() -> None:
    members = np.stack([np.arange(N_CLASSES) // 6, np.arange(N_CLASSES)])
    fitted = fit(class_examples(N_CLASSES, 20), members=members)
    points, _ = class_points(N_CLASSES, 20, seed=3, spread=1.5)
    assert 0 not in classify(fitted.classifier, points, lengths_bp=np.full(len(points), 1000)).ranks


def test_two_labels_have_no_threshold() -> None:
    fitted = fit(class_examples(2, 10), members=np.arange(2)[None])
    points, _ = class_points(2, 10, seed=1, spread=5.0)
    assert (classify(fitted.classifier, points, lengths_bp=np.full(len(points), 1000)).ranks == 0).all()


def test_single_examples_are_fitted_by_centroids() -> None:
    fitted = fit(class_examples(N_CLASSES, 1), method=None)
    assert fitted.method == "centroid"
    assert [one.n_known for one in fitted.calibrations] == [0]
    assert [one.n_unknown for one in fitted.calibrations] == [N_CLASSES]


def test_each_length_has_a_model_and_the_nearest_is_used() -> None:
    noisy = class_examples(N_CLASSES, 20, length_bp=100.0, spread=1.0)
    fitted = fit(noisy, class_examples(N_CLASSES, 20, length_bp=10_000.0))
    points, _ = class_points(N_CLASSES, 20, seed=4)
    scores = [
        classify(fitted.classifier, points, lengths_bp=np.full(len(points), length)).scores
        for length in (90, 900, 1100)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[1], scores[2])
