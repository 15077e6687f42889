"""`cluster`: sequences, or a table of vectors, to one cluster number each.

Vectors are scaled to unit length and clustered by k-medoid, HDBSCAN or k-means; a TSV says which cluster each record
is in.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from ...analysis.binning.assignment import choose_min_similarity, plain_features
from ...analysis.clustering.number import choose_n_clusters
from ...io.bins.clusters import write_clusters
from ...io.files import atomic_path, check_output
from ...io.provenance import describe_run, write_run_json
from ..progress import Progress
from ..vectors.encoding import EncoderOptions, SequenceInput
from ..vectors.tables import Vectors, embed_vectors, read_vectors
from .methods import CHOSEN, KMEANS, KMEDOID, ClusterOptions, cluster_vectors


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """What came out; `options` as used, with the threshold or number chosen.

    Attributes:
        unit: (N, D) float32 rows of unit length, which were clustered.
        labels: (N,) int64 cluster of each record, from 1, -1 for none.
    """

    vectors: Vectors
    unit: np.ndarray
    labels: np.ndarray
    options: ClusterOptions
    seconds: float

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return len(np.unique(self.labels[self.labels > 0]))

    @property
    def n_unassigned(self) -> int:
        """Number of records in no cluster."""
        return int(np.count_nonzero(self.labels < 0))


def cluster_sequences(
    source: SequenceInput, encoder: EncoderOptions, *, options: ClusterOptions, progress: Progress
) -> Clusters:
    """Embed the records of `source`, then cluster them.

    Raises:
        DnabertSError: bad input, no such model, or kmeans without a number of clusters.
    """
    started = time.monotonic()
    vectors = embed_vectors(source, encoder, summary=source.scan(), progress=progress)
    return _cluster(vectors, options, progress=progress, started=started)


def cluster_table(path: Path, options: ClusterOptions, *, progress: Progress) -> Clusters:
    """Cluster a table that `embed` wrote."""
    started = time.monotonic()
    return _cluster(read_vectors(path), options, progress=progress, started=started)


def write_cluster_file(
    clusters: Clusters, output: Path, *, argv: Sequence[str], force: bool, scores: Mapping[str, float]
) -> None:
    """Write the assignments, and their provenance next to them (clusters.tsv -> clusters.tsv.run.json).

    Args:
        scores: against labels, for the provenance; empty where there are none.
    """
    check_output(output, force=force)
    with atomic_path(output) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        write_cluster_stream(clusters, stream)
    run = describe_run(
        argv=argv,
        command="cluster",
        seed=clusters.options.seed,
        encoder=clusters.vectors.encoder_facts,
        inputs=clusters.vectors.inputs,
        settings=asdict(clusters.options),
        timings_s={"total": clusters.seconds},
    )
    write_run_json(output.with_name(f"{output.name}.run.json"), {**run, "scores": scores} if scores else run)


def write_cluster_stream(clusters: Clusters, stream: TextIO) -> None:
    """Write the assignments as TSV: id, cluster; with a header."""
    write_clusters(stream, clusters.vectors.table.ids, labels=clusters.labels)


def _cluster(vectors: Vectors, options: ClusterOptions, *, progress: Progress, started: float) -> Clusters:
    """Choose the threshold if need be, and cluster."""
    table = vectors.table
    generator = np.random.default_rng(options.seed)
    features = plain_features(table.embeddings, table.lengths_bp, rng=generator)
    if options.method == KMEDOID and options.min_similarity is None:
        chosen = choose_min_similarity(features, table.lengths_bp, rng=generator)
        options = replace(options, min_similarity=chosen)
    progress.start(f"clustering {len(table.ids):,} vectors by {options.method}", None, unit="vectors")
    if options.method == KMEANS and options.n_clusters == CHOSEN:
        options = replace(
            options, n_clusters=choose_n_clusters(features.unit, seed=options.seed, threads=options.threads)
        )
    labels = cluster_vectors(features.unit, options)
    return Clusters(vectors, features.unit, labels, options, time.monotonic() - started)
