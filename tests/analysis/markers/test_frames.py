"""Six reading frames against Biopython's translation, and where open frames and genes begin and end."""

from __future__ import annotations

import numpy as np
import pytest
from Bio.Seq import Seq

from dnabert_s_cli.analysis.markers.frames import EDGE, GUARD, RESIDUES, STOP, SixFrames, translate

GC_RICH = "GCC" * 40  # no frame of it, nor of the other strand, has a stop


def random_dna(n_bp: int, *, seed: int, gc: float = 0.6) -> str:
    """Bases drawn at random, more G and C than TGA is read at."""
    shares = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), size=n_bp, p=shares))


def residues(frames: SixFrames, strand: int, contig: int, n_codons: int) -> str:
    """The codons of a contig, from left to right, base by base."""
    begin = GUARD + int(frames.begins[contig])
    row = frames.residues[strand, begin : begin + n_codons]
    return "".join("*" if code == STOP else RESIDUES[code] for code in row)


def proteins(frames: SixFrames, strand: int) -> set[str]:
    """All open frames of ten residues or more."""
    n_stops = len(frames.stops[strand])
    found = (frames.protein(strand, frame) for frame in range(1, n_stops))
    return {"".join((RESIDUES + "X")[code] for code in one) for one in found if len(one) >= 10}


def biopython_proteins(contig: str, strand: int) -> set[str]:
    """The same from Biopython."""
    seq = Seq(contig).reverse_complement() if strand else Seq(contig)
    shifted = [seq[shift : shift + (len(seq) - shift) // 3 * 3] for shift in range(3)]
    pieces = [piece for one in shifted for piece in str(one.translate(table=11)).split("*")]
    return {piece for piece in pieces if len(piece) >= 10}


def test_every_codon_is_translated_on_both_strands() -> None:
    contig = random_dna(500, seed=1)
    frames = translate([contig])
    codons = [contig[place : place + 3] for place in range(len(contig) - 2)]
    forward = "".join(str(Seq(codon).translate(table=4)) for codon in codons)
    reverse = "".join(str(Seq(codon).reverse_complement().translate(table=4)) for codon in codons)
    assert residues(frames, 0, 0, len(codons)) == forward
    assert residues(frames, 1, 0, len(codons)) == reverse


@pytest.mark.parametrize("strand", [0, 1])
def test_open_frames_are_what_lies_between_stops(strand: int) -> None:
    contigs = [random_dna(900, seed=2), random_dna(700, seed=3)]
    expected = set().union(*(biopython_proteins(contig, strand) for contig in contigs))
    assert proteins(translate(contigs), strand) == expected


def test_a_position_is_in_its_open_frame() -> None:
    contig = random_dna(600, seed=4)
    frames = translate([contig])
    for position in (20, 21, 22, 300):
        for strand in (0, 1):
            place = np.array([len(EDGE) + position])
            left, right = frames.ends(strand, int(frames.open_frames(strand, place)[0]))
            assert left < len(EDGE) + position <= right
            assert (left - right) % 3 == 0


def test_no_frame_runs_from_one_contig_into_the_next() -> None:
    frames = translate([GC_RICH, GC_RICH])
    assert {len(one) for one in proteins(frames, 0)} == {39, 40}


def test_a_gap_of_unknown_bases_ends_frames() -> None:
    assert {len(one) for one in proteins(translate([GC_RICH + "NNNN" + GC_RICH]), 0)} == {39, 40}


def test_few_unknown_bases_do_not_end_frames() -> None:
    found = proteins(translate([GC_RICH + "NNN" + GC_RICH]), 0)
    assert "A" * 40 + "X" + "A" * 40 in found


def test_unknown_bases_at_the_end_of_a_contig_join_it_to_nothing() -> None:
    assert {len(one) for one in proteins(translate([GC_RICH + "N", "N" + GC_RICH]), 0)} == {39, 40}


@pytest.mark.parametrize(("spacer", "n_proteins"), [("GCC", 2), ("AAA", 1)])
def test_tga_is_read_where_gc_is_low(spacer: str, n_proteins: int) -> None:
    frames = translate([spacer * 30 + "TGA" + spacer * 30])
    whole = [one for one in proteins(frames, 0) if len(one) == 61]
    assert bool(whole) == (n_proteins == 1)


@pytest.mark.parametrize("strand", [0, 1])
def test_a_gene_begins_with_its_first_start_codon_and_ends_with_its_stop(strand: int) -> None:
    gene = "ATG" + "GCC" * 30 + "TAA"
    contig = "GGTAAGCCGCC" + gene + "GGCC"
    text = str(Seq(contig).reverse_complement()) if strand else contig
    frames = translate([text])
    at = text.find(str(Seq(gene).reverse_complement()) if strand else gene)
    inside = np.array([len(EDGE) + at + 30])
    begin, end = frames.gene(strand, int(frames.open_frames(strand, inside)[0]), first=10, last=20)
    assert text[begin - len(EDGE) : end - len(EDGE)] == text[at : at + len(gene)]


def test_a_gene_that_the_contig_cuts_goes_to_its_ends() -> None:
    frames = translate(["C" + "GCC" * 30])
    frame = int(frames.open_frames(0, np.array([len(EDGE) + 1]))[0])
    begin, end = frames.gene(0, frame, first=5, last=20)
    assert (begin - len(EDGE), end - len(EDGE)) == (1, 91)


def test_a_gene_ends_at_a_tga_that_is_not_inside_of_it() -> None:
    contig = "TAA" + "ATG" + "AAA" * 30 + "TGA" + "AAA" * 20 + "TAA"
    frames = translate([contig])
    frame = int(frames.open_frames(0, np.array([len(EDGE) + 6]))[0])
    assert frames.gene(0, frame, first=3, last=20) == (len(EDGE) + 3, len(EDGE) + 3 + 32 * 3)
    assert frames.gene(0, frame, first=3, last=40) == (len(EDGE) + 3, len(EDGE) + len(contig))
