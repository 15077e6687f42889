"""Open frames, against a plain search through one sequence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.kmer.coding_score import CODON_SCORES, GC_SLOPES
from dnabert_s_cli.encoders.kmer.frames import MIN_CODONS, MOST_OVERLAP, Frames, find_frames, read_codons
from dnabert_s_cli.encoders.kmer.windows import Scratch
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.conftest import random_dna
from tests.locations import PROJECT

STOPS = {"TAA", "TAG", "TGA"}


@pytest.fixture(scope="module")
def contigs() -> list[str]:
    """The first 6 kb of real contigs of four species."""
    found = read_sequences([PROJECT / "examples" / "contigs.fa.gz"], min_length_bp=20_000)
    return [record.sequence[:6_000] for record in found][::8]


def frames_of(sequences: list[str]) -> Frames:
    return find_frames(read_codons(sequences, Scratch()))


def spans(sequence: str) -> set[tuple[int, int, bool]]:
    """Start, end and strand of each frame found."""
    found = frames_of([sequence])
    ends = found.start + 3 * found.n_codons
    return set(zip(found.start.tolist(), ends.tolist(), found.is_reverse.tolist(), strict=True))


def score(codons: list[str], sequence: str) -> float:
    """The score of a frame, codon by codon."""
    gc = sum(base in "GC" for base in sequence) / sum(base in "ACGT" for base in sequence)
    words = [sum("ACGT".index(base) * 4 ** (2 - place) for place, base in enumerate(codon)) for codon in codons]
    return sum(float(CODON_SCORES[word]) + float(GC_SLOPES[word]) * (gc - 0.5) for word in words)


def open_spans(sequence: str) -> list[tuple[int, int, list[str]]]:
    """Start, end and codons of every frame of the strand as it is that is long enough."""
    found = []
    for phase in range(3):
        codons = [sequence[at : at + 3] for at in range(phase, len(sequence) - 2, 3)]
        closed = [at for at, codon in enumerate(codons) if codon in STOPS or set(codon) - set("ACGT")]
        for before, stop in pairwise([-1, *closed, len(codons)]):
            if stop - before - 1 >= MIN_CODONS:
                found.append((phase + 3 * before + 3, phase + 3 * stop, codons[before + 1 : stop]))
    return found


def plain_search(sequence: str) -> set[tuple[int, int, bool]]:
    """The best first, each unless a better one that was taken covers too much of it."""
    length = len(sequence)
    candidates = [(score(codons, sequence), s, e, False) for s, e, codons in open_spans(sequence)]
    reverse = open_spans(reverse_complement(sequence))
    candidates += [(score(codons, sequence), length - e, length - s, True) for s, e, codons in reverse]
    taken: list[tuple[int, int, bool]] = []
    for value, start, end, strand in sorted(candidates, reverse=True):
        overlaps = [min(end, e) - max(start, s) for s, e, _ in taken]
        if value > 0 and all(overlap <= MOST_OVERLAP * (end - start) for overlap in overlaps):
            taken.append((start, end, strand))
    return set(taken)


def test_frames_are_those_of_a_plain_search(contigs: list[str]) -> None:
    sequences = [*contigs, contigs[0][:1_000] + "NNNN" + contigs[1][:1_500].lower().upper()]
    assert all(spans(sequence) == plain_search(sequence) for sequence in sequences)


def test_both_strands_have_the_same_frames(contigs: list[str]) -> None:
    for sequence in contigs:
        length = len(sequence)
        mirrored = {(length - end, length - start, not strand) for start, end, strand in spans(sequence)}
        assert spans(reverse_complement(sequence)) == mirrored


def test_frames_of_real_contigs_cover_most_of_them(contigs: list[str]) -> None:
    covered = [sum(end - start for start, end, _ in spans(sequence)) / len(sequence) for sequence in contigs]
    assert 0.8 < np.mean(covered) < 1.1


def test_company_does_not_matter(contigs: list[str]) -> None:
    together = frames_of(["", *contigs, "ACG"])
    alone = [frames_of([sequence]) for sequence in contigs]
    assert np.bincount(together.row, minlength=len(contigs) + 2).tolist() == [0, *[len(one.row) for one in alone], 0]


def test_a_read_without_a_stop_is_one_frame(contigs: list[str]) -> None:
    start, end, is_reverse = max(spans(contigs[0]), key=lambda span: span[1] - span[0])
    read = contigs[0][start + 30 : start + 180]
    assert end - start > 300
    assert spans(read) == {(0, 150, is_reverse)}


def test_no_frame_reaches_over_a_letter_that_is_no_base(contigs: list[str]) -> None:
    for sequence in contigs:
        broken = sequence[:3_000] + "N" + sequence[3_001:]
        assert not any(start <= 3_000 < end for start, end, _ in spans(broken))


@pytest.mark.parametrize("sequence", ["", "A", "ACGT" * 10, "N" * 500, "TAAC" * 150])
def test_where_there_is_no_frame_none_is_found(sequence: str) -> None:
    assert len(frames_of([sequence]).row) == 0


def test_a_repeat_is_no_trouble() -> None:
    for sequence in ("A" * 5_000, "ACC" * 3_000, random_dna(50, 0) * 100):
        length = len(sequence)
        mirrored = {(length - end, length - start, not strand) for start, end, strand in spans(sequence)}
        assert len(spans(reverse_complement(sequence))) == len(mirrored)
