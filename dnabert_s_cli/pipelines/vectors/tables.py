"""Where `cluster` and `bin` take their vectors from: sequences embedded now, or a table made before.

Either way a table in memory comes out, with what provenance says of its encoder and its inputs. Names join a table to
the sequences it was made from; order never does.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...encoders.embedder import Encoder
from ...errors import DnabertSError
from ...io.embeddings.reading import EmbeddingTable, read_embeddings
from ...io.names import match_names
from ...io.sequences import InputSummary
from ..progress import Progress
from ..run_record import file_facts
from .encoding import EncoderOptions, embed_in_memory
from .inputs import SequenceInput, input_facts

logger = logging.getLogger(__name__)

_OTHER_TABLE_HINT = "give the table that was made from these sequences"


@dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """A table and where it comes from; `encoder` is None for a table made before."""

    table: EmbeddingTable
    encoder: Encoder | None
    encoder_facts: Mapping[str, object]
    inputs: Sequence[Mapping[str, object]]


def embed_vectors(
    source: SequenceInput, options: EncoderOptions, *, summary: InputSummary | None, progress: Progress
) -> Vectors:
    """Embed the records of `source`, which `summary` has counted (None for a stream)."""
    encoder = options.open()
    progress.start("embedding", summary.total_bp if summary else None, unit="bp")
    table = embed_in_memory(encoder, source.records(), progress=progress)
    return Vectors(table, encoder, encoder.describe(), input_facts(source, summary))


def read_vectors(path: Path) -> Vectors:
    """A table that `embed` wrote."""
    table = read_embeddings(path)
    facts = table.provenance.get("encoder", {})
    return Vectors(table, None, facts if isinstance(facts, Mapping) else {}, file_facts(path))


def select_rows(table: EmbeddingTable, names: Sequence[str], *, lengths_bp: np.ndarray, path: Path) -> EmbeddingTable:
    """The rows of these records, by name, in this order; records that the table lacks are left out, and counted.

    Raises:
        DnabertSError: fewer than half of the records are in the table, or one has another length there.
    """
    problem = "has only {matched} of {names} sequences by name"
    found = match_names(names, table.ids, path=path, problem=problem, hint=_OTHER_TABLE_HINT)
    places, rows = found.places, found.rows
    if found.n_missing or found.n_extra:
        counts = (len(rows), found.n_missing, found.n_extra)
        logger.warning("%s: %d sequences matched, %d missing, %d extra", path, *counts)
    differing = np.flatnonzero(table.lengths_bp[rows] != lengths_bp[places])
    if len(differing):
        place, row = places[differing[0]], rows[differing[0]]
        raise DnabertSError(
            f"is {table.lengths_bp[row]:,} bp long here, {lengths_bp[place]:,} bp in the sequences",
            path=path,
            record=names[place],
            hint=_OTHER_TABLE_HINT,
        )
    return EmbeddingTable([names[place] for place in places], lengths_bp[places], table.embeddings[rows])
