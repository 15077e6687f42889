"""What labels sequences: a classifier that a user fitted, or references of the whole tree, such as the built-in ones.

A path, or none -> the file -> one of both, each of which says what encoder it needs, whether it looks at k-mers, and
labels a chunk of vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from ... import defaults
from ...analysis.classification.classifier import UNCLASSIFIED, classify
from ...analysis.classification.naming import Names, name_sequences
from ...analysis.classification.protein_kmers import KmerSample
from ...errors import DnabertSError
from ...io.embeddings.reading import EmbeddedChunk
from ...io.labels.classifier_file import read_classifier_file
from ...io.labels.predictions import Classification
from ...io.labels.references import find_references
from ...io.labels.taxonomy import Lineage
from ...io.sequences import Record
from ...threads import thread_count
from .reference_store import METHOD, RANKS, SEQUENCES, VECTORS, StoredReferences, references_of_file
from .store import StoredClassifier, check_encoder, classifier_of_file

Kmers = Sequence[np.ndarray]


class Labeller(Protocol):
    """What the recipe needs of either kind."""

    @property
    def encoder(self) -> Mapping[str, object]:
        """What the encoder of the references said of itself."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def sample(self) -> KmerSample | None:
        """The k-mers to take of sequences; None for none."""

    @property
    def dim(self) -> int:
        """Length of the vectors that it takes."""

    def label(self, chunk: EmbeddedChunk, kmers: Kmers | None, *, threads: int) -> list[Classification]:
        """Labels of a chunk; `kmers` of its sequences where there are sequences."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedLabeller:
    """A classifier that `classify fit` wrote."""

    stored: StoredClassifier
    path: Path
    sample: KmerSample | None = None

    @property
    def encoder(self) -> Mapping[str, object]:
        """What the encoder of the references said of itself."""
        return self.stored.encoder

    @property
    def dim(self) -> int:
        """Length of the vectors that it takes."""
        return self.stored.dim

    def label(self, chunk: EmbeddedChunk, kmers: Kmers | None, *, threads: int) -> list[Classification]:
        """Labels by the scores of the classifier; it has no use for k-mers."""
        del kmers
        stored = self.stored
        found = classify(stored.classifier, chunk.embeddings, lengths_bp=chunk.lengths_bp, threads=threads)
        columns = (chunk.ids, chunk.lengths_bp.tolist(), found.ranks.tolist(), found.margins.tolist())
        rows = zip(*columns, found.clades.tolist(), found.scores.tolist(), strict=True)
        ranks = {rank: place for place, rank in enumerate(stored.labels.ranks)}
        classified = []
        for name, length_bp, rank, margin, clades, scores in rows:
            lineage = stored.labels.clades[rank][clades[rank]] if rank != UNCLASSIFIED else ()
            of_taxa = tuple(scores[ranks[taxon.rank]] for taxon in lineage)
            classified.append(Classification(name, length_bp, lineage, scores[rank], margin, of_taxa))
        return classified


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceLabeller:
    """References of the whole tree."""

    stored: StoredReferences
    path: Path

    @property
    def encoder(self) -> Mapping[str, object]:
        """What the encoder of the references said of itself."""
        return self.stored.encoder

    @property
    def sample(self) -> KmerSample | None:
        """The k-mers to take of sequences."""
        return self.stored.references.sample

    @property
    def dim(self) -> int:
        """Length of the vectors that it takes."""
        return len(self.stored.references.mean)

    def label(self, chunk: EmbeddedChunk, kmers: Kmers | None, *, threads: int) -> list[Classification]:
        """Names by vectors, and by k-mers where they are known; the margin is that of the cosine."""
        stored = self.stored
        names = name_sequences(
            stored.references,
            chunk.embeddings,
            calibrations=stored.calibrations[VECTORS if kmers is None else SEQUENCES],
            kmers=kmers,
            lengths_bp=chunk.lengths_bp,
            threads=threads,
        )
        classified = []
        for row, (name, length_bp) in enumerate(zip(chunk.ids, chunk.lengths_bp.tolist(), strict=True)):
            lineage, scores = named_lineage(stored, names, row=row)
            rank = int(names.ranks[row])
            score, margin = float(names.probabilities[row, rank]), float(names.leads[row, rank])
            classified.append(Classification(name, length_bp, lineage, score, margin, scores))
        return classified


def open_labeller(path: Path | None, *, model: str | None = None) -> Labeller:
    """The labeller in a file; for None the built-in references for vectors of `model`, or those there are.

    Raises:
        DnabertSError: missing, damaged, none of both; or there is nothing built in for this model.
    """
    found = find_references(model or defaults.MODEL) if path is None else path
    content = read_classifier_file(found)
    if content.metadata.get("method") == METHOD:
        return ReferenceLabeller(references_of_file(content, found), found)
    return FittedLabeller(classifier_of_file(content, found), found)


def check_vectors(labeller: Labeller, facts: Mapping[str, object], *, dim: int) -> None:
    """Raise `DnabertSError` unless vectors are those of the labeller's encoder.

    Args:
        facts: what the encoder, or the provenance of a table, says.
        dim: length of the vectors.
    """
    if dim != labeller.dim:
        raise DnabertSError(f"takes vectors of {labeller.dim} numbers, these have {dim}", path=labeller.path)
    check_encoder(labeller.encoder, facts, path=labeller.path)


def kmers_of(records: Sequence[Record], sample: KmerSample | None, *, threads: int) -> Kmers | None:
    """The sampled protein k-mers of each record, in order; None where none are looked at."""
    if sample is None:
        return None
    n_threads = thread_count(threads)
    sequences = [record.sequence for record in records]
    size = max(1, -(-len(sequences) // n_threads))
    groups = [sequences[start : start + size] for start in range(0, len(sequences), size)]
    with ThreadPoolExecutor(n_threads) as pool:
        return [kmers for group in pool.map(sample.of_each, groups) for kmers in group]


def named_lineage(stored: StoredReferences, names: Names, *, row: int) -> tuple[Lineage, tuple[float, ...]]:
    """The lineage of one thing named, down to the last certain rank, and the probability at each of its taxa."""
    rank = int(names.ranks[row])
    if rank == UNCLASSIFIED:
        return (), ()
    lineage = stored.tree.lineage(int(names.taxa[row, rank]))
    return lineage, tuple(float(names.probabilities[row, RANKS.index(taxon.rank)]) for taxon in lineage)
