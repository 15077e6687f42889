"""dnabert-s: species-aware DNA embeddings and metagenome binning.

The public names below are loaded on first use (PEP 562), so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .analysis.clustering.density import hdbscan_clusters
    from .analysis.clustering.kmeans import kmeans
    from .analysis.clustering.kmedoid import kmedoid
    from .analysis.neighbours import l2_normalize, nearest_neighbours
    from .analysis.scores.metrics import clustering_scores, score_bins
    from .encoders.loader import load_encoder
    from .errors import DnabertSError
    from .io.embeddings.reading import EmbeddingTable, read_embeddings
    from .io.sequences import Record, read_sequences, scan_sequences

__version__ = "0.2.0"

__all__ = [
    "DnabertSError",
    "EmbeddingTable",
    "Record",
    "clustering_scores",
    "hdbscan_clusters",
    "kmeans",
    "kmedoid",
    "l2_normalize",
    "load_encoder",
    "nearest_neighbours",
    "read_embeddings",
    "read_sequences",
    "scan_sequences",
    "score_bins",
]

_MODULE_OF = {
    "DnabertSError": "errors",
    "EmbeddingTable": "io.embeddings.reading",
    "Record": "io.sequences.reading",
    "clustering_scores": "analysis.scores.metrics",
    "hdbscan_clusters": "analysis.clustering.density",
    "kmeans": "analysis.clustering.kmeans",
    "kmedoid": "analysis.clustering.kmedoid",
    "l2_normalize": "analysis.neighbours",
    "load_encoder": "encoders.loader",
    "nearest_neighbours": "analysis.neighbours",
    "read_embeddings": "io.embeddings.reading",
    "read_sequences": "io.sequences.reading",
    "scan_sequences": "io.sequences.reading",
    "score_bins": "analysis.scores.metrics",
}


def __getattr__(name: str) -> object:
    """A public name, its module imported now."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, "__version__"]
