"""What the network sees of every marker gene, counted once: pieces of genes, by clade and in the order of the genome.

    python genes.py markers.fasta labels.tsv network.json OUT

Genes -> pieces of about 600 bases -> the counts that network.json asks for, each at most 255 -> OUT/counts.npy (pieces,
columns) uint8 and OUT/genes.npz. A view of a clade is then a sum of rows, and fresh views cost next to nothing; only
the few words that reach over the end of a piece are lost.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.profile import profile_counts
from dnabert_s_cli.io.sequences.reading import read_sequences
from dnabert_s_cli.threads import thread_count

PIECE_BP = 600
_BATCH = 4_096
_MOST = 255
_PLACE = re.compile(r":c?(\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class Genes:
    """G genes in P pieces, by clade, and inside a clade by accession and place on it.

    `counts` (P, C) uint8, on disk; `piece_bp` (P,); `first_piece` (G + 1,); `first_gene` (clades + 1,); all else int64.
    """

    counts: np.ndarray
    piece_bp: np.ndarray
    first_piece: np.ndarray
    first_gene: np.ndarray

    @property
    def gene_bp(self) -> np.ndarray:
        """Length of every gene. -> (G,) int64."""
        lengths: np.ndarray = np.add.reduceat(self.piece_bp, self.first_piece[:-1])
        return lengths

    @property
    def n_clades(self) -> int:
        """How many clades there are."""
        return len(self.first_gene) - 1


def load_genes(folder: Path) -> Genes:
    """What `main` has written."""
    return Genes(np.load(folder / "counts.npy", mmap_mode="r"), *load_shape(folder))


def load_shape(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same without counts: lengths of pieces, first piece of each gene, first gene of each clade."""
    saved = np.load(folder / "genes.npz")
    return saved["piece_bp"], saved["first_piece"], saved["first_gene"]


def read_config(path: Path) -> KmerNetworkConfig:
    """What network.json says, and defaults for what it leaves open."""
    given = json.loads(path.read_text(encoding="utf-8"))
    return KmerNetworkConfig.from_json({**KmerNetworkConfig().to_json(), **given}, path=str(path))


def main() -> None:
    """Read, sort, count, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("markers", "labels", "network", "out"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    config = read_config(arguments.network)
    clades, sequences = sorted_genes(arguments.markers, arguments.labels)
    pieces_of = [_pieces(sequence) for sequence in sequences]
    n_pieces = np.array([len(pieces) for pieces in pieces_of])
    pieces = [piece for of_gene in pieces_of for piece in of_gene]
    np.savez(
        arguments.out / "genes.npz",
        piece_bp=np.array([len(piece) for piece in pieces]),
        first_piece=np.concatenate([[0], np.cumsum(n_pieces)]),
        first_gene=np.concatenate([np.flatnonzero(np.diff(clades, prepend=-1)), [len(clades)]]),
    )
    columns = sum(config.columns_of_kinds)
    counts = np.lib.format.open_memmap(arguments.out / "counts.npy", "w+", np.uint8, (len(pieces), columns))
    for first, batch in _batches(pieces):
        counts[first : first + len(batch)] = np.minimum(profile_counts(batch, config, threads=thread_count(0)), _MOST)
    print(f"{len(sequences):,} genes in {len(pieces):,} pieces of {clades[-1] + 1:,} clades, {columns:,} columns")


def sorted_genes(markers: Path, labels: Path) -> tuple[np.ndarray, list[str]]:
    """Clade number and letters of every labelled gene: by clade, then accession, then place on it."""
    rows = [line.split("\t") for line in labels.read_text(encoding="utf-8").splitlines()]
    clade_of = {row[0]: row[1] for row in rows}
    numbers = {clade: number for number, clade in enumerate(sorted(set(clade_of.values())))}
    found = []
    for record in read_sequences([markers]):
        if record.id in clade_of:
            accession, _, place = record.id.rpartition(":")
            at = _PLACE.match(":" + place)
            found.append((numbers[clade_of[record.id]], accession, int(at[1]) if at else 0, record.sequence))
    found.sort(key=lambda gene: gene[:3])
    return np.array([gene[0] for gene in found]), [gene[3] for gene in found]


def _pieces(sequence: str) -> list[str]:
    """The letters in parts of nearly one length."""
    n_pieces = max(1, round(len(sequence) / PIECE_BP))
    bounds = [len(sequence) * part // n_pieces for part in range(n_pieces + 1)]
    return [sequence[bounds[part] : bounds[part + 1]] for part in range(n_pieces)]


def _batches(pieces: list[str]) -> Iterator[tuple[int, list[str]]]:
    for first in range(0, len(pieces), _BATCH):
        yield first, pieces[first : first + _BATCH]


if __name__ == "__main__":
    main()
