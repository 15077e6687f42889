"""Profiles against their formulas."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.composition import tnf_canonical
from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.profile import kmer_profiles, n_counted, profile_counts
from tests.conftest import random_dna

SEQUENCES = [random_dna(length, length) for length in (40, 700, 3000)]


def test_roots_of_4mers_are_the_canonical_composition_scaled() -> None:
    profiles = kmer_profiles(SEQUENCES, KmerNetworkConfig(kmers=(4,)))
    assert profiles.dtype == np.float32
    assert np.abs(profiles - tnf_canonical(SEQUENCES) * 136**0.5).max() < 1e-5


def test_each_kmer_has_a_mean_of_one() -> None:
    profiles = kmer_profiles(SEQUENCES, KmerNetworkConfig(kmers=(3, 4), transform="linear"))
    assert profiles.shape == (3, 32 + 136)
    assert np.abs(profiles[:, :32].mean(axis=1) - 1).max() < 1e-5
    assert np.abs(profiles[:, 32:].mean(axis=1) - 1).max() < 1e-5


def test_anscombe_draws_short_sequences_to_one() -> None:
    config = KmerNetworkConfig(kmers=(2,), transform="anscombe")
    counts = profile_counts(["AACC"], config)[0]
    assert kmer_profiles(["AACC"], config)[0] == pytest.approx(np.sqrt(10 * (counts + 3 / 8) / (3 + 10 * 3 / 8)))


def test_length_features_come_last() -> None:
    config = KmerNetworkConfig(kmers=(4, 5), length_features=True)
    profile = kmer_profiles(["ACGT" * 5], config)[0]
    assert profile[-2:] == pytest.approx([np.log(1 + 17), 1 / np.sqrt(1 + 17)])


def test_counted_are_kmers_of_the_first_kind_without_other_letters() -> None:
    config = KmerNetworkConfig(kmers=(4, 3))
    assert n_counted(profile_counts(["ACGTACGT", "ACGTNACG", "NNNN", ""], config), config).tolist() == [5, 1, 0, 0]


@pytest.mark.parametrize("transform", ["linear", "sqrt", "anscombe"])
def test_no_kmers_give_a_finite_profile(transform: str) -> None:
    profiles = kmer_profiles(["", "N" * 50], KmerNetworkConfig(transform=transform, length_features=True))
    assert np.isfinite(profiles).all()


def test_both_strands_have_one_profile() -> None:
    config = KmerNetworkConfig(kmers=(4, 5, 6, "110011"), length_features=True)
    reverse = [reverse_complement(dna) for dna in SEQUENCES]
    assert (kmer_profiles(SEQUENCES, config) == kmer_profiles(reverse, config)).all()
