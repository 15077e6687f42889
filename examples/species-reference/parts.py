"""What a reference is put together from: a vector of each clade, and which clades have each protein k-mer.

markers.fasta and the clades -> genes of a clade put end to end, embedded; the sampled k-mers of its genes -> all of
those that several clades share, which are the conserved ones, and one in five of the others.

    python parts.py markers.fasta clades.tsv parts.npz --model kmer-s
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import numpy as np
from name_clades import BACKGROUND, COLUMNS

from dnabert_s_cli import load_encoder
from dnabert_s_cli.analysis.classification.protein_kmers import KmerSample
from dnabert_s_cli.analysis.classification.references import NO_TAXON, References, lowest_common, taxon_sizes
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.encoders.embedder import Encoder
from dnabert_s_cli.io.labels.taxonomy import Lineage, Taxon
from dnabert_s_cli.io.sequences import read_sequences
from dnabert_s_cli.pipelines.classify.reference_store import Tree, make_tree

SAMPLE = KmerSample(length=9, one_in=100)
ONE_IN_ALONE = 5  # of the k-mers of one clade alone
ARRAYS = ("vectors", "pair_kmers", "pair_clades")
_AT_ONCE = 512  # clades


def main() -> None:
    """Gather the parts and keep them, for calibrate.py and make_reference.py."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("markers", type=Path)
    parser.add_argument("clades", type=Path)
    parser.add_argument("parts", type=Path)
    parser.add_argument("--model", default="kmer-s")
    arguments = parser.parse_args()
    parts = gather_parts(arguments.markers, read_clades(arguments.clades), load_encoder(arguments.model))
    np.savez(arguments.parts, **{name: getattr(parts, name) for name in ARRAYS})
    print(f"{len(parts.clades):,} clades, {len(parts.pair_kmers):,} k-mers of a clade")


@dataclass(frozen=True, slots=True)
class NamedClade:
    """A clade of the table: its records, what it is, and what most of its records were called."""

    first_record: int
    n_records: int
    is_background: bool
    lineage: Lineage
    organism: str


@dataclass(frozen=True, eq=False)  # no slots: it keeps what is computed once
class Parts:
    """C clades, N pairs of k-mer and clade, ascending by k-mer, and the tree that the clades hang in."""

    clades: Sequence[NamedClade]
    tree: Tree
    clade_taxa: np.ndarray
    vectors: np.ndarray
    pair_kmers: np.ndarray
    pair_clades: np.ndarray

    def references(self, kept: np.ndarray, kmers: np.ndarray | None = None) -> References:
        """References of some clades, (C,) bool; with these k-mers alone, ascending, where they are given."""
        pairs = np.arange(len(self.pair_kmers))
        if kmers is not None:
            firsts, ends = (np.searchsorted(self.pair_kmers, kmers, side=side) for side in ("left", "right"))
            counts = ends - firsts
            pairs = np.repeat(firsts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        pairs = pairs[kept[self.pair_clades[pairs]]]
        taxa, groups = self.clade_taxa[self.pair_clades[pairs]], self.pair_kmers[pairs].astype(np.int64)
        names, lowest = lowest_common(taxa, groups, ancestors=self.ancestors)
        centres = self.centres[kept]
        votes = lowest != NO_TAXON
        return References(
            self.ancestors,
            self.mean,
            centres,
            self.clade_taxa[kept],
            names[votes].astype(np.uint32),
            lowest[votes],
            self.sizes,
            SAMPLE,
        )

    @cached_property
    def ancestors(self) -> np.ndarray:
        """Of the tree, (R, M)."""
        return self.tree.ancestors()

    @cached_property
    def sizes(self) -> np.ndarray:
        """K-mers of each taxon when no clade is left out, (M,)."""
        taxa = self.clade_taxa[self.pair_clades]
        _, lowest = lowest_common(taxa, self.pair_kmers.astype(np.int64), ancestors=self.ancestors)
        return taxon_sizes(lowest, self.ancestors)

    @cached_property
    def mean(self) -> np.ndarray:
        """Of the vectors, (D,)."""
        return self.vectors.mean(axis=0)

    @cached_property
    def centres(self) -> np.ndarray:
        """Of the clades, (C, D)."""
        return l2_normalize((self.vectors - self.mean).astype(np.float32))


def read_clades(path: Path) -> list[NamedClade]:
    """The clades that `name_clades.py` wrote."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if tuple(lines[0].split("\t")) != COLUMNS:
        raise SystemExit(f"{path}: has other columns than name_clades.py writes")
    clades = []
    for line in lines[1:]:
        first, n_records, _, kind, _, text, organism = line.split("\t")
        taxa = [part.split(":", 2) for part in text.split(";") if part]
        lineage = tuple(Taxon(rank, name, int(taxid)) for rank, taxid, name in taxa)
        clades.append(NamedClade(int(first), int(n_records), kind == BACKGROUND, lineage, organism))
    return clades


def gather_parts(markers: Path, clades: Sequence[NamedClade], encoder: Encoder) -> Parts:
    """Embed all clades and take their k-mers."""
    vectors, kmers = [], []
    waiting: list[str] = []
    for number, genes in enumerate(clade_genes(markers, clades), start=1):
        whole = in_frame(genes)
        kmers.append(SAMPLE.of_gene(whole))
        waiting.append(whole)
        if len(waiting) == _AT_ONCE or number == len(clades):
            vectors.append(encoder.embed(waiting))
            waiting = []
    all_kmers = np.concatenate(kmers)
    all_clades = np.repeat(np.arange(len(clades)), [len(one) for one in kmers])
    order = np.argsort(all_kmers, kind="stable")
    all_kmers, all_clades = all_kmers[order], all_clades[order]
    _, counts = np.unique(all_kmers, return_counts=True)
    scattered = (all_kmers.astype(np.uint64) * np.uint64(2_654_435_761)) & np.uint64(0xFFFFFFFF)
    kept = np.repeat(counts > 1, counts) | (scattered < np.uint64((1 << 32) // ONE_IN_ALONE))
    return make_parts(clades, np.concatenate(vectors), pair_kmers=all_kmers[kept], pair_clades=all_clades[kept])


def load_parts(path: Path, clades: Sequence[NamedClade]) -> Parts:
    """The parts that `main` kept, of these clades."""
    with np.load(path, allow_pickle=False) as arrays:
        vectors, pair_kmers, pair_clades = (arrays[name] for name in ARRAYS)
    if len(vectors) != len(clades):
        raise SystemExit(f"{path}: is of other clades")
    return make_parts(clades, vectors, pair_kmers=pair_kmers, pair_clades=pair_clades)


def make_parts(
    clades: Sequence[NamedClade], vectors: np.ndarray, *, pair_kmers: np.ndarray, pair_clades: np.ndarray
) -> Parts:
    """The same with their tree."""
    tree, taxa = make_tree([() if one.is_background else one.lineage for one in clades])
    return Parts(clades, tree, np.array(taxa), vectors, pair_kmers, pair_clades)


def clade_genes(markers: Path, clades: Sequence[NamedClade]) -> Iterator[list[str]]:
    """The sequences of each clade; clades are in the order of the file."""
    records = iter(read_sequences([markers]))
    place = 0
    for one in clades:
        for _ in islice(records, one.first_record - place):
            pass
        yield [record.sequence for record in islice(records, one.n_records)]
        place = one.first_record + one.n_records


def in_frame(genes: Sequence[str]) -> str:
    """Genes end to end, each beginning in the first frame, with an unknown codon between them."""
    return "NNN".join(gene + "N" * (-len(gene) % 3) for gene in genes)


if __name__ == "__main__":
    main()
