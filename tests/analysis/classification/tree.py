"""A small tree of taxa for tests of references: two families, three genera, five species, and something of no taxon."""

from __future__ import annotations

import numpy as np

from dnabert_s_cli.analysis.classification.protein_kmers import KmerSample
from dnabert_s_cli.analysis.classification.references import References, taxon_sizes

# Taxa 0, 1: families; 2, 3, 4: genera, the first two of family 0; 5 to 9: species of genera 2, 2, 3, 4, 4.
ANCESTORS = np.array(
    [
        [0, 1, 0, 0, 1, 0, 0, 0, 1, 1],
        [-1, -1, 2, 3, 4, 2, 2, 3, 4, 4],
        [-1, -1, -1, -1, -1, 5, 6, 7, 8, 9],
    ]
)
DIM = 16


def directions() -> np.ndarray:
    """A unit vector of each of the five species and, last, of what is of no taxon; relatives point the same way."""
    rng = np.random.default_rng(3)
    family, genus, own = rng.normal(size=(3, 6, DIM))
    of_family, of_genus = [0, 0, 0, 1, 1, 2], [0, 0, 1, 2, 2, 3]
    vectors = np.array([2 * family[of_family[n]] + 1.5 * genus[of_genus[n]] + own[n] for n in range(6)])
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def references() -> References:
    """Clades in no order of the tree: species 9, none, 5, 8, 6, 7; k-mers 10, 20, ... for some taxa."""
    order, taxa = [4, 5, 0, 3, 1, 2], [9, -1, 5, 8, 6, 7]
    kmers, votes = [10, 20, 30, 40, 50, 60], [5, 2, 2, 0, 8, -1]
    return References(
        ANCESTORS,
        np.zeros(DIM, np.float32),
        directions()[order],
        np.array(taxa),
        np.array(kmers, np.uint32),
        np.array(votes),
        taxon_sizes(np.array(votes), ANCESTORS),
        KmerSample(5, 2),
    )
