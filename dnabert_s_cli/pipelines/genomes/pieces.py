"""Cut a genome into pieces that do not overlap: pairs, single ones, or contigs.

Each round, records -> spans of random place, or with `join` sets of short records put end to end -> those with little N
-> drawn at random, two by two. Sequences are made only of what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ... import defaults
from ...dna import reverse_complement
from ...errors import DnabertSError
from ...io.pairs.writer import Piece, Stretch
from ...io.sequences import Genome, Record

_FORWARD, _REVERSE = "+", "-"


@dataclass(frozen=True, slots=True)
class PieceSpec:
    """How genomes are cut.

    Args:
        length_bp: length of a piece.
        shortest_bp: with it, lengths are drawn uniformly from this to `length_bp`.
        pairs_per_genome: at most so many pairs of one genome.
        rounds: how often a genome is cut; within a round no base is in two pieces.
        max_n_share: pieces with a larger share of N are left out.
        join: put short records end to end, in random order and strand, until a piece is full; what is left of the
            last of them is in no piece of the round.
    """

    length_bp: int = defaults.PIECE_BP
    shortest_bp: int | None = None
    pairs_per_genome: int = defaults.PAIRS_PER_GENOME
    rounds: int = defaults.PIECE_ROUNDS
    max_n_share: float = defaults.MAX_N_SHARE
    join: bool = False

    def __post_init__(self) -> None:
        if self.least_bp > self.length_bp:
            hint = "--shortest is at most --length"
            raise DnabertSError(f"pieces of {self.least_bp} to {self.length_bp} bp are asked for", hint=hint)

    @property
    def least_bp(self) -> int:
        """Length of the shortest piece."""
        return self.length_bp if self.shortest_bp is None else self.shortest_bp


@dataclass(frozen=True, slots=True)
class CutGenome:
    """Pairs of one genome, and how many pieces were left out for their N."""

    pairs: tuple[tuple[Piece, Piece], ...]
    n_rich: int


@dataclass(frozen=True, slots=True)
class DrawnPieces:
    """Single pieces of one genome, and how many were left out for their N."""

    pieces: tuple[Piece, ...]
    n_rich: int


@dataclass(frozen=True, slots=True)
class _Span:
    """Bases of the record with this number in the genome."""

    record: int
    start: int
    end: int
    strand: str


_Spans = tuple[_Span, ...]
LengthDraw = Callable[[int, np.random.Generator], np.ndarray]  # bases of a record -> (n,) lengths that fit into it


def cut_pairs(genome: Genome, spec: PieceSpec, *, rng: np.random.Generator) -> CutGenome:
    """Pairs of pieces of `genome`, in random order; none where it is too small."""
    pairs: list[tuple[Piece, Piece]] = []
    n_rich = 0
    for _ in range(spec.rounds):
        cut = list((_joined if spec.join else _tiled)(genome, spec, rng=rng))
        kept = [spans for spans in cut if _n_share(spans, genome) <= spec.max_n_share]
        n_rich += len(cut) - len(kept)
        n_pairs = min(len(kept) // 2, spec.pairs_per_genome - len(pairs))
        drawn = rng.permutation(len(kept))[: 2 * n_pairs].tolist()
        pieces = [_piece(kept[index], genome) for index in drawn]
        pairs += zip(pieces[::2], pieces[1::2], strict=True)
        if len(pairs) == spec.pairs_per_genome:
            break
    return CutGenome(tuple(pairs), n_rich)


def draw_pieces(genome: Genome, spec: PieceSpec, *, n_pieces: int, rng: np.random.Generator) -> DrawnPieces:
    """At most `n_pieces` pieces of `genome`, each of one record and of random strand, in random order."""
    spans = [span for (span,) in _tiled(genome, spec, rng=rng)]
    return _drawn(spans, genome, max_n_share=spec.max_n_share, n_pieces=n_pieces, rng=rng)


def draw_contigs(
    genome: Genome, draw_lengths: LengthDraw, *, max_n_share: float, rng: np.random.Generator
) -> DrawnPieces:
    """Pieces of random strand at random places of each record, of the lengths that `draw_lengths` gives it."""
    spans = [
        _Span(number, start, end, _FORWARD)
        for number, record in enumerate(genome.records)
        for start, end in _placed(draw_lengths(len(record.sequence), rng), len(record.sequence), rng=rng)
    ]
    return _drawn(spans, genome, max_n_share=max_n_share, n_pieces=len(spans), rng=rng)


def _drawn(
    spans: Sequence[_Span], genome: Genome, *, max_n_share: float, n_pieces: int, rng: np.random.Generator
) -> DrawnPieces:
    kept = [span for span in spans if _n_share((span,), genome) <= max_n_share]
    drawn = [kept[index] for index in rng.permutation(len(kept))[:n_pieces].tolist()]
    turned = [replace(span, strand=_FORWARD if rng.random() < 0.5 else _REVERSE) for span in drawn]
    return DrawnPieces(tuple(_piece((span,), genome) for span in turned), len(spans) - len(kept))


def _tiled(genome: Genome, spec: PieceSpec, *, rng: np.random.Generator) -> Iterator[_Spans]:
    """As many spans as fit into each record, with gaps of random size between them."""
    for number, record in enumerate(genome.records):
        length = len(record.sequence)
        lengths = _drawn_lengths(length, spec, rng=rng)
        for start, end in _placed(lengths, length, rng=rng):
            yield (_Span(number, start, end, _FORWARD),)


def _placed(lengths: np.ndarray, record_bp: int, *, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Start and end of pieces of these lengths in a record, in order, with gaps of random size between them."""
    gaps = np.sort(rng.integers(0, record_bp - int(lengths.sum()) + 1, len(lengths)))  # before each, summed up
    ends = gaps + np.cumsum(lengths)
    yield from zip((ends - lengths).tolist(), ends.tolist(), strict=True)


def _drawn_lengths(length_bp: int, spec: PieceSpec, *, rng: np.random.Generator) -> np.ndarray:
    """Lengths of the pieces of a record, (n,) int64, until less than the shortest is left.

    None is longer than half of a record that has room for two, so that both fit.
    """
    n_most = length_bp // spec.least_bp
    longest = min(spec.length_bp, max(spec.least_bp, length_bp // 2 if n_most > 1 else length_bp))
    lengths = rng.integers(spec.least_bp, longest + 1, n_most)
    n_fitting = int(np.searchsorted(np.cumsum(lengths), length_bp, side="right"))
    left = length_bp - int(lengths[:n_fitting].sum())
    if left < spec.least_bp:
        return lengths[:n_fitting]
    last = rng.integers(spec.least_bp, min(left, longest) + 1)
    return np.append(lengths[:n_fitting], last)


def _joined(genome: Genome, spec: PieceSpec, *, rng: np.random.Generator) -> Iterator[_Spans]:
    """Records in random order, put together until each piece is full; a record is in one piece only."""
    longest = min(spec.length_bp, max(spec.least_bp, genome.total_bp // 2))
    wanted = int(rng.integers(spec.least_bp, longest + 1))
    spans: list[_Span] = []
    n_bp = 0
    for number in rng.permutation(len(genome.records)).tolist():
        length = len(genome.records[number].sequence)
        taken = min(length, wanted - n_bp)
        start = int(rng.integers(0, length - taken + 1))
        strand = _FORWARD if rng.random() < 0.5 else _REVERSE
        spans.append(_Span(number, start, start + taken, strand))
        n_bp += taken
        if n_bp == wanted:
            yield tuple(spans)
            wanted, spans, n_bp = int(rng.integers(spec.least_bp, longest + 1)), [], 0
    if n_bp >= spec.least_bp:
        yield tuple(spans)


def _n_share(spans: _Spans, genome: Genome) -> float:
    n_bp = sum(span.end - span.start for span in spans)
    n_n = sum(genome.records[span.record].sequence.count("N", span.start, span.end) for span in spans)
    return n_n / n_bp


def _piece(spans: _Spans, genome: Genome) -> Piece:
    records = [genome.records[span.record] for span in spans]
    stretches = (
        Stretch(record.id, span.start, span.end, span.strand) for record, span in zip(records, spans, strict=True)
    )
    return Piece("".join(map(_text, records, spans)), tuple(stretches))


def _text(record: Record, span: _Span) -> str:
    text = record.sequence[span.start : span.end]
    return text if span.strand == _FORWARD else reverse_complement(text)
