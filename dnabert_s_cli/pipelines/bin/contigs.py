"""The contigs of a run: what is known of each, in one order to which everything else is joined.

One pass over the input that also checks it -> names, lengths and composition. Vectors, depth, markers and bins are
arrays in the same order, or are brought into it by name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...io.depth import ContigsOfSample
from ...io.sequences.reading import InputSummary, Record
from ..vectors.inputs import SequenceInput
from .circular import is_circular
from .samples import Samples, own_name


@dataclass(frozen=True, slots=True, eq=False)
class Contigs:
    """N contigs, each at least as long as the minimum.

    Attributes:
        ids: names, each once.
        lengths_bp: (N,) int64.
        gc: (N,) float64 share of G and C among the known letters; NaN where there are none.
        known_bp: (N,) int64 letters A, C, G and T.
        is_circular: (N,) bool.
        digests: of the names and sequences of each sample of a catalogue, by its name; empty for one assembly.
    """

    ids: Sequence[str]
    lengths_bp: np.ndarray
    gc: np.ndarray
    known_bp: np.ndarray
    is_circular: np.ndarray
    digests: Mapping[str, str] = field(default_factory=dict)

    def named(self, ids: Sequence[str]) -> Contigs:
        """Those with these names, in that order."""
        if len(ids) == len(self.ids) and list(ids) == list(self.ids):
            return self
        row_of = {name: row for row, name in enumerate(self.ids)}
        rows = np.array([row_of[name] for name in ids], dtype=np.int64)
        columns = (self.lengths_bp, self.gc, self.known_bp, self.is_circular)
        lengths_bp, gc, known_bp, circular = (column[rows] for column in columns)
        return Contigs(list(ids), lengths_bp, gc, known_bp, circular, self.digests)

    def of_samples(self, samples: Samples) -> list[ContigsOfSample]:
        """The contigs of each sample, with their own names."""
        return [
            ContigsOfSample(name, rows, [own_name(self.ids[row], samples.separator) for row in rows])
            for name, rows in zip(samples.names, samples.rows(), strict=True)
        ]


def scan_contigs(source: SequenceInput, *, separator: str | None = None) -> tuple[Contigs, InputSummary]:
    """Read and check all contigs of files that can be read again.

    Args:
        separator: between sample and own name, in a catalogue.

    Raises:
        DnabertSError: all problems of all files together.
    """
    noted = _Noted(separator)
    summary = source.scan(on_records=noted.add)
    assert summary is not None, "a stream was put on disk"
    gc_bp, known_bp = np.array(noted.gc_bp, dtype=np.int64), np.array(noted.known_bp, dtype=np.int64)
    gc = np.divide(gc_bp, known_bp, out=np.full(len(gc_bp), np.nan), where=known_bp > 0)
    lengths_bp, circular = np.array(noted.lengths_bp, dtype=np.int64), np.array(noted.is_circular, dtype=np.bool_)
    digests = {sample: digest.hexdigest() for sample, digest in noted.digests.items()}
    return Contigs(noted.ids, lengths_bp, gc, known_bp, circular, digests), summary


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is noted of each contig as it passes."""

    separator: str | None
    ids: list[str] = field(default_factory=list)
    lengths_bp: list[int] = field(default_factory=list)
    gc_bp: list[int] = field(default_factory=list)
    known_bp: list[int] = field(default_factory=list)
    is_circular: list[bool] = field(default_factory=list)
    digests: dict[str, hashlib.blake2b] = field(default_factory=dict)

    def add(self, records: Sequence[Record]) -> None:
        for record in records:
            letters = np.frombuffer(record.sequence.encode("ascii"), dtype=np.uint8)
            a_bp, c_bp, g_bp, t_bp = (int(np.count_nonzero(letters == letter)) for letter in b"ACGT")
            self.ids.append(record.id)
            self.lengths_bp.append(len(letters))
            self.gc_bp.append(g_bp + c_bp)
            self.known_bp.append(a_bp + c_bp + g_bp + t_bp)
            self.is_circular.append(is_circular(record, separator=self.separator))
            if self.separator is not None:
                self._digest(record, self.separator)

    def _digest(self, record: Record, separator: str) -> None:
        digest = self.digests.setdefault(record.id.partition(separator)[0], hashlib.blake2b(digest_size=32))
        name, sequence = record.id.encode(errors="surrogateescape"), record.sequence.encode()
        digest.update(b"%d %d\n" % (len(name), len(sequence)))  # so that no two samples share a digest
        digest.update(name)
        digest.update(sequence)
