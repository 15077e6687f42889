"""Protein k-mers: all six frames, whatever the strand, the block or the case; the same words always."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dnabert_s_cli.analysis.classification import protein_kmers
from dnabert_s_cli.analysis.classification.protein_kmers import KmerSample
from dnabert_s_cli.dna import reverse_complement

_CODE = "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF"


def _dna(length_bp: int, *, seed: int = 0) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length_bp))


def _protein(dna: str) -> str:
    numbers = ["ACGT".index(base) for base in dna]
    return "".join(
        _CODE[16 * a + 4 * b + c] for a, b, c in zip(*(numbers[place::3] for place in range(3)), strict=False)
    )


def _words(dna: str, length: int) -> set[str]:
    """All k-mers of both strands in all frames, by the definition."""
    words = set()
    for strand in (dna, reverse_complement(dna)):
        for frame in range(3):
            protein = _protein(strand[frame:])
            words |= {protein[place : place + length] for place in range(len(protein) - length + 1)}
    return {word for word in words if "*" not in word}


def test_all_words_of_six_frames_are_found_when_all_are_sampled() -> None:
    dna = _dna(2_000)
    assert len(KmerSample(5, 1).of(dna)) == len(_words(dna, 5))


def test_one_word_in_some_is_sampled() -> None:
    dna = _dna(60_000)
    n_all = len(_words(dna, 9))
    assert len(KmerSample(9, 20).of(dna)) == pytest.approx(n_all / 20, rel=0.2)


def test_both_strands_have_the_same_kmers() -> None:
    dna, sample = _dna(3_001), KmerSample(6, 4)
    assert np.array_equal(sample.of(dna), sample.of(reverse_complement(dna)))


def test_case_does_not_matter_and_unknown_bases_are_in_no_kmer() -> None:
    sample = KmerSample(4, 1)
    dna = _dna(300)
    assert np.array_equal(sample.of(dna.lower()), sample.of(dna))
    assert len(sample.of("N" * 300)) == 0
    broken = set(sample.of(dna[:150] + "N" + dna[150:]).tolist())
    assert broken == set(sample.of(dna[:150]).tolist()) | set(sample.of(dna[150:]).tolist())


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    dna, sample = _dna(5_000), KmerSample(9, 3)
    whole, gene = sample.of(dna), sample.of_gene(dna)
    monkeypatch.setattr(protein_kmers, "_BLOCK", 300)
    assert np.array_equal(sample.of(dna), whole)
    assert np.array_equal(sample.of_gene(dna), gene)


def test_several_sequences_give_what_each_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = KmerSample(5, 2)
    sequences = ["", *(_dna(length_bp, seed=length_bp) for length_bp in (700, 3, 901, 14)), "ACGTN" * 40, ""]
    alone = [sample.of(sequence) for sequence in sequences]
    for block in (300, protein_kmers._BLOCK):
        monkeypatch.setattr(protein_kmers, "_BLOCK", block)
        together = sample.of_each(sequences)
        assert len(together) == len(sequences)
        assert all(map(np.array_equal, together, alone))
    assert sum(map(len, alone)) > 500


def test_a_gene_gives_the_kmers_of_its_own_frame() -> None:
    dna, sample = "ATGGCTAAAGAACTGTGGCATCCGGATTTC", KmerSample(5, 1)
    protein = _protein(dna)
    assert "*" not in protein
    assert len(sample.of_gene(dna)) == len({protein[place : place + 5] for place in range(len(protein) - 4)})
    assert set(sample.of_gene(dna).tolist()) <= set(sample.of(dna).tolist())


def test_a_synonymous_codon_changes_nothing() -> None:
    sample = KmerSample(4, 1)
    assert np.array_equal(sample.of_gene("GCTGAAAAACTG"), sample.of_gene("GCCGAGAAATTA"))


@pytest.mark.parametrize("dna", ["", "A", "ACGTACGTACGTAC"])
def test_short_sequences_have_none(dna: str) -> None:
    assert len(KmerSample(5, 1).of(dna)) == 0
    assert len(KmerSample(5, 1).of_gene(dna)) == 0
