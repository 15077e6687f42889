"""Names of bins, by the built-in references or those of a file: vectors that are there anyway, and protein k-mers.

Contigs of each bin, as they pass on their way into files -> the mean of their vectors, weighted by length, and the
k-mers that any of them has -> one thing to name for each bin. Contigs of one bin are of one genome, mostly, so they are
no independent witnesses: what is pooled was calibrated on whole bins. Vectors of another model than that of the
references are made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ...analysis.classification.classifier import UNCLASSIFIED
from ...analysis.classification.naming import name_sequences
from ...encoders.embedder import Encoder
from ...errors import DnabertSError
from ...io.bins.stats import BinName
from ...io.labels.taxonomy import label_text
from ...io.sequences import Record
from ..classify.labellers import ReferenceLabeller, kmers_of, named_lineage, open_labeller
from ..classify.reference_store import BINS, RANKS, StoredReferences
from ..classify.store import check_encoder
from ..progress import Progress
from ..vectors.chunks import record_chunks
from ..vectors.encoding import EncoderOptions
from ..vectors.tables import Vectors
from .contigs import Contigs

_MOST_PARTS = 64  # arrays of k-mers of a bin, before they are made one

RANK_NAMES = {
    "D": "domain", "P": "phylum", "C": "class", "O": "order", "F": "family", "G": "genus", "S": "species",
}  # fmt: skip


def open_names(path: Path | None) -> StoredReferences:
    """The references in a file, for None the built-in ones.

    Raises:
        DnabertSError: missing, damaged, no references, or for vectors of another version of their model.
    """
    labeller = open_labeller(path)
    if not isinstance(labeller, ReferenceLabeller):
        hint = "make one with `dnabert-s classify fit --extend builtin`"
        raise DnabertSError("holds a classifier, not references that name bins", path=path, hint=hint)
    if path is not None:
        check_encoder(labeller.encoder, _encoder_of(labeller.stored, threads=1).describe(), path=path)
    return labeller.stored


def _encoder_of(stored: StoredReferences, *, threads: int) -> Encoder:
    """The encoder whose vectors the references are."""
    return EncoderOptions(str(stored.encoder["model"]), threads=threads).open()


class BinNamer:
    """Pools what is known of each bin while its contigs pass; then says what the bins are.

    Contigs are embedded where their vectors are not of the references' model.
    """

    def __init__(
        self,
        contigs: Contigs,
        bins: np.ndarray,
        *,
        vectors: Vectors,
        references: StoredReferences | None,
        threads: int,
        progress: Progress,
    ) -> None:
        """Load the built-in references, unless others are given or there is no bin.

        Args:
            bins: (N,) number of each contig's bin, 0 for none.
        """
        self._bin_of = {name: number for name, number in zip(contigs.ids, bins.tolist(), strict=True) if number}
        self._bin_bp = np.bincount(bins, contigs.lengths_bp)
        self._vectors = vectors
        self._threads = threads
        self._progress = progress
        self._sums: dict[int, np.ndarray] = {}
        self._kmers: defaultdict[int, list[np.ndarray]] = defaultdict(list)
        self._stored = (references or open_names(None)) if self._bin_of else None

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        """All records; those of bins are noted."""
        if self._stored is None:
            yield from records
            return
        suits = self._vectors.encoder_facts.get("fingerprint") == self._stored.encoder.get("fingerprint")
        encoder = None if suits else _encoder_of(self._stored, threads=self._threads)
        row_of = {name: row for row, name in enumerate(self._vectors.table.ids)} if suits else {}
        self._progress.start("naming and writing the bins", int(self._bin_bp[1:].sum()), unit="bp")
        for chunk in record_chunks(records):
            binned = [record for record in chunk if record.id in self._bin_of]
            if encoder is None:
                own = np.asarray(self._vectors.table.embeddings)[[row_of[record.id] for record in binned]]
            else:
                own = encoder.embed([record.sequence for record in binned])
            self._add(binned, own, stored=self._stored)
            yield from chunk

    def found(self) -> dict[int, BinName]:
        """The name of each bin, by its number, after all contigs have passed."""
        if self._stored is None:
            return {}
        stored, numbers = self._stored, sorted(self._sums)
        names = name_sequences(
            stored.references,
            np.stack([(self._sums[number] / self._bin_bp[number]).astype(np.float32) for number in numbers]),
            calibrations=stored.calibrations[BINS],
            kmers=[np.unique(np.concatenate(self._kmers[number])) for number in numbers],
            lengths_bp=np.full(len(numbers), int(stored.calibrations[BINS][0].length_bp)),
            threads=self._threads,
        )
        found = {}
        for row, number in enumerate(numbers):
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

    def _add(self, records: Sequence[Record], vectors: np.ndarray, *, stored: StoredReferences) -> None:
        """Sums of vectors of each bin, weighted by length, and the k-mers of its contigs that the references know."""
        if not records:
            return
        references = stored.references
        kmers = kmers_of(records, references.sample, threads=self._threads)
        assert kmers is not None, "references look at k-mers"
        for record, vector, of_record in zip(records, vectors, kmers, strict=True):
            number, length_bp = self._bin_of[record.id], len(record.sequence)
            self._sums[number] = self._sums.get(number, 0.0) + vector.astype(np.float64) * length_bp
            parts = self._kmers[number]
            parts.append(references.known(of_record))
            if len(parts) > _MOST_PARTS:
                self._kmers[number] = [np.unique(np.concatenate(parts))]
        self._progress.advance(sum(len(record.sequence) for record in records))
