"""Clusters on disk: which record is in which, what each cluster is like, and which record stands for it.

All but FASTA is TSV with a header; assignments are in input order, clusters by number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from ...errors import DnabertSError
from ..files import atomic_path
from ..sequences import fasta_record

_HEADER = "id\tcluster\n"
_SUMMARY_HEADER = "cluster\tn\ttotal_bp\tmean_similarity\trepresentative\n"


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """One cluster: members, their bases, mean cosine to their centre, and the id of the medoid."""

    number: int
    n_members: int
    total_bp: int
    mean_similarity: float
    representative: str


def write_clusters(stream: TextIO, ids: Sequence[str], *, labels: np.ndarray) -> None:
    """Write one line a record; -1 is no cluster. `labels`: (N,) int64."""
    stream.write(_HEADER)
    stream.writelines(f"{name}\t{label}\n" for name, label in zip(ids, labels.tolist(), strict=True))


def write_cluster_summary(path: str | Path, rows: Iterable[ClusterRow]) -> None:
    """Write one line a cluster."""
    lines = (
        f"{row.number}\t{row.n_members}\t{row.total_bp}\t{row.mean_similarity:.6f}\t{row.representative}\n"
        for row in rows
    )
    _write(path, (_SUMMARY_HEADER, *lines))


def write_representative_ids(path: str | Path, rows: Iterable[ClusterRow]) -> None:
    """Write the representative of each cluster as id, cluster."""
    _write(path, (_HEADER, *(f"{row.representative}\t{row.number}\n" for row in rows)))


def write_representative_sequences(
    path: str | Path, rows: Iterable[ClusterRow], *, sequence_of: Mapping[str, str]
) -> None:
    """Write the representative of each cluster as FASTA; the header names cluster and members.

    Raises:
        DnabertSError: a sequence is not there any more.
    """
    _write(path, [_fasta(row, sequence_of) for row in rows])


def _fasta(row: ClusterRow, sequence_of: Mapping[str, str]) -> str:
    name = row.representative
    if name not in sequence_of:
        hint = "the input must not change during a run"
        raise DnabertSError("the representative of a cluster is no longer in the input", record=name, hint=hint)
    return fasta_record(f"{name} cluster={row.number} members={row.n_members}", sequence_of[name]).decode()


def _write(path: str | Path, texts: Iterable[str]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(texts)
