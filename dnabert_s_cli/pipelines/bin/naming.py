"""Names of bins, by the built-in references: vectors that are there anyway, and protein k-mers of the contigs.

Contigs of each bin, read once more -> the mean of their vectors, weighted by length, and the k-mers that any of them
has -> one thing to name for each bin. Contigs of one bin are of one genome, mostly, so they are no independent
witnesses: what is pooled was calibrated on whole bins. Vectors of another model than the references' are made anew.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import defaults
from ...analysis.classification.classifier import UNCLASSIFIED
from ...analysis.classification.naming import name_sequences
from ...io.bins.writing import BinName
from ...io.labels.taxonomy import label_text
from ..classify.labellers import kmers_of, named_lineage
from ..classify.reference_store import BINS, RANKS, StoredReferences, load_built_in
from ..progress import Progress
from ..vectors.chunks import record_chunks
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import SequenceInput
from ..vectors.tables import Vectors
from .outputs import BinnedContigs

RANK_NAMES = {
    "D": "domain", "P": "phylum", "C": "class", "O": "order", "F": "family", "G": "genus", "S": "species",
}  # fmt: skip


def name_bins(
    contigs: SequenceInput, binned: BinnedContigs, *, vectors: Vectors, threads: int, progress: Progress
) -> dict[int, BinName]:
    """The name of each bin, by its number."""
    numbers = np.unique(binned.bins[binned.bins > 0])
    if len(numbers) == 0:
        return {}
    stored = load_built_in(defaults.MODEL)
    pooled = _pool(contigs, binned, stored=stored, vectors=vectors, threads=threads, progress=progress)
    names = name_sequences(
        stored.references,
        np.stack([pooled.vectors[number] for number in numbers.tolist()]),
        calibrations=stored.calibrations[BINS],
        kmers=[pooled.kmers[number] for number in numbers.tolist()],
        lengths_bp=np.full(len(numbers), int(stored.calibrations[BINS][0].length_bp)),
        threads=threads,
    )
    found = {}
    for row, number in enumerate(numbers.tolist()):
        lineage, _ = named_lineage(stored, names, row=row)
        rank = int(names.ranks[row])
        found[number] = BinName(
            label_text(lineage) if lineage else "",
            RANK_NAMES[RANKS[rank]] if rank != UNCLASSIFIED else "",
            float(names.probabilities[row, max(rank, 0)]),
            stored.clade_name(int(names.nearest[row])),
            float(names.cosines[row]),
        )
    return found


@dataclass(slots=True, eq=False)  # not frozen: it is added to
class _Pooled:
    """Sums of vectors of each bin, weighted by length, and the k-mers of its contigs that the references know."""

    vectors: dict[int, np.ndarray]
    kmers: dict[int, np.ndarray]


def _pool(
    contigs: SequenceInput,
    binned: BinnedContigs,
    *,
    stored: StoredReferences,
    vectors: Vectors,
    threads: int,
    progress: Progress,
) -> _Pooled:
    """What is known of each bin, in one pass over the contigs; these are embedded where their vectors do not suit."""
    references = stored.references
    suits = vectors.encoder_facts.get("fingerprint") == stored.encoder.get("fingerprint")
    encoder = None if suits else EncoderOptions(str(stored.encoder["model"]), threads=threads).open()
    bin_of = {name: number for name, number in zip(binned.ids, binned.bins.tolist(), strict=True) if number}
    row_of = {name: row for row, name in enumerate(vectors.table.ids)} if suits else {}
    progress.start("naming the bins", int(binned.lengths_bp[binned.bins > 0].sum()), unit="bp")
    pooled = _Pooled({}, {})
    for chunk in record_chunks(record for record in contigs.records() if record.id in bin_of):
        kmers = kmers_of(chunk, references.sample, threads=threads)
        assert kmers is not None, "references look at k-mers"
        if encoder is None:
            own = np.asarray(vectors.table.embeddings)[[row_of[record.id] for record in chunk]]
        else:
            own = encoder.embed([record.sequence for record in chunk])
        for record, vector, of_record in zip(chunk, own, kmers, strict=True):
            number, length_bp = bin_of[record.id], len(record.sequence)
            known = references.known(of_record)
            pooled.vectors[number] = pooled.vectors.get(number, 0.0) + vector.astype(np.float64) * length_bp
            pooled.kmers[number] = np.union1d(pooled.kmers.get(number, known), known)
        progress.advance(sum(len(record.sequence) for record in chunk))
    total_bp = {number: binned.lengths_bp[binned.bins == number].sum() for number in pooled.vectors}
    pooled.vectors = {number: (own / total_bp[number]).astype(np.float32) for number, own in pooled.vectors.items()}
    return pooled
