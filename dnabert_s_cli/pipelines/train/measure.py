"""How good a network in training is at telling species apart, by the published protocols in short.

Labelled sequences -> vectors of unit length -> k-means and nearest neighbours -> two numbers.
"""

from __future__ import annotations

import math

import numpy as np

from ... import defaults
from ...analysis.clustering.kmeans import kmeans
from ...analysis.neighbours import l2_normalize, nearest_neighbours
from ...analysis.scores.metrics import clustering_scores
from ...io.labels.evaluation_sets import LabelledSequences
from ...training.models.networks import Network
from ...training.precision import NumberFormat
from ...training.validation import embed_sequences


def measure_network(
    labelled: LabelledSequences, network: Network, *, batch_bp: int, products: NumberFormat
) -> dict[str, float]:
    """K-means ARI (mean over some seeds) and accuracy of the label of the nearest other sequence."""
    embeddings = embed_sequences(network, labelled.sequences, batch_bp=batch_bp, autocast_dtype=products)
    if not np.isfinite(embeddings).all():
        return {"ari": math.nan, "nn_accuracy": math.nan}
    unit = l2_normalize(embeddings)
    labels = np.array(labelled.labels)
    n_species = len(np.unique(labels))
    scores = [clustering_scores(labels, kmeans(unit, n_species, seed=seed)) for seed in range(defaults.EVAL_SEEDS)]
    nearest = nearest_neighbours(unit, 1).indices[:, 0]
    return {
        "ari": float(np.mean([score.ari for score in scores])),
        "nn_accuracy": float(np.mean(labels[nearest] == labels)),
    }
