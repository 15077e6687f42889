"""References of four clades in four dimensions, for tests of files and names."""

from __future__ import annotations

import numpy as np

from dnabert_s_cli.analysis.classification.naming import Calibration
from dnabert_s_cli.analysis.classification.protein_kmers import KmerSample
from dnabert_s_cli.analysis.classification.references import FEATURES, References, taxon_sizes
from dnabert_s_cli.io.labels.taxonomy import Taxon
from dnabert_s_cli.pipelines.classify.reference_store import (
    BINS,
    RANKS,
    SEQUENCES,
    VECTORS,
    StoredReferences,
    make_tree,
)

_BACTERIA, _BACILLOTA = Taxon("D", "Bacteria", 2), Taxon("P", "Bacillota", 1239)
LINEAGES = [
    (_BACTERIA, _BACILLOTA, Taxon("G", "Bacillus", 1386)),
    (_BACTERIA, _BACILLOTA, Taxon("G", "Listeria", 1637)),
    (_BACTERIA, _BACILLOTA),
    (),
    (Taxon("D", "Archaea", 2157),),
]


def small_references() -> StoredReferences:
    """Unit vectors along five axes; the fourth is of no taxon."""
    tree, last = make_tree(LINEAGES)
    ancestors, kmer_taxa = tree.ancestors(), np.array([2, 1, 4])
    references = References(
        ancestors,
        np.zeros(5, np.float32),
        np.eye(5, dtype=np.float32),
        np.array(last),
        np.array([7, 70_000, 4_000_000_000], np.uint32),
        kmer_taxa,
        taxon_sizes(kmer_taxa, ancestors),
        KmerSample(9, 100),
    )
    coefficients = np.zeros((len(RANKS), 1 + len(FEATURES)))
    coefficients[:, 0], coefficients[:, 1] = -5.0, 10.0
    calibration = Calibration(10_000.0, coefficients, np.array([0.5] * 6 + [np.inf]))
    kinds = {kind: [calibration] for kind in (SEQUENCES, VECTORS, BINS)}
    names = ["strain A", "", "", "", ""]
    return StoredReferences(references, tree, names, kinds, {"model": "m", "fingerprint": "f"}, {"source": "made up"})
