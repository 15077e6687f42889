from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.pairs.writer import Piece
from dnabert_s_cli.io.sequences.genomes import Genome
from dnabert_s_cli.io.sequences.reading import Record
from dnabert_s_cli.pipelines.genomes.pieces import CutGenome, PieceSpec, cut_pairs, draw_contigs, draw_pieces
from tests.conftest import random_dna


def _genome(*lengths: int, letters: str = "ACGT") -> Genome:
    return Genome("g", tuple(Record(f"r{n}", random_dna(length, n, letters)) for n, length in enumerate(lengths)))


def _cut(genome: Genome, spec: PieceSpec, seed: int = 0) -> CutGenome:
    return cut_pairs(genome, spec, rng=np.random.default_rng(seed))


def _pieces(cut: CutGenome) -> list[Piece]:
    return [piece for pair in cut.pairs for piece in pair]


def _uses(pieces: list[Piece], genome: Genome) -> dict[str, np.ndarray]:
    """How many pieces each base of each record is in."""
    used = {record.id: np.zeros(len(record.sequence), int) for record in genome.records}
    for piece in pieces:
        for stretch in piece.stretches:
            used[stretch.record][stretch.start : stretch.end] += 1
    return used


def _text(piece: Piece, genome: Genome) -> str:
    sequences = {record.id: record.sequence for record in genome.records}
    texts = [
        text if one.strand == "+" else reverse_complement(text)
        for one in piece.stretches
        for text in [sequences[one.record][one.start : one.end]]
    ]
    return "".join(texts)


LENGTHS = st.lists(st.integers(1, 120), min_size=1, max_size=8)
SPECS = st.builds(
    PieceSpec,
    length_bp=st.integers(20, 50),
    shortest_bp=st.sampled_from([None, 5, 20]),
    pairs_per_genome=st.integers(1, 30),
    join=st.booleans(),
)


@given(lengths=LENGTHS, spec=SPECS, seed=st.integers(0, 20))
@settings(max_examples=150)
def test_pieces_do_not_overlap_and_are_what_their_stretches_say(lengths: list[int], spec: PieceSpec, seed: int) -> None:
    genome = _genome(*lengths)
    cut = _cut(genome, spec, seed)
    assert len(cut.pairs) <= spec.pairs_per_genome
    for piece in _pieces(cut):
        assert piece.sequence == _text(piece, genome)
        assert spec.least_bp <= len(piece.sequence) <= spec.length_bp
        assert spec.join or len(piece.stretches) == 1
    assert all(used.max(initial=0) <= 1 for used in _uses(_pieces(cut), genome).values())


@given(lengths=LENGTHS, seed=st.integers(0, 20))
@settings(max_examples=60)
def test_joined_pieces_of_a_round_share_no_record(lengths: list[int], seed: int) -> None:
    cut = _cut(_genome(*lengths), PieceSpec(40, 10, join=True), seed)
    records = [stretch.record for piece in _pieces(cut) for stretch in piece.stretches]
    assert len(records) == len(set(records))


def test_all_that_fits_is_cut() -> None:
    assert len(_cut(_genome(1000, 255, 99), PieceSpec(100)).pairs) == 6


def test_record_that_has_room_for_two_random_lengths_gives_a_pair() -> None:
    assert all(len(_cut(_genome(20), PieceSpec(50, 10), seed).pairs) == 1 for seed in range(30))


def test_random_lengths_span_the_range() -> None:
    lengths = [len(piece.sequence) for piece in _pieces(_cut(_genome(50_000), PieceSpec(100, 20)))]
    assert len(lengths) == 400
    assert (min(lengths), max(lengths)) == (20, 100)
    assert abs(np.mean(lengths) - 60) < 5


def test_pieces_lie_anywhere_in_the_genome() -> None:
    starts = [
        piece.stretches[0].start for seed in range(200) for piece in _pieces(_cut(_genome(250), PieceSpec(100), seed))
    ]
    assert (min(starts), max(starts)) == (0, 150)
    assert len(set(starts)) > 80  # of 102


def test_partners_are_drawn_from_the_whole_genome() -> None:
    pairs = _cut(_genome(100_000), PieceSpec(100)).pairs
    distances = [abs(first.stretches[0].start - second.stretches[0].start) for first, second in pairs]
    assert 20_000 < np.mean(distances) < 45_000  # a third of the genome


def test_rounds_cut_anew() -> None:
    genome = _genome(1050)
    cut = _cut(genome, PieceSpec(100, rounds=3))
    assert len(cut.pairs) == 15
    assert len({piece.stretches for piece in _pieces(cut)}) > 15
    assert _uses(_pieces(cut), genome)["r0"].max() <= 3


def test_rounds_end_with_the_last_pair_asked_for() -> None:
    assert len(_cut(_genome(1000), PieceSpec(100, pairs_per_genome=7, rounds=9)).pairs) == 7


def test_joined_records_come_in_both_strands_and_any_order() -> None:
    cut = _cut(_genome(*[50] * 400), PieceSpec(500, join=True))
    stretches = [stretch for piece in _pieces(cut) for stretch in piece.stretches]
    assert len(_pieces(cut)) == 40
    assert all(len(piece.stretches) == 10 for piece in _pieces(cut))
    assert 0.4 < np.mean([stretch.strand == "-" for stretch in stretches]) < 0.6
    assert [stretch.record for stretch in stretches] != sorted(stretch.record for stretch in stretches)


def test_pieces_with_much_n_are_left_out_and_counted() -> None:
    record = Record("r", random_dna(1000) + "N" * 500 + random_dna(1000))
    cut = _cut(Genome("g", (record,)), PieceSpec(100, max_n_share=0.1))
    assert 4 <= cut.n_rich <= 6
    assert all(piece.sequence.count("N") <= 10 for piece in _pieces(cut))
    assert _cut(Genome("g", (record,)), PieceSpec(100, max_n_share=1.0)).n_rich == 0


@pytest.mark.parametrize("join", [True, False])
def test_too_small_a_genome_gives_no_pair(join: bool) -> None:
    assert _cut(_genome(120), PieceSpec(100, join=join)).pairs == ()
    assert _cut(Genome("g", ()), PieceSpec(100, join=join)).pairs == ()


def test_shortest_above_longest_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="pieces of 200 to 100 bp") as caught:
        PieceSpec(100, 200)
    assert "--shortest" in str(caught.value.hint)


@given(lengths=LENGTHS, n_pieces=st.integers(1, 9), seed=st.integers(0, 20))
@settings(max_examples=80)
def test_single_pieces_do_not_overlap_and_are_what_they_say(lengths: list[int], n_pieces: int, seed: int) -> None:
    genome = _genome(*lengths)
    spec = PieceSpec(30, shortest_bp=10)
    drawn = draw_pieces(genome, spec, n_pieces=n_pieces, rng=np.random.default_rng(seed)).pieces
    assert len(drawn) <= n_pieces
    assert all(used.max(initial=0) <= 1 for used in _uses(list(drawn), genome).values())
    assert [piece.sequence for piece in drawn] == [_text(piece, genome) for piece in drawn]


def test_single_pieces_are_of_both_strands() -> None:
    drawn = draw_pieces(_genome(2000), PieceSpec(20), n_pieces=60, rng=np.random.default_rng(0))
    strands = [stretch.strand for piece in drawn.pieces for stretch in piece.stretches]
    assert 15 < strands.count("+") < 45


def test_single_pieces_with_much_n_are_left_out_and_counted() -> None:
    genome = Genome("g", (Record("r", "N" * 100 + random_dna(100)),))
    drawn = draw_pieces(genome, PieceSpec(20), n_pieces=10, rng=np.random.default_rng(0))
    assert len(drawn.pieces) + drawn.n_rich == 10
    assert drawn.n_rich >= 5
    assert all(piece.sequence.count("N") <= 1 for piece in drawn.pieces)


def test_contigs_have_the_lengths_that_were_drawn_for_their_record() -> None:
    genome = _genome(100, 40)
    drawn = draw_contigs(
        genome,
        lambda n_bp, _: np.array([n_bp // 2, n_bp // 4]),
        max_n_share=1.0,
        rng=np.random.default_rng(0),
    )
    assert sorted(len(piece.sequence) for piece in drawn.pieces) == [10, 20, 25, 50]
    assert all(used.max() == 1 for used in _uses(list(drawn.pieces), genome).values())
