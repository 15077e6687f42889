"""The weights that come with the package."""

from __future__ import annotations

import logging
from itertools import combinations

import numpy as np
import pytest
import torch

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.kmer.encoder import MIN_KMERS
from dnabert_s_cli.encoders.kmer.folder import BUILT_IN_WEIGHTS
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences.reading import read_sequences
from tests.conftest import random_dna
from tests.locations import PROJECT

NAMES = ["kmer-s", "kmer-s-1"]
LONG_BP = 20_000


@pytest.fixture(scope="module")
def contigs() -> dict[str, str]:
    """Real contigs of four species."""
    found = read_sequences([PROJECT / "examples" / "contigs.fa.gz"], min_length_bp=LONG_BP)
    return {record.id: record.sequence[:LONG_BP] for record in found}


def embedded(sequences: list[str], *, threads: int = 1, model: str = "kmer-s") -> np.ndarray:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    vectors = load_encoder(model).embed(sequences)
    torch.set_num_threads(before)
    return vectors


@pytest.mark.parametrize("name", NAMES)
def test_the_weights_take_at_most_8_megabytes(name: str) -> None:
    assert sum(path.stat().st_size for path in (BUILT_IN_WEIGHTS / name).iterdir()) <= 8_000_000


@pytest.mark.parametrize("name", NAMES)
def test_a_card_tells_where_the_weights_come_from(name: str) -> None:
    card = (BUILT_IN_WEIGHTS / name / "README.md").read_text(encoding="utf-8")
    assert all(word in card for word in ("metaphlan2-data 2.6.0", "MIT", "examples/kmer-s/run.sh", "## Limits"))


def test_the_model_before_is_still_there_and_another_one() -> None:
    new, old = map(load_encoder, NAMES)
    assert (new.dim, old.dim) == (256, 256)
    assert new.fingerprint != old.fingerprint


def test_a_longer_piece_of_a_contig_is_less_uncertain(contigs: dict[str, str]) -> None:
    stated = []
    for length_bp in (150, 1_000, 5_000, 20_000):
        found = load_encoder("kmer-s").embed_counted([dna[:length_bp] for dna in contigs.values()]).uncertainty
        assert found is not None
        stated.append(float(found.mean()))
    assert stated == sorted(stated, reverse=True)


def test_threads_change_no_bit(contigs: dict[str, str]) -> None:
    sequences = [*contigs.values(), *(dna[:500] for dna in contigs.values())]
    assert (embedded(sequences, threads=3) == embedded(sequences)).all()


def test_company_does_not_matter(contigs: dict[str, str]) -> None:
    sequences = [dna[: 200 + 150 * number] for number, dna in enumerate(contigs.values())]
    alone = np.concatenate([embedded([dna]) for dna in sequences[:20]])
    assert np.abs(alone - embedded(sequences)[:20]).max() < 2e-6


@pytest.mark.parametrize("name", NAMES)
def test_both_strands_have_one_vector(contigs: dict[str, str], name: str) -> None:
    sequences = list(contigs.values())[:10]
    reverse = [reverse_complement(dna) for dna in sequences]
    assert (embedded(reverse, model=name) == embedded(sequences, model=name)).all()


def test_contigs_of_one_species_are_nearer_than_those_of_two(contigs: dict[str, str]) -> None:
    species = read_labels(PROJECT / "examples" / "gold.tsv")
    names, vectors = list(contigs), embedded(list(contigs.values()))
    cosines = vectors @ vectors.T
    same, other = [], []
    for one, two in combinations(range(len(names)), 2):
        (same if species[names[one]] == species[names[two]] else other).append(cosines[one, two])
    assert np.quantile(same, 0.05) > np.quantile(other, 0.95)


def test_letters_that_are_no_base_change_little(contigs: dict[str, str]) -> None:
    dna = next(iter(contigs.values()))
    with_gap = dna[:10_000] + "N" * 3_000 + dna[10_000:]
    (plain, gapped) = embedded([dna, with_gap])
    assert plain @ gapped > 0.999


def test_a_sequence_of_some_tens_of_bases_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        embedded([random_dna(MIN_KMERS + 2, 0), random_dna(MIN_KMERS + 3, 0)])
    assert [record.getMessage() for record in caplog.records] == [
        "1 sequences so far have fewer than 32 k-mers of A, C, G, T: "
        "too short to embed; they all get the same, uninformative vector"
    ]
