"""`cluster`: sequences, or a table of vectors, to one cluster number each.

Vectors are scaled to unit length and clustered by k-medoid, HDBSCAN or k-means; a TSV says which cluster each record
is in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...analysis.binning.assignment import choose_min_similarity, plain_features
from ...analysis.clustering.number import choose_n_clusters
from ..progress import Progress
from ..run_record import Run
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import SequenceInput
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


def find_clusters(
    source: SequenceInput | Path, encoder: EncoderOptions, *, options: ClusterOptions, run: Run, progress: Progress
) -> Clusters:
    """Embed records, or read the table that `embed` wrote, and cluster the vectors.

    Raises:
        DnabertSError: bad input, no such model, or kmeans without a number of clusters.
    """
    if isinstance(source, SequenceInput):
        vectors = embed_vectors(source, encoder, summary=source.scan(), progress=progress)
    else:
        vectors = read_vectors(source)
    return _cluster(vectors, options, run=run, progress=progress)


def _cluster(vectors: Vectors, options: ClusterOptions, *, run: Run, progress: Progress) -> Clusters:
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
    return Clusters(vectors, features.unit, labels, options, run.seconds)
