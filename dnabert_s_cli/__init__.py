"""dnabert-s: species-aware DNA embeddings and metagenome binning.

The public names below are loaded on first use (PEP 562), so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .analysis.density import hdbscan_clusters
    from .analysis.kmeans import kmeans
    from .analysis.kmedoid import kmedoid
    from .analysis.metrics import clustering_scores, score_bins
    from .analysis.neighbours import l2_normalize, nearest_neighbours
    from .encoders.loader import load_encoder
    from .errors import DnabertSError
    from .io.sequences import Record, read_sequences, scan_sequences
    from .io.tables import EmbeddingTable, read_embeddings

__version__ = "0.1.0"

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
    "EmbeddingTable": "io.tables",
    "Record": "io.sequences",
    "clustering_scores": "analysis.metrics",
    "hdbscan_clusters": "analysis.density",
    "kmeans": "analysis.kmeans",
    "kmedoid": "analysis.kmedoid",
    "l2_normalize": "analysis.neighbours",
    "load_encoder": "encoders.loader",
    "nearest_neighbours": "analysis.neighbours",
    "read_embeddings": "io.tables",
    "read_sequences": "io.sequences",
    "scan_sequences": "io.sequences",
    "score_bins": "analysis.metrics",
}


def __getattr__(name: str) -> object:
    """A public name, its module imported now."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)


def __dir__() -> list[str]:
    """The public names."""
    return [*__all__, "__version__"]
