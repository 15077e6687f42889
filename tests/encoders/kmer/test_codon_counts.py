"""Counts of what is read in frame, against counting along each frame."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.kmer import codon_counts
from dnabert_s_cli.encoders.kmer.codon_counts import FRAME_KINDS, count_in_frame, part_bounds
from dnabert_s_cli.encoders.kmer.counts import kmer_names
from dnabert_s_cli.encoders.kmer.frames import find_frames, read_codons
from dnabert_s_cli.encoders.kmer.windows import Scratch
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.locations import PROJECT

KINDS = ("codons", "tetramers1", "tetramers2", "tetramers3")


@pytest.fixture(scope="module")
def contigs() -> list[str]:
    """Real contigs of four species."""
    found = read_sequences([PROJECT / "examples" / "contigs.fa.gz"], min_length_bp=20_000)
    return [record.sequence for record in found][::8]


def counted_along_frames(sequence: str) -> list[int]:
    """Codons and in-frame tetramers of each frame, one after the other."""
    frames = find_frames(read_codons([sequence], Scratch()))
    codons: Counter[str] = Counter()
    tetramers: tuple[Counter[str], ...] = (Counter(), Counter(), Counter())
    for start, n_codons, is_reverse in zip(frames.start, frames.n_codons, frames.is_reverse, strict=True):
        dna = sequence[start : start + 3 * n_codons]
        dna = reverse_complement(dna) if is_reverse else dna
        codons.update(dna[at : at + 3] for at in range(0, len(dna), 3))
        for offset, counter in enumerate(tetramers):
            counter.update(dna[at + offset : at + offset + 4] for at in range(0, len(dna) - 3, 3))
    return [codons[name] for name in kmer_names(3)] + [one[name] for one in tetramers for name in kmer_names(4)]


def test_counts_are_those_along_each_frame(contigs: list[str]) -> None:
    assert count_in_frame(contigs, KINDS).tolist() == [counted_along_frames(sequence) for sequence in contigs]


def test_kinds_stand_in_the_order_asked_for(contigs: list[str]) -> None:
    counts = count_in_frame(contigs[:2], KINDS)
    swapped = count_in_frame(contigs[:2], ("tetramers2", "codons"))
    assert (swapped == np.concatenate([counts[:, 320:576], counts[:, :64]], axis=1)).all()


@pytest.mark.parametrize("length_bp", [100, 150, 301, 1_000, 20_000])
def test_both_strands_count_alike(contigs: list[str], length_bp: int) -> None:
    parts = [sequence[:length_bp] for sequence in contigs]
    counts = count_in_frame(parts, KINDS)
    assert (count_in_frame([reverse_complement(part) for part in parts], KINDS) == counts).all()


def test_neither_parts_nor_threads_break_the_symmetry(contigs: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codon_counts, "part_bounds", lambda length_bp: part_bounds(length_bp, most_bp=3_000))
    monkeypatch.setattr(codon_counts, "_SLAB_BP", 10_000)
    counts = count_in_frame(contigs, KINDS)
    assert (count_in_frame([reverse_complement(dna) for dna in contigs], KINDS, threads=3) == counts).all()


@pytest.mark.parametrize("length_bp", [0, 1, 5, 6, 7, 20, 1_001])
def test_parts_are_the_same_from_either_end(length_bp: int) -> None:
    bounds = part_bounds(length_bp, most_bp=6)
    assert bounds == [length_bp - bound for bound in reversed(bounds)]
    assert (bounds[0], bounds[-1]) == (0, length_bp)
    assert max(np.diff(bounds)) <= 6
    assert len(bounds) % 2 == 0


def test_without_sequences_there_are_no_rows() -> None:
    assert count_in_frame([], KINDS).shape == (0, sum(FRAME_KINDS.values()))


def test_where_tga_is_no_stop_most_codons_are_still_read(contigs: list[str]) -> None:
    """Genetic codes 4 and 25: every TGG of a gene written as TGA."""
    sequence = contigs[0]
    frames = find_frames(read_codons([sequence], Scratch()))
    letters = list(sequence)
    for start, n_codons, is_reverse in zip(frames.start, frames.n_codons, frames.is_reverse, strict=True):
        for at in range(start, start + 3 * n_codons, 3):
            word = sequence[at : at + 3]
            letters[at : at + 3] = {("TGG", False): "TGA", ("CCA", True): "TCA"}.get((word, bool(is_reverse)), word)
    usual, other = count_in_frame([sequence, "".join(letters)], ("codons",))
    assert other.sum() > 0.6 * usual.sum()
    assert np.corrcoef(usual, other)[0, 1] > 0.9
