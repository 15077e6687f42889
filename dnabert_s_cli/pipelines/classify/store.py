"""A fitted classifier with its encoder and its labels, to a file and back; and whether vectors suit it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ...analysis.classification.arrays import classifier_arrays, classifier_of_arrays
from ...analysis.classification.classifier import Classifier
from ...analysis.classification.fit import FittedClassifier
from ...errors import DnabertSError
from ...io.labels.classifier_file import ClassifierFile, read_classifier_file, write_classifier_file
from ...io.provenance import repeatable_part
from ...untrusted import reason_of
from .label_set import LabelSet, lineages_from_json, lineages_to_json, make_label_set

logger = logging.getLogger(__name__)

_SHOWN_DIGITS = 12  # of a fingerprint
_READING = ("strand", "window_bp", "overlap_bp")  # how an encoder reads sequences, apart from what it is


@dataclass(frozen=True, slots=True, eq=False)
class StoredClassifier:
    """What a file holds: numbers, labels, what the encoder said of itself, and how the file was made."""

    classifier: Classifier
    labels: LabelSet
    method: str
    max_fpr: float
    encoder: Mapping[str, object]

    @property
    def dim(self) -> int:
        """Length of the vectors that it takes."""
        return len(self.classifier.models[0].space.mean)


def check_encoder(own: Mapping[str, object], other: Mapping[str, object], *, path: Path) -> None:
    """Raise `DnabertSError` unless an encoder is the one that the references were embedded with.

    Args:
        own: what the encoder of the references said of itself.
        other: what the encoder, or the provenance of a table, says.
        path: the classifier.
    """
    if own.get("fingerprint") is None or other.get("fingerprint") is None:
        logger.warning("%s: cannot tell whether the vectors are from its encoder", path)
        return
    if own["fingerprint"] != other["fingerprint"]:
        raise DnabertSError(
            f"was fitted to vectors of {_shown(own)}, these are of {_shown(other)}",
            path=path,
            hint="use the same --model, or fit a classifier for this one",
        )
    differing = [name for name in _READING if own.get(name) != other.get(name)]
    if differing:
        name = differing[0]
        raise DnabertSError(
            f"was fitted with {name} {own.get(name)}, these vectors are of {name} {other.get(name)}",
            path=path,
            hint="embed both with the same settings",
        )


def save_classifier(
    path: Path, fitted: FittedClassifier, *, labels: LabelSet, max_fpr: float, run: Mapping[str, object]
) -> None:
    """Write a classifier; `run` as of `describe_run`."""
    metadata = {
        "method": fitted.method,
        "max_fpr": max_fpr,
        "labels": lineages_to_json(labels.lineages),
        "accuracies": fitted.accuracies,
        "calibrations": [asdict(one) for one in fitted.calibrations],
        **{name: value for name, value in repeatable_part(run).items() if name != "argv"},
    }
    write_classifier_file(path, ClassifierFile(classifier_arrays(fitted.classifier), metadata))


def load_classifier(path: Path) -> StoredClassifier:
    """What `save_classifier` wrote.

    Raises:
        DnabertSError: missing, truncated, or not a classifier.
    """
    return classifier_of_file(read_classifier_file(path), path)


def classifier_of_file(content: ClassifierFile, path: Path) -> StoredClassifier:
    """A classifier out of what a file holds; errors as of `load_classifier`."""
    encoder = content.metadata.get("encoder")
    try:
        labels = make_label_set(lineages_from_json(content.metadata.get("labels")))
        method = str(content.metadata.get("method"))
        classifier = classifier_of_arrays(content.arrays, method)
        if classifier.members.shape != labels.members.shape or not isinstance(encoder, Mapping):
            raise ValueError("labels do not fit the arrays")
        max_fpr = float(str(content.metadata.get("max_fpr")))
    except (ValueError, LookupError, TypeError, OverflowError) as error:  # what values of wrong types and ranges make
        hint = "give a file that `dnabert-s classify fit` wrote"
        raise DnabertSError(f"is damaged: {reason_of(error)}", path=path, hint=hint) from error
    return StoredClassifier(classifier, labels, method, max_fpr, encoder)


def _shown(facts: Mapping[str, object]) -> str:
    return f"{facts.get('model', 'an unnamed model')} ({str(facts.get('fingerprint'))[:_SHOWN_DIGITS]})"
