"""Files of simulated sets: labelled fragments, contigs, their depths, and where each of them comes from.

Pieces of genomes with their labels, in the order of the rows -> tables that `evaluate`, `bin` and other tools read.
Compressed files carry no time: the same pieces give the same bytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..depth.table import DepthTable
from ..depth.text import write_depth
from ..labels.evaluation_sets import LABEL, SEQUENCE
from ..pairs.writer import Piece
from ..sequences import fasta_record
from .writing import write_biobox

_GZIP_LEVEL = 2  # six times as fast as 6, and a tenth larger
_ORIGINS_HEADER = "name\tgenome\trecord\tstart\tend\tstrand\n"


@dataclass(frozen=True, slots=True)
class LabelledPiece:
    """A piece of a genome under the name that it has in the set."""

    name: str
    genome: str
    piece: Piece

    @property
    def length_bp(self) -> int:
        """Bases of the piece."""
        return len(self.piece.sequence)


def write_fragments(path: Path, pieces: Iterable[LabelledPiece]) -> None:
    """Gzipped TSV of sequence and bin_id with a header, as the published evaluation sets."""
    rows = (f"{one.piece.sequence}\t{one.genome}\n" for one in pieces)
    with _gzipped(path) as stream:
        stream.write(f"{SEQUENCE}\t{LABEL}\n".encode())
        stream.writelines(row.encode() for row in rows)


def write_origins(path: Path, pieces: Iterable[LabelledPiece]) -> None:
    """Gzipped TSV: name, genome, record, start (from 0), end (excluded) and strand of each piece."""
    with _gzipped(path) as stream:
        stream.write(_ORIGINS_HEADER.encode())
        for one in pieces:
            for at in one.piece.stretches:
                row = f"{one.name}\t{one.genome}\t{at.record}\t{at.start}\t{at.end}\t{at.strand}\n"
                stream.write(row.encode())


def write_contigs(path: Path, pieces: Iterable[LabelledPiece]) -> None:
    """Gzipped FASTA."""
    with _gzipped(path) as stream:
        for one in pieces:
            stream.write(fasta_record(one.name, one.piece.sequence))


def write_gold(path: Path, pieces: Iterable[LabelledPiece], *, sample_id: str) -> None:
    """CAMI's binning format: contig, genome, length."""
    write_biobox(path, ((one.name, one.genome, one.length_bp) for one in pieces), sample_id=sample_id, more=("LENGTH",))


def write_depths(path: Path, pieces: Sequence[LabelledPiece], *, depths: np.ndarray, variances: np.ndarray) -> None:
    """Depth table of MetaBAT2's jgi_summarize_bam_contig_depths; `depths`, `variances`: (N, S) of N pieces."""
    samples = tuple(f"sample{number}.bam" for number in range(1, depths.shape[1] + 1))
    lengths_bp = np.array([one.length_bp for one in pieces], dtype=np.int64)
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        write_depth(stream, DepthTable([one.name for one in pieces], lengths_bp, samples, depths, variances))


def write_abundances(path: Path, genomes: Sequence[str], *, depths: np.ndarray) -> None:
    """TSV: genome, and its true mean depth in each sample; `depths`: (G, S)."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(("genome", *(f"sample{number + 1}" for number in range(depths.shape[1])))) + "\n")
        for genome, row in zip(genomes, depths.tolist(), strict=True):
            stream.write("\t".join((genome, *(f"{depth:.4f}" for depth in row))) + "\n")


@contextmanager
def _gzipped(path: Path) -> Iterator[gzip.GzipFile]:
    with path.open("wb") as raw, gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0) as stream:
        yield stream
