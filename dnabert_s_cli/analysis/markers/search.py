"""Single-copy marker genes on contigs.

Contigs stream in -> groups of a megabase -> open reading frames that may hold a marker, each with the profiles in
question -> blocks of groups -> each profile against the proteins of its frames -> the hits, as parallel arrays. A gene
counts once for each stretch of its protein: of hits that overlap there, the best stays.
What the hits say of bins stands in `bin_quality.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import pyhmmer
from numpy.typing import NDArray

from .candidates import find_candidates
from .frames import STOP, SixFrames, translate
from .profiles import MarkerProfiles, MarkerSet
from .words import index_words

MIN_PROTEIN = 20  # residues
_VITERBI_P, _FORWARD_P = 1e-3, 1e-5  # HMMER's own
_VITERBI_SHARE = 0.5  # of a hit's score
_FORWARD_SLACK = 5.0  # bits
_GROUP_BP = 1_000_000  # contigs translated together
_BLOCK_BP = 16_000_000  # contigs searched together: each profile is made ready for a search once
_MIN_DOMAIN_SCORE = 5.0  # bits; weaker stretches of a gene do not say where in the model it lies
_ALPHABET = pyhmmer.easel.Alphabet.amino()
_DIGIT_OF = np.array([*range(STOP), _ALPHABET.encode("X")[0]], dtype=np.uint8)

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True, eq=False)
class MarkerHits:
    """Markers on N contigs: H hits, sorted by contig, start of the gene and marker.

    A gene goes from the first start codon of its open frame to the stop, or to where the contig cuts it.

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

    def of_rows(self, rows: NDArray[np.int64]) -> MarkerHits:
        """The hits on a few contigs, which are renumbered; takes time in proportion to these. `rows`: (M,), rising."""
        firsts, ends = (np.searchsorted(self.contig, rows, side=side) for side in ("left", "right"))
        n_hits = ends - firsts
        before = np.cumsum(n_hits) - n_hits
        chosen = np.repeat(firsts - before, n_hits) + np.arange(int(n_hits.sum()))
        columns = {name: getattr(self, name)[chosen] for name in HIT_COLUMNS}
        columns["contig"] = np.repeat(np.arange(len(rows)), n_hits)
        return MarkerHits(self.markers, len(rows), **columns)


HIT_COLUMNS = tuple(one.name for one in fields(MarkerHits) if one.name not in ("markers", "n_contigs"))


@dataclass(frozen=True, slots=True, eq=False)
class _Gene:
    """One open frame of a group of contigs, the first of which is number `first_contig` of the input."""

    frames: SixFrames
    first_contig: int
    strand: int
    frame: int


@dataclass(frozen=True, slots=True)
class _Hit:
    """One profile on one gene; `first` and `last` are residues of the protein, from 1."""

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
    index = index_words(profiles)
    rows: list[tuple[float, ...]] = []
    n_contigs = 0

    def scan(group: list[str]) -> tuple[SixFrames, NDArray[np.int64]]:
        frames = translate(group)
        return frames, find_candidates(frames, index)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        for block in _joined(_joined(sequences, size=len, least_bp=_GROUP_BP), size=_total_bp, least_bp=_BLOCK_BP):
            scanned = []
            for group, (frames, candidates) in zip(block, pool.map(scan, block), strict=True):
                scanned.append((n_contigs, frames, candidates))
                n_contigs += len(group)
                _report(group, on_progress)
            rows += _search(scanned, profiles, pool=pool)
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


def _total_bp(group: Sequence[str]) -> int:
    return sum(map(len, group))


def _report(group: Sequence[str], on_progress: Callable[[int], object]) -> None:
    for sequence in group:
        on_progress(len(sequence))


def _joined(parts: Iterable[_Part], *, size: Callable[[_Part], int], least_bp: int) -> Iterator[list[_Part]]:
    """Neighbours together, until they have some bases."""
    block: list[_Part] = []
    n_bp = 0
    for part in parts:
        block.append(part)
        n_bp += size(part)
        if n_bp >= least_bp:
            yield block
            block, n_bp = [], 0
    if block:
        yield block


def _search(
    scanned: Sequence[tuple[int, SixFrames, NDArray[np.int64]]], profiles: MarkerProfiles, *, pool: ThreadPoolExecutor
) -> list[tuple[float, ...]]:
    """Rows of hits, in the columns of `HIT_COLUMNS`, of all profiles on their candidates; the best of each stretch.

    Args:
        scanned: of each group of contigs the number of the first one, the frames, and the candidates.
    """
    genes: list[_Gene] = []
    proteins: list[pyhmmer.easel.DigitalSequence[Any]] = []
    of_profile: list[list[int]] = [[] for _ in profiles.hmms]
    for first_contig, frames, candidates in scanned:
        last = None
        for strand, frame, marker in candidates.tolist():
            if (strand, frame) != last:
                last = strand, frame
                protein = frames.protein(strand, frame)
                genes.append(_Gene(frames, first_contig, strand, frame))
                proteins.append(_digital(protein, number=len(proteins)))
            if len(proteins[-1]) >= MIN_PROTEIN:
                of_profile[marker].append(len(genes) - 1)

    def search_one(marker: int) -> list[_Hit]:
        chosen = pyhmmer.easel.DigitalSequenceBlock(_ALPHABET, [proteins[gene] for gene in of_profile[marker]])
        return _search_profile(chosen, profiles, marker=marker)

    searched = [marker for marker, found in enumerate(of_profile) if found]
    hits = [hit for found in pool.map(search_one, searched) for hit in found]
    hits.sort(key=lambda hit: (hit.gene, -hit.score, hit.marker))
    return [_row(hit, genes[hit.gene]) for hit in _best_of_overlapping(hits)]


def _digital(protein: NDArray[np.uint8], *, number: int) -> pyhmmer.easel.DigitalSequence[Any]:
    letters = _DIGIT_OF.take(protein).tobytes()
    return pyhmmer.easel.DigitalSequence(_ALPHABET, name=str(number).encode(), sequence=letters)


def _row(hit: _Hit, gene: _Gene) -> tuple[float, ...]:
    """A hit in the columns of `HIT_COLUMNS`."""
    begin, end = gene.frames.gene(gene.strand, gene.frame, first=hit.first - 1, last=hit.last - 1)
    contig = gene.frames.contig_of(begin)
    shift = int(gene.frames.begins[contig])
    place = (begin - shift + 1, end - shift, -1 if gene.strand else 1, hit.model_start, hit.model_end)
    return (gene.first_contig + contig, hit.marker, hit.score, *place)


def _search_profile(
    proteins: pyhmmer.easel.DigitalSequenceBlock[Any], profiles: MarkerProfiles, *, marker: int
) -> list[_Hit]:
    """Genes that reach the profile's score; a score, unlike an E-value, does not depend on the other proteins."""
    least = float(profiles.min_scores[marker])
    domain_least = min(least, _MIN_DOMAIN_SCORE)
    viterbi, forward = _filters(profiles.hmms[marker], least)
    pipeline = pyhmmer.plan7.Pipeline(
        _ALPHABET, T=least, incT=least, domT=domain_least, incdomT=domain_least, F2=viterbi, F3=forward
    )
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


def _filters(hmm: pyhmmer.plan7.HMM[Any], least: float) -> tuple[float, float]:
    """The P-values that HMMER's Viterbi and Forward filters let pass, so that they stop what cannot reach a score.

    A hit's Forward score is at least its final one, but for the two ways to allow for its composition, and its Viterbi
    score, of the best alignment alone, was never below half of that. HMMER's own limits are weaker.
    """
    statistics = hmm.evalue_parameters
    viterbi, forward = _VITERBI_P, _FORWARD_P
    if statistics.f_tau is not None and statistics.f_lambda is not None:
        forward = min(forward, math.exp(-statistics.f_lambda * (least - _FORWARD_SLACK - statistics.f_tau)))
    if statistics.v_mu is not None and statistics.v_lambda is not None:
        limit = _VITERBI_SHARE * least
        viterbi = min(viterbi, -math.expm1(-math.exp(-statistics.v_lambda * (limit - statistics.v_mu))))
    return viterbi, forward


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
