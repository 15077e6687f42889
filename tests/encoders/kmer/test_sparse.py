"""The first layer of short sequences against the dense one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dnabert_s_cli.encoders.kmer import encoder as kmer_encoder
from dnabert_s_cli.encoders.kmer.config import TRANSFORMS, KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.encoder import KmerEncoder
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from dnabert_s_cli.encoders.kmer.profile import profile_counts, profiles_of_counts
from dnabert_s_cli.encoders.kmer.sparse import FoldedLayer, first_projection, fold_first_layer, is_mostly_background
from tests.conftest import random_dna

READS = [random_dna(40 + 7 * number, number) for number in range(40)]
LONG = [random_dna(5_000, number) for number in range(5)]


def make_network(**changes: object) -> KmerNetwork:
    config = KmerNetworkConfig(**{"kmers": (5, 6), "hidden": (48, 32), "dim": 16, **changes})  # type: ignore[arg-type]
    network = KmerNetwork(config)
    generator = torch.Generator().manual_seed(0)
    init_weights(network, generator)
    network.standardise.running_mean = torch.rand(config.n_inputs, generator=generator)
    network.standardise.running_var = 0.1 + torch.rand(config.n_inputs, generator=generator)
    return network.eval()


def folded(network: KmerNetwork) -> FoldedLayer:
    made = fold_first_layer(network)
    assert made is not None
    return made


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("length_features", [False, True])
@pytest.mark.parametrize("hidden", [(48, 32), ()])
def test_it_is_the_dense_product(transform: str, length_features: bool, hidden: tuple[int, ...]) -> None:
    network = make_network(transform=transform, length_features=length_features, hidden=hidden)
    counts = profile_counts([*READS, "", *LONG], network.config)
    first = network.layers[0]
    with torch.inference_mode():
        profiles = torch.from_numpy(profiles_of_counts(counts, network.config))
        linear = first.linear if hidden else first
        dense = linear(network.standardise(profiles))
    sparse = first_projection(folded(network), counts, config=network.config)
    assert float((sparse - dense).abs().max()) < 1e-5 * float(dense.abs().max())


def test_counts_of_nothing_have_a_projection() -> None:
    network = make_network()
    counts = profile_counts(["", ""], network.config)
    assert first_projection(folded(network), counts, config=network.config).isfinite().all()


def test_a_layer_with_a_residual_is_not_folded() -> None:
    assert fold_first_layer(make_network(kmers=(3,), hidden=(32, 32), residual=True)) is None


def test_few_kmers_make_a_row_mostly_background() -> None:
    config = make_network().config
    assert is_mostly_background(np.array([0, 145, 20_000]), config).tolist() == [True, True, False]


def test_short_and_long_sequences_may_come_mixed() -> None:
    encoder = KmerEncoder("tiny", "0" * 64, make_network(), 2)
    mixed = [dna for pair in zip(READS, LONG * 8, strict=True) for dna in pair]
    vectors = encoder.embed(mixed)
    assert vectors[::2].tobytes() == encoder.embed(READS).tobytes()
    assert vectors[1:10:2].tobytes() == encoder.embed(LONG).tobytes()


def test_short_sequences_have_the_vectors_of_the_dense_way(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = KmerEncoder("tiny", "0" * 64, make_network(), 2)
    sparse = encoder.embed(READS)
    monkeypatch.setattr(kmer_encoder, "is_mostly_background", lambda n_kmers, _: np.zeros(len(n_kmers), dtype=bool))
    assert np.abs(encoder.embed(READS) - sparse).max() < 1e-5
