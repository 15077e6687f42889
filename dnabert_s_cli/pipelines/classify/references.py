"""Labelled references to examples of several lengths, from which a classifier is fitted.

Labels -> lineages. Sequences -> pieces, a bounded number of each label -> their vectors, and those of shorter crops,
as short as reads are. Or a table of vectors made before -> examples grouped by the lengths that there are.
"""

from __future__ import annotations

import hashlib
import heapq
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ... import defaults
from ...analysis.classification.held_out import Examples
from ...encoders.embedder import Encoder
from ...errors import DnabertSError
from ...io.embeddings.reading import EmbeddingTable
from ...io.names import match_names
from ...io.sequences import Record
from ..progress import Progress

logger = logging.getLogger(__name__)

_SHOWN = 5
_CROP_SHARE = 0.7  # crops as long as most of a piece are no other length
_EMBEDDED_AT_ONCE = 4_096
_ROWS_OF_A_LENGTH = 100  # of a table, at least, for a length of its own
_MOST_LENGTHS = 4  # that a table is divided into
_SPREAD = 2.0  # ratio of longest to shortest from which a table is


@dataclass(frozen=True, slots=True)
class ReferenceOptions:
    """How references become examples.

    Args:
        piece_bp: longer sequences are cut into pieces of about this length.
        pieces_per_label: at most so many pieces of a label are used, drawn at random.
        crops_per_label: crops of a label of each shorter length.
        seed: of what is drawn.
    """

    piece_bp: int = defaults.REFERENCE_PIECE_BP
    pieces_per_label: int = defaults.PIECES_PER_LABEL
    crops_per_label: int = defaults.CROPS_PER_LABEL
    seed: int = defaults.SEED


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a reference, the number of its label, and of what is held out with it."""

    sequence: str
    label: int
    unit: int


def match_labels(
    label_of: Mapping[str, str], present: Iterable[str], *, path: Path | None, n_short: int, least_labels: int
) -> dict[str, str]:
    """The labels of the sequences that are there, with a word in the log about those that are not.

    Args:
        path: of the labels.
        n_short: sequences left out for their length, which may be those that are not there.
        least_labels: that there must be.

    Raises:
        DnabertSError: fewer than half of the labelled ids, and of the sequences, match; or there are fewer labels.
    """
    there = list(present)
    problem = "only {matched} of {known} labelled ids are among the sequences; missing: {unasked}"
    hint = "ids are the first words of the headers"
    if n_short:
        hint = f"{n_short:,} sequences are shorter than the minimum length: see --min-length"
    found = match_names(there, list(label_of), path=path, problem=problem, hint=hint, of_fewer=True, at_least=1)
    known = {there[place]: label_of[there[place]] for place in found.places.tolist()}
    if found.n_extra:
        short = f", or whose sequences are among the {n_short} that are too short" if n_short else ""
        logger.warning("%d of %d labels are for ids that are not in the input%s", found.n_extra, len(label_of), short)
    if found.n_missing:
        logger.warning("%d of %d sequences have no label and are skipped", found.n_missing, len(there))
    classes = set(known.values())
    empty = sorted(set(label_of.values()) - classes)
    if empty:
        logger.warning("%d labels have no sequence, such as %s", len(empty), ", ".join(empty[:_SHOWN]))
    if len(classes) < least_labels:
        hint = "a classifier needs at least two labels"
        raise DnabertSError(f"all sequences have one label, '{classes.pop()[:60]}'", path=path, hint=hint)
    return known


def cut_references(records: Iterable[Record], classes: Mapping[str, int], *, options: ReferenceOptions) -> list[Piece]:
    """Pieces of the records in `classes` (id -> number of the label), by label, at most so many of each.

    Which are drawn depends on the seed and the records' ids, not on their order. The only piece of a label is cut in
    half, so that one half can be held out.
    """
    drawn: dict[int, list[tuple[bytes, int, str, str]]] = {}
    for record in records:
        if record.id not in classes or len(record.sequence) < defaults.MIN_REFERENCE_BP:
            continue
        heap = drawn.setdefault(classes[record.id], [])
        for number, sequence in enumerate(_equal_pieces(record.sequence, options.piece_bp)):
            digest = hashlib.sha256(f"{options.seed} {number} {record.id}".encode()).digest()
            entry = (digest, number, record.id, sequence)
            if len(heap) < options.pieces_per_label:
                heapq.heappush(heap, entry)
            elif entry > heap[0]:
                heapq.heapreplace(heap, entry)
    pieces: list[Piece] = []
    for label in sorted(drawn):
        sequences = [sequence for _, _, _, sequence in sorted(drawn[label])]
        if len(sequences) == 1 and len(sequences[0]) >= 2 * defaults.MIN_REFERENCE_BP:
            half = len(sequences[0]) // 2
            sequences = [sequences[0][:half], sequences[0][half:]]
        pieces += [Piece(sequence, label, len(pieces) + place) for place, sequence in enumerate(sequences)]
    return pieces


def embed_references(
    pieces: Sequence[Piece], encoder: Encoder, *, options: ReferenceOptions, progress: Progress
) -> list[Examples]:
    """Examples of each length, ascending: crops, as short as reads are, and last the pieces themselves."""
    lengths_bp = np.array([len(piece.sequence) for piece in pieces])
    typical_bp = float(np.median(lengths_bp))
    rng = np.random.default_rng(options.seed)
    crop_lengths = [length for length in defaults.CROP_LENGTHS_BP if length < _CROP_SHARE * typical_bp]
    groups = [(float(length), *_crops(pieces, length, options=options, rng=rng)) for length in crop_lengths]
    groups.append((typical_bp, list(pieces), np.ones(len(pieces), dtype=bool)))
    total_bp = sum(len(piece.sequence) for _, group, _ in groups for piece in group)
    progress.start(f"embedding {len(pieces):,} pieces and their crops", total_bp, unit="bp")
    return [
        _examples(length_bp, group, is_tested=is_tested, encoder=encoder, progress=progress)
        for length_bp, group, is_tested in groups
    ]


def table_examples(table: EmbeddingTable, labels: np.ndarray) -> list[Examples]:
    """Examples from vectors made before: all train at every length, each is tested at its own. labels: (N,) int64."""
    lengths_bp = np.asarray(table.lengths_bp)
    n_lengths = max(1, min(_MOST_LENGTHS, len(labels) // _ROWS_OF_A_LENGTH))
    if lengths_bp.max() < _SPREAD * lengths_bp.min():
        n_lengths = 1
    embeddings = np.asarray(table.embeddings, np.float32)
    groups: list[Examples] = []
    for part in np.array_split(np.argsort(lengths_bp, kind="stable"), n_lengths):
        is_tested = np.zeros(len(labels), dtype=bool)
        is_tested[part] = True
        typical_bp = float(np.median(lengths_bp[part]))
        if not groups or typical_bp > groups[-1].length_bp:
            groups.append(Examples(typical_bp, embeddings, labels, np.arange(len(labels)), is_tested))
    return groups


def _equal_pieces(sequence: str, piece_bp: int) -> Iterator[str]:
    """A sequence in pieces of nearly equal length, about `piece_bp`."""
    n_pieces = max(1, round(len(sequence) / piece_bp))
    ends = [len(sequence) * number // n_pieces for number in range(n_pieces + 1)]
    for start, end in pairwise(ends):
        yield sequence[start:end]


def _crops(
    pieces: Sequence[Piece], length_bp: int, *, options: ReferenceOptions, rng: np.random.Generator
) -> tuple[list[Piece], np.ndarray]:
    """Crops of one length from the pieces of each label in turn, and whether they have that length.

    A label without a piece that long is there with its pieces, to train with.
    """
    of_label: dict[int, list[Piece]] = {}
    for piece in pieces:
        of_label.setdefault(piece.label, []).append(piece)
    crops: list[Piece] = []
    is_tested: list[bool] = []
    for own in of_label.values():
        long_enough = [piece for piece in own if len(piece.sequence) >= length_bp]
        for number in range(options.crops_per_label if long_enough else 0):
            piece = long_enough[number % len(long_enough)]
            start = int(rng.integers(0, len(piece.sequence) - length_bp + 1))
            crops.append(Piece(piece.sequence[start : start + length_bp], piece.label, piece.unit))
        crops += own if not long_enough else []
        is_tested += [True] * options.crops_per_label if long_enough else [False] * len(own)
    return crops, np.array(is_tested, dtype=bool)


def _examples(
    length_bp: float, pieces: Sequence[Piece], *, is_tested: np.ndarray, encoder: Encoder, progress: Progress
) -> Examples:
    vectors = [
        encoder.embed_counted(
            [piece.sequence for piece in pieces[start : start + _EMBEDDED_AT_ONCE]], on_progress=progress.advance
        ).embeddings
        for start in range(0, len(pieces), _EMBEDDED_AT_ONCE)
    ]
    labels = np.array([piece.label for piece in pieces], dtype=np.int64)
    units = np.array([piece.unit for piece in pieces], dtype=np.int64)
    return Examples(length_bp, np.concatenate(vectors), labels, units, is_tested)
