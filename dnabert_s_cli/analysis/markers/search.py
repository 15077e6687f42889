"""Single-copy marker genes on contigs.

Contigs stream in -> blocks of some megabases -> genes -> each profile against all proteins of the block -> the hits,
as parallel arrays. A gene counts once for each stretch of its protein: of hits that overlap there, the best stays.
What the hits say of bins stands in `bin_quality.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyhmmer
from numpy.typing import NDArray

from .genes import Gene, call_genes
from .profiles import MarkerProfiles, MarkerSet

_BLOCK_BP = 8_000_000  # contigs searched together: some 8,000 proteins
_MIN_DOMAIN_SCORE = 5.0  # bits; weaker stretches of a gene do not say where in the model it lies
_ALPHABET = pyhmmer.easel.Alphabet.amino()


@dataclass(frozen=True, slots=True, eq=False)
class MarkerHits:
    """Markers on N contigs: H hits, sorted by contig, start of the gene and marker.

    Attributes:
        markers: describes what `marker` counts.
        n_contigs: N, contigs without a marker included.
        contig: (H,) int64 position of the contig in the input.
        marker: (H,) int64 index into `markers.names`.
        score: (H,) float64 bits.
        gene_start, gene_end: (H,) int64 first and last base of the gene on the contig, from 1.
        strand: (H,) int64, 1 or -1.
        model_start, model_end: (H,) int64 first and last position of the profile that the gene covers, from 1.
    """

    markers: MarkerSet
    n_contigs: int
    contig: NDArray[np.int64]
    marker: NDArray[np.int64]
    score: NDArray[np.float64]
    gene_start: NDArray[np.int64]
    gene_end: NDArray[np.int64]
    strand: NDArray[np.int64]
    model_start: NDArray[np.int64]
    model_end: NDArray[np.int64]

    @property
    def n_hits(self) -> int:
        """H."""
        return len(self.contig)

    def of_contigs(self, kept: NDArray[np.bool_]) -> MarkerHits:
        """The hits on some of the contigs, which are renumbered. `kept`: (N,)."""
        chosen = np.flatnonzero(kept[self.contig])
        columns = {name: getattr(self, name)[chosen] for name in HIT_COLUMNS}
        columns["contig"] = (np.cumsum(kept) - 1)[columns["contig"]]
        return MarkerHits(self.markers, int(np.count_nonzero(kept)), **columns)


HIT_COLUMNS = tuple(one.name for one in fields(MarkerHits) if one.name not in ("markers", "n_contigs"))


@dataclass(frozen=True, slots=True)
class _Hit:
    """One profile on one gene; `first` and `last` are residues of the protein."""

    gene: int
    marker: int
    score: float
    first: int
    last: int
    model_start: int
    model_end: int


def find_markers(
    sequences: Iterable[str],
    profiles: MarkerProfiles,
    *,
    threads: int,
    on_progress: Callable[[int], object],
) -> MarkerHits:
    """The markers on contigs, which may come as a stream; the same whatever the number of threads.

    Args:
        sequences: upper-case contigs; letters other than A, C, G and T are unknown bases.
        threads: at least 1.
        on_progress: called with the bases that are done, contig by contig.
    """
    rows: list[tuple[float, ...]] = []
    n_contigs = 0
    with ThreadPoolExecutor(max_workers=threads) as pool:
        for block in _blocks(sequences):
            genes_of = list(call_genes(block, pool, on_progress=on_progress))
            contigs = [n_contigs + number for number, genes in enumerate(genes_of) for _ in genes]
            genes = [gene for genes in genes_of for gene in genes]
            for hit in _search(genes, profiles, pool=pool):
                gene = genes[hit.gene]
                place = (gene.start, gene.end, gene.strand, hit.model_start, hit.model_end)
                rows.append((contigs[hit.gene], hit.marker, hit.score, *place))
            n_contigs += len(block)
    return make_hits(profiles.markers, n_contigs, columns=list(zip(*rows, strict=True)))


def make_hits(markers: MarkerSet, n_contigs: int, *, columns: Sequence[Sequence[float]]) -> MarkerHits:
    """Hits from their columns, named as `HIT_COLUMNS`, in any order of rows; no column stands for no hit."""
    if not columns:
        columns = [[]] * len(HIT_COLUMNS)
    by_name = dict(zip(HIT_COLUMNS, columns, strict=True))
    score = np.array(by_name.pop("score"), dtype=np.float64)
    whole = {name: np.array(column, dtype=np.int64) for name, column in by_name.items()}
    order = np.lexsort((whole["marker"], whole["gene_start"], whole["contig"]))
    sorted_whole = {name: array[order] for name, array in whole.items()}
    return MarkerHits(markers=markers, n_contigs=n_contigs, score=score[order], **sorted_whole)


def _blocks(sequences: Iterable[str]) -> Iterator[list[str]]:
    block: list[str] = []
    n_bp = 0
    for sequence in sequences:
        block.append(sequence)
        n_bp += len(sequence)
        if n_bp >= _BLOCK_BP:
            yield block
            block, n_bp = [], 0
    if block:
        yield block


def _search(genes: Sequence[Gene], profiles: MarkerProfiles, *, pool: ThreadPoolExecutor) -> list[_Hit]:
    """Hits of all profiles that survive each other, by gene."""
    proteins = pyhmmer.easel.DigitalSequenceBlock(_ALPHABET)
    for number, gene in enumerate(genes):
        text = pyhmmer.easel.TextSequence(name=str(number).encode(), sequence=gene.protein)
        proteins.append(text.digitize(_ALPHABET))

    def search_one(marker: int) -> list[_Hit]:
        return _search_profile(proteins, profiles, marker=marker)

    hits = [hit for found in pool.map(search_one, range(len(profiles.hmms))) for hit in found]
    hits.sort(key=lambda hit: (hit.gene, -hit.score, hit.marker))
    return _best_of_overlapping(hits)


def _search_profile(
    proteins: pyhmmer.easel.DigitalSequenceBlock[Any], profiles: MarkerProfiles, *, marker: int
) -> list[_Hit]:
    """Genes that reach the profile's score; a score, unlike an E-value, does not depend on the other proteins."""
    least = float(profiles.min_scores[marker])
    domain_least = min(least, _MIN_DOMAIN_SCORE)
    pipeline = pyhmmer.plan7.Pipeline(_ALPHABET, T=least, incT=least, domT=domain_least, incdomT=domain_least)
    hits = []
    for found in pipeline.search_hmm(profiles.hmms[marker], proteins):
        stretches = [domain.alignment for domain in found.domains if domain.included] if found.included else []
        if stretches:
            hits.append(
                _Hit(
                    gene=int(found.name),
                    marker=marker,
                    score=float(found.score),
                    first=min(stretch.target_from for stretch in stretches),
                    last=max(stretch.target_to for stretch in stretches),
                    model_start=min(stretch.hmm_from for stretch in stretches),
                    model_end=max(stretch.hmm_to for stretch in stretches),
                )
            )
    return hits


def _best_of_overlapping(hits: Sequence[_Hit]) -> list[_Hit]:
    """Of hits sorted by gene and falling score, those that share little of the protein with a better one."""
    kept: list[_Hit] = []
    first_of_gene = 0
    for hit in hits:
        if kept and kept[-1].gene != hit.gene:
            first_of_gene = len(kept)
        if not any(_overlap(hit, better) for better in kept[first_of_gene:]):
            kept.append(hit)
    return kept


def _overlap(hit: _Hit, better: _Hit) -> bool:
    """Whether two hits share more than half of the shorter one's stretch of the protein."""
    shared = min(hit.last, better.last) - max(hit.first, better.first) + 1
    return 2 * shared > min(hit.last - hit.first, better.last - better.first) + 1
