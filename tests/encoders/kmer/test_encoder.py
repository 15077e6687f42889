"""Vectors of a k-mer network: whatever threads, company, strand and letters."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.kmer import encoder as kmer_encoder
from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.encoder import BATCH_ROWS, KmerEncoder
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from tests.conftest import random_dna

CONFIG = KmerNetworkConfig(kmers=(3, 4), hidden=(64, 32), dim=16, norm="batch", length_features=True)
SEQUENCES = [random_dna(40 + 13 * number % 900, number) for number in range(300)]


def make_encoder(threads: int = 1, *, config: KmerNetworkConfig = CONFIG, strand: str = "forward") -> KmerEncoder:
    network = KmerNetwork(config)
    init_weights(network, torch.Generator().manual_seed(0))
    network.standardise.running_mean = torch.linspace(0.5, 1.5, config.n_inputs)
    network.standardise.running_var = torch.full((config.n_inputs,), 0.25)
    return KmerEncoder("tiny", "0" * 64, network.eval(), threads, strand)


def test_rows_are_float32_of_unit_length() -> None:
    vectors = make_encoder().embed(SEQUENCES)
    assert vectors.dtype == np.float32
    assert vectors.shape == (300, 16)
    assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-6


def test_threads_change_no_bit() -> None:
    assert (make_encoder(threads=3).embed(SEQUENCES) == make_encoder().embed(SEQUENCES)).all()


def test_torchs_threads_change_no_bit_and_are_left_as_they_were() -> None:
    before = torch.get_num_threads()
    expected = make_encoder().embed(SEQUENCES)
    torch.set_num_threads(3)
    assert (make_encoder().embed(SEQUENCES) == expected).all()
    assert torch.get_num_threads() == 3
    torch.set_num_threads(before)


def test_company_does_not_matter() -> None:
    encoder = make_encoder()
    together = encoder.embed(SEQUENCES)
    alone = np.concatenate([encoder.embed([dna]) for dna in SEQUENCES[:20]])
    backwards = encoder.embed(SEQUENCES[::-1])[::-1]
    assert np.abs(alone - together[:20]).max() < 1e-6
    assert np.abs(backwards - together).max() < 1e-6


def test_groups_change_no_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = make_encoder().embed(SEQUENCES)
    monkeypatch.setattr(kmer_encoder, "_GROUP_CELLS", BATCH_ROWS * CONFIG.n_inputs)
    assert (make_encoder().embed(SEQUENCES) == expected).all()


def test_both_strands_have_one_vector() -> None:
    encoder = make_encoder()
    assert (encoder.embed([reverse_complement(dna) for dna in SEQUENCES]) == encoder.embed(SEQUENCES)).all()


def test_tokens_are_kmers_that_counted() -> None:
    embedded = make_encoder().embed_counted(["ACGTACGT", "ACGTNACGT", "A"])
    assert embedded.n_tokens.tolist() == [6, 4, 0]
    assert embedded.n_windows.tolist() == [1, 1, 1]


def test_progress_counts_all_bases() -> None:
    seen: list[int] = []
    make_encoder().embed_counted(SEQUENCES, on_progress=seen.append)
    assert sum(seen) == sum(map(len, SEQUENCES))
    assert len(seen) == 3


def test_sequences_without_information_share_a_finite_vector() -> None:
    vectors = make_encoder().embed(["AC", "N" * 500, "ACGT", "ACGTTGCA", random_dna(200)])
    assert np.isfinite(vectors).all()
    assert (vectors[1:4] == vectors[0]).all()
    assert np.abs(vectors[4] - vectors[0]).max() > 0.01


def test_short_sequences_are_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    encoder = make_encoder()
    with caplog.at_level(logging.WARNING):
        encoder.embed([random_dna(33), random_dna(33), random_dna(34)])
        encoder.embed(["ACGT"])
    assert len(caplog.records) == 1
    assert "2 sequences" in caplog.text
    assert "fewer than 32 k-mers" in caplog.text


def test_no_sequences_give_an_empty_table() -> None:
    assert make_encoder().embed([]).shape == (0, 16)


def test_describe_says_what_the_vectors_depend_on() -> None:
    assert make_encoder().describe() == {
        "model": "tiny",
        "fingerprint": "0" * 64,
        "dim": 16,
        "device": "cpu",
        "dtype": "float32",
    }


def test_a_network_of_forward_words_tells_strands_apart() -> None:
    encoder = make_encoder(config=replace(CONFIG, strand="forward"))
    vectors = encoder.embed([SEQUENCES[9], reverse_complement(SEQUENCES[9])])
    assert np.abs(vectors[0] - vectors[1]).max() > 0.01
    assert encoder.describe()["strand"] == "forward"


def test_both_strands_of_forward_words_are_averaged_if_wanted() -> None:
    config = replace(CONFIG, strand="forward")
    dna = [SEQUENCES[9], reverse_complement(SEQUENCES[9])]
    both = make_encoder(config=config, strand="both").embed_counted(dna)
    one = make_encoder(config=config).embed_counted(dna)
    mean = one.embeddings.mean(axis=0)
    assert np.abs(both.embeddings - mean / np.linalg.norm(mean)).max() < 1e-6
    assert (both.n_tokens == 2 * one.n_tokens).all()
    assert (both.n_windows == 2).all()


UNSURE = replace(CONFIG, norm="layer", frames=("codons", "tetramers2"), uncertainty=True)


def test_uncertainty_is_stated_where_the_config_says_so() -> None:
    stated = make_encoder(config=UNSURE).embed_counted(SEQUENCES).uncertainty
    assert stated is not None
    assert stated.dtype == np.float32
    assert stated.shape == (300,)
    assert ((stated > 0) & (stated <= 1)).all()
    assert len(np.unique(stated)) > 250
    assert make_encoder().embed_counted(SEQUENCES).uncertainty is None


def test_uncertainty_depends_on_the_sequence_alone() -> None:
    whole = make_encoder(threads=3, config=UNSURE).embed_counted(SEQUENCES)
    other = make_encoder(config=UNSURE).embed_counted([reverse_complement(dna) for dna in SEQUENCES[::-1]])
    assert whole.uncertainty is not None
    assert other.uncertainty is not None
    assert np.abs(whole.uncertainty - other.uncertainty[::-1]).max() < 1e-6
    assert np.abs(whole.embeddings - other.embeddings[::-1]).max() < 2e-6


def test_what_is_too_short_to_say_anything_is_wholly_uncertain() -> None:
    stated = make_encoder(config=UNSURE).embed_counted([random_dna(20, 0), random_dna(400, 1)]).uncertainty
    assert stated is not None
    assert stated[0] == 1 > stated[1]


def test_the_description_says_that_uncertainty_is_stated() -> None:
    assert make_encoder(config=UNSURE).describe()["uncertainty"] is True
    assert "uncertainty" not in make_encoder().describe()
