"""The three tasks of the paper on the vectors of one set, as published and in a sound form.

Vectors and species of a set -> unit rows, or rows standardised -> k-means, logistic regression or k-medoid -> scores.
`paper` does what the published code does. `sound` corrects it: the scaler does not see the test, the threshold is
chosen without labels, and what is in no cluster counts against its species.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ... import defaults
from ...analysis.binning.assignment import HalfPairs, choose_min_similarity, plain_features
from ...analysis.classification.few_shot import few_shot_f1, split_rows, standardise_by_all, standardise_by_training
from ...analysis.clustering.kmeans import kmeans, kmeans_plus_plus
from ...analysis.clustering.kmedoid import kmedoid
from ...analysis.neighbours import l2_normalize, nearest_neighbours
from ...analysis.scores.metrics import clustering_scores, nearest_neighbour_accuracy
from ...analysis.scores.species_recovery import LEVELS, centre_similarity, count_above, recover_species
from ...errors import DnabertSError
from ...io.bins.evaluation import Score
from .sets import EvaluationSet
from .systems import PAPER, VectorSource

CLUSTERING, CLASSIFICATION, BINNING = "clustering", "classification", "binning"
COVERAGE = "coverage"
SPREAD_ARI, NEAREST = "ari_kmeans++", "nn_accuracy"


@dataclass(frozen=True, slots=True)
class ProtocolOptions:
    """Numbers of the protocols; the defaults are upstream's.

    Args:
        n_seeds: runs of k-means and draws of shots, with seeds 0, 1, ...
        shots: labelled sequences a species.
        most_tests: sequences of each species to test on, or as many as remain after the shots.
        min_length_bp, min_sequences: binning leaves out shorter sequences, then species with fewer sequences.
        seed: of what is drawn to choose a threshold, and of TNF-VAE.
        threads: 0 for all cores.
    """

    n_seeds: int = defaults.PROTOCOL_SEEDS
    shots: tuple[int, ...] = tuple(map(int, defaults.SHOTS.split(",")))
    most_tests: int = defaults.TESTS_PER_SPECIES
    min_length_bp: int = defaults.EVALUATED_MIN_BP
    min_sequences: int = defaults.EVALUATED_MIN_SEQUENCES
    seed: int = defaults.SEED
    threads: int = defaults.THREADS


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One set to measure a model on, by one protocol; `threshold_set` only for the published binning."""

    kind: str
    protocol: str
    on: EvaluationSet
    threshold_set: EvaluationSet | None
    options: ProtocolOptions


def f1_metric(n_shots: int) -> str:
    """Name of the few-shot metric."""
    return f"macro_f1_{n_shots}_shot"


def level_metric(what: str, level: float) -> str:
    """Name of a count of species: `what` is f1 or recall."""
    return f"n_species_{what}_above_{level:.1f}"


def measure_model(source: VectorSource, task: Task) -> list[Score]:
    """All scores of a model on a set.

    Raises:
        CannotRunError: the model fails on these sequences.
        DnabertSError: the set is not one that the protocol can work with.
    """
    run = {CLUSTERING: _cluster, CLASSIFICATION: _classify, BINNING: _bin}[task.kind]
    named = run(source, task)
    return [Score(task.kind, task.protocol, source.label, task.on.name, name, tuple(values)) for name, values in named]


def check_set(kind: str, whole: EvaluationSet, *, path: Path, options: ProtocolOptions) -> None:
    """See that a task can be run on a set.

    Raises:
        DnabertSError: too few species or sequences; names the file.
    """
    if kind == CLUSTERING and len(set(whole.labels)) < 2:
        raise DnabertSError("holds a single species: nothing to cluster", path=path)
    if kind == CLASSIFICATION:
        split = split_rows(whole.labels, most_shots=max(options.shots), most_tests=options.most_tests, seed=0)
        if len(split.classes) < 2:
            n_needed = max(options.shots) + 1
            problem = f"{len(split.classes)} species have {n_needed} sequences or more; two are needed"
            raise DnabertSError(problem, path=path, hint="use smaller --shots")
    if kind == BINNING and not binned_part(whole, options).sequences:
        problem = f"no species has {options.min_sequences} sequences of {options.min_length_bp:,} bp or more, once cut"
        raise DnabertSError(problem, path=path, hint="use a smaller --min-length or --min-sequences")


def binned_part(whole: EvaluationSet, options: ProtocolOptions) -> EvaluationSet:
    """The sequences that binning keeps: first those that are long enough, then species that have enough of them."""
    rows = [row for row, sequence in enumerate(whole.sequences) if len(sequence) >= options.min_length_bp]
    names, members, counts = np.unique([whole.labels[row] for row in rows], return_inverse=True, return_counts=True)
    del names
    kept = [row for row, member in zip(rows, members, strict=True) if counts[member] >= options.min_sequences]
    return EvaluationSet(
        whole.name, tuple(whole.sequences[row] for row in kept), tuple(whole.labels[row] for row in kept)
    )


_Named = Iterable[tuple[str, Iterable[float]]]


def _cluster(source: VectorSource, task: Task) -> _Named:
    """K-means with the true number of species, once a seed; then once from better starts, and nearest neighbours.

    The published protocol alone hides differences: its starts cost even perfect vectors about .1 of ARI.
    """
    unit = l2_normalize(source.of(task.on.sequences, what=task.on.name))
    n_species = len(set(task.on.labels))
    nearest = nearest_neighbours(unit, 1, threads=task.options.threads).indices[:, 0]
    scores = [
        clustering_scores(task.on.labels, kmeans(unit, n_species, seed=seed)) for seed in range(task.options.n_seeds)
    ]
    return [
        ("ari", [one.ari for one in scores]),
        ("nmi", [one.nmi for one in scores]),
        ("homogeneity", [one.homogeneity for one in scores]),
        ("completeness", [one.completeness for one in scores]),
        (SPREAD_ARI, [clustering_scores(task.on.labels, kmeans_plus_plus(unit, n_species, seed=0)).ari]),
        (NEAREST, [nearest_neighbour_accuracy(task.on.labels, nearest)]),
    ]


def _classify(source: VectorSource, task: Task) -> _Named:
    """Macro F1 for each number of shots, once a seed; and how many were tested on."""
    options = task.options
    vectors = source.of(task.on.sequences, what=task.on.name)
    standardise = standardise_by_all if task.protocol == PAPER else standardise_by_training
    splits = [
        split_rows(task.on.labels, most_shots=max(options.shots), most_tests=options.most_tests, seed=seed)
        for seed in range(options.n_seeds)
    ]
    runs = [few_shot_f1(vectors, split, shots=options.shots, standardise=standardise) for split in splits]
    split = splits[0]
    return [
        *((f1_metric(n_shots), [run[place] for run in runs]) for place, n_shots in enumerate(options.shots)),
        ("n_species", [len(split.classes)]),
        ("n_species_left_out", [split.n_left_out]),
        ("n_tested_least", [min(map(len, split.tests))]),
        ("n_tested_most", [max(map(len, split.tests))]),
    ]


def _bin(source: VectorSource, task: Task) -> _Named:
    """Modified k-medoid, species matched with bins, and how many species are recovered above each level."""
    vectors = source.of(task.on.sequences, what=task.on.name)
    is_published = task.protocol == PAPER
    threshold = _labelled_threshold(source, task) if is_published else _own_threshold(source, task, vectors=vectors)
    labels = kmedoid(
        l2_normalize(vectors),
        min_similarity=min(max(threshold, 1e-3), 1 - 1e-6),
        min_cluster_size=defaults.MIN_CLUSTER_SIZE,
        rounds=defaults.KMEDOID_ROUNDS,
        max_clusters=defaults.MAX_CLUSTERS,
        threads=task.options.threads,
    )
    found = recover_species(task.on.labels, labels)
    f1, recall = (found.f1_assigned, found.recall_assigned) if is_published else (found.f1, found.recall)
    return [
        *((level_metric("f1", level), [n]) for level, n in zip(LEVELS, count_above(f1), strict=True)),
        *((level_metric("recall", level), [n]) for level, n in zip(LEVELS, count_above(recall), strict=True)),
        ("mean_f1", [float(f1.mean())]),
        (COVERAGE, [found.coverage]),
        ("min_similarity", [threshold]),
        ("n_bins", [len(np.unique(labels[labels > 0]))]),
        ("n_species", [len(found.species)]),
        ("n_sequences", [len(labels)]),
    ]


def _labelled_threshold(source: VectorSource, task: Task) -> float:
    """As published: a percentile of similarities to the species' mean, on a labelled set."""
    labelled = task.threshold_set
    assert labelled is not None, "checked before anything is embedded"
    unit = l2_normalize(source.of(labelled.sequences, what=labelled.name))
    return centre_similarity(unit, labelled.labels, percent=defaults.THRESHOLD_PERCENT)


def _own_threshold(source: VectorSource, task: Task, *, vectors: np.ndarray) -> float:
    """As `bin` does: from both halves of some sequences, or from neighbours where a half says nothing by itself."""
    lengths_bp = np.array([len(sequence) for sequence in task.on.sequences], dtype=np.int64)
    generator = np.random.default_rng(task.options.seed)
    halves = None
    if source.system.embeds_alone:
        long_enough = np.flatnonzero(lengths_bp >= 2 * defaults.MIN_HALF_BP)
        rows = np.sort(generator.permutation(long_enough)[: defaults.HALF_PAIRS])
        parts = [task.on.sequences[row] for row in rows]
        first = source.of([part[: len(part) // 2] for part in parts], what=f"first halves of {task.on.name}")
        second = source.of([part[len(part) // 2 :] for part in parts], what=f"second halves of {task.on.name}")
        halves = HalfPairs(first, second, lengths_bp[rows]) if len(rows) else None
    features = plain_features(vectors, lengths_bp, halves=halves, rng=generator)
    return choose_min_similarity(features, lengths_bp, rng=generator)
