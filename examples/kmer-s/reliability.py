"""Is a vector that states a low uncertainty right more often? Tables for the card of kmer-s.

    python reliability.py MODEL DATA_DIR

Sequences of each set clustering_N.tsv -> vectors with uncertainty -> by tenths of it: the mean of what is stated, the
mean of 1 - cosine to the mean of the species' other sequences, and how often the nearest other sequence is of the same
species; then that share among the surer half of all.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from dnabert_s_cli.analysis.neighbours import l2_normalize, nearest_neighbours
from dnabert_s_cli.encoders.kmer.folder import open_kmer_folder
from dnabert_s_cli.io.labels.evaluation_sets import read_labelled

N_PARTS = 10


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "data_dir"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    encoder = open_kmer_folder(given.model, name="kmer-s")
    found = []
    for path in sorted(given.data_dir.glob("clustering_*.tsv*")):
        labelled = read_labelled(path)
        embedded = encoder.embed_counted(labelled.sequences)
        assert embedded.uncertainty is not None, "the model states it"
        found.append((embedded.uncertainty, *_errors(embedded.embeddings, np.array(labelled.labels))))
    print_table(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _errors(vectors: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """1 - cosine to the mean of the other sequences of a species, and whether the nearest is of it. (N,) each."""
    unit = l2_normalize(vectors)
    distances = np.empty(len(unit))
    for species in np.unique(labels):
        rows = np.flatnonzero(labels == species)
        others = l2_normalize(unit[rows].sum(axis=0) - unit[rows])
        distances[rows] = 1 - (unit[rows] * others).sum(axis=1)
    nearest = nearest_neighbours(unit, 1).indices[:, 0]
    return distances, labels[nearest] == labels


def print_table(stated: np.ndarray, distances: np.ndarray, is_right: np.ndarray) -> None:
    """Markdown."""
    print("| tenth by stated uncertainty | stated | found | nearest neighbour right |\n|---|---:|---:|---:|")
    order = np.argsort(stated, kind="stable")
    for number, rows in enumerate(np.array_split(order, N_PARTS), start=1):
        print(f"| {number} | {stated[rows].mean():.3f} | {distances[rows].mean():.3f} | {is_right[rows].mean():.3f} |")
    surer = order[: len(order) // 2]
    print(f"\nNearest neighbour right: {is_right.mean():.3f} of all, {is_right[surer].mean():.3f} of the surer half.")


if __name__ == "__main__":
    main()
