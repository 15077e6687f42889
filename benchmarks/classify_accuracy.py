"""How right `classify` is, and what it rejects, on labelled sequences of many species.

Tables with columns `sequence` and `bin_id`. In each, each seed draws the shots of each species as references and tests
on all else, whole and cropped: once with every species labelled (share whose best label is right, whatever the
threshold), once with half of the species never labelled (share of labelled and of unlabelled species' sequences that
are rejected, and of those that get a label, how many get a wrong one). `expected_false` is the share of unlabelled
species' sequences that `classify fit` expects to get a label, and `spread` the standard deviation over seeds of what
the share turns out to be. Means over the seeds. The last line is one JSON object.

    python benchmarks/classify_accuracy.py TABLE.tsv.gz... [--model tnf-c] [--shots 10] [--seeds 3] [--method knn]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from machine import machine_facts
from numpy.typing import NDArray

from dnabert_s_cli.analysis.classification.classifier import UNCLASSIFIED, Predictions, classify, nearest_length
from dnabert_s_cli.encoders.embedder import Encoder
from dnabert_s_cli.io.labels.evaluation_sets import LabelledSequences, read_labelled
from dnabert_s_cli.pipelines.classify.fit import FitOptions, FitReport, fit_from_sequences
from dnabert_s_cli.pipelines.classify.references import ReferenceOptions
from dnabert_s_cli.pipelines.classify.store import StoredClassifier, load_classifier
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.run_record import KEEP
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from dnabert_s_cli.pipelines.vectors.inputs import SequenceInput

LENGTHS_BP = (150, 1_000, 10_000)
_BATCH = 4_096


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--model", default="tnf-c")
    parser.add_argument("--shots", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--method", choices=("centroid", "knn", "logistic"), help="chosen by cross-validation if absent"
    )
    arguments = parser.parse_args()
    encoder = EncoderOptions(model=arguments.model).open()
    tables = {Path(path).name: _measure_table(path, encoder, arguments=arguments) for path in arguments.tables}
    result = {
        "benchmark": "classify_accuracy",
        "model": arguments.model,
        "shots": arguments.shots,
        "seeds": arguments.seeds,
        "tables": tables,
        **machine_facts(),
    }
    print(json.dumps(result))


def _measure_table(path: str, encoder: Encoder, *, arguments: argparse.Namespace) -> dict[str, object]:
    """Means over the seeds, by length, and the methods that were used, each as often as it was."""
    labelled = read_labelled(path)
    runs: list[dict[str, dict[str, float]]] = []
    methods: list[str] = []
    for seed in range(arguments.seeds):
        measured, used = _measure(labelled, encoder, arguments=arguments, seed=seed)
        runs.append(measured)
        methods += used
    means = {
        length: {name: round(float(np.mean([run[length][name] for run in runs])), 4) for name in runs[0][length]}
        for length in runs[0]
    }
    for length, values in means.items():
        values["spread"] = round(float(np.std([run[length]["rejected_unlabelled"] for run in runs])), 4)
        print(f"{length:>6} bp  ", "  ".join(f"{name} {value:.3f}" for name, value in values.items()), flush=True)
    return {"methods": dict(Counter(methods)), "by_length_bp": means}


def _measure(
    labelled: LabelledSequences, encoder: Encoder, *, arguments: argparse.Namespace, seed: int
) -> tuple[dict[str, dict[str, float]], list[str]]:
    """All figures of one draw, by length, and the methods that were used."""
    rng = np.random.default_rng(seed)
    labels = np.array(labelled.labels)
    species = np.unique(labels)
    half = rng.permutation(species)[: len(species) // 2]
    drawn = [rng.permutation(np.flatnonzero(labels == one))[: arguments.shots] for one in species]
    shots = np.concatenate(drawn)
    tested = np.setdiff1d(np.arange(len(labels)), shots)
    closed, _ = _fit(labelled, shots, arguments=arguments, seed=seed)
    opened, report = _fit(labelled, shots[np.isin(labels[shots], half)], arguments=arguments, seed=seed)
    found = {}
    for length_bp in LENGTHS_BP:
        sequences = [_crop(labelled.sequences[row], length_bp, rng=rng) for row in tested]
        starts = range(0, len(sequences), _BATCH)
        embeddings = np.concatenate([encoder.embed(sequences[start : start + _BATCH]) for start in starts])
        lengths_bp = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        best, _ = _label(closed, classify(closed.classifier, embeddings, lengths_bp=lengths_bp))
        given, predictions = _label(opened, classify(opened.classifier, embeddings, lengths_bp=lengths_bp))
        accepted = predictions.ranks != UNCLASSIFIED
        is_known = np.isin(labels[tested], half)
        used = nearest_length([model.length_bp for model in opened.classifier.models], np.array([length_bp]))[0]
        expected = report.fitted.calibrations[used]
        found[str(length_bp)] = {
            "accuracy": float(np.mean(best == labels[tested])),
            "rejected_labelled": float(np.mean(~accepted[is_known])),
            "rejected_unlabelled": float(np.mean(~accepted[~is_known])),
            "rejected": float(np.mean(~accepted)),
            "wrong_of_accepted": float(np.mean((given != labels[tested])[accepted])) if accepted.any() else 0.0,
            "wrong_of_accepted_labelled": float(np.mean((given != labels[tested])[accepted & is_known])),
            "expected_false": expected.fpr,
        }
    return found, [closed.method, opened.method]


def _fit(
    labelled: LabelledSequences, rows: NDArray[np.int64], *, arguments: argparse.Namespace, seed: int
) -> tuple[StoredClassifier, FitReport]:
    """A classifier fitted to these rows, through files as a user would, and what the fit said."""
    with tempfile.TemporaryDirectory() as folder:
        fasta, labels, output = (Path(folder) / name for name in ("refs.fa", "labels.tsv", "species.clf"))
        fasta.write_text("".join(f">r{row}\n{labelled.sequences[row]}\n" for row in rows.tolist()))
        labels.write_text("".join(f"r{row}\t{labelled.labels[row]}\n" for row in rows.tolist()))
        options = FitOptions(labels=labels, method=arguments.method, references=ReferenceOptions(seed=seed))
        report = fit_from_sequences(
            SequenceInput((fasta,)),
            output,
            encoder=EncoderOptions(model=arguments.model),
            options=options,
            existing=KEEP,
            progress=Silent(),
        )
        return load_classifier(output), report


def _crop(sequence: str, length_bp: int, *, rng: np.random.Generator) -> str:
    start = int(rng.integers(0, max(len(sequence) - length_bp, 0) + 1))
    return sequence[start : start + length_bp]


def _label(stored: StoredClassifier, found: Predictions) -> tuple[NDArray[np.str_], Predictions]:
    """The best label of each row, accepted or not."""
    names = np.array([lineage[-1].name for lineage in stored.labels.clades[-1]])
    return names[found.clades[:, -1]], found


if __name__ == "__main__":
    main()
