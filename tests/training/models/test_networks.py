"""The networks in training: upstream's mixing, order, truncation, recomputation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from dnabert_s_cli.encoders.dnabert.folder import build_transformer, read_weights
from dnabert_s_cli.encoders.dnabert.network import TransformerConfig
from dnabert_s_cli.encoders.dnabert.packing import equal_length_runs
from dnabert_s_cli.encoders.dnabert.tokenizer import DnaTokenizer
from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.network import KmerNetwork
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.models.mixing import MixPlan
from dnabert_s_cli.training.models.networks import KmerProfileNetwork, TransformerNetwork, pack_tokens
from tests import reference
from tests.conftest import random_dna
from tests.locations import GOLDEN
from tests.training.steps import gradients, largest_difference, tiny_kmer_network, tiny_network

GOLDEN_MIXES = [
    ("encoder-heads12", 0),
    ("encoder-heads12", 2),
    ("encoder-heads12", 3),
    ("encoder-heads6", 0),
    ("encoder-heads6", 1),
    ("encoder-heads6", 2),
]
DNA = [random_dna(length, length) for length in (30, 75, 30, 12, 60)]
PLAN = MixPlan(1, torch.tensor([1, 4, 2, 0, 3]), torch.tensor([0.5, 0.7, 0.6, 0.9, 0.8]))


def golden_network(case: str, tokenizer_path: Path) -> TransformerNetwork:
    folder = GOLDEN / case
    config = TransformerConfig.from_json(json.loads((folder / "config.json").read_text()), path=case)
    model = build_transformer(config, read_weights(folder / "model.safetensors"), path=folder)
    tokenizer = DnaTokenizer(tokenizer_path, vocab_size=config.vocab_size)
    return TransformerNetwork(model, tokenizer, max_tokens=1000)


@pytest.mark.parametrize(("case", "layer"), GOLDEN_MIXES)
def test_mixing_equals_upstreams(case: str, layer: int, tiny_model: Path) -> None:
    tensors = load_file(GOLDEN / case / "io.safetensors")
    rows = zip(tensors["input_ids"], tensors["attention_mask"].bool(), strict=True)
    prepared = pack_tokens([tokens[mask].numpy() for tokens, mask in rows])
    mix = MixPlan(layer, tensors[f"mix{layer}.permutation"], tensors[f"mix{layer}.lambda"])
    network = golden_network(case, tiny_model / "tokenizer.json")
    with torch.inference_mode():
        hidden, layout = network.mixed_states(prepared, mix)
        means = network.encode_mixed(prepared, mix)
    mask = tensors[f"mix{layer}.attention_mask"].bool()[layout.order]
    expected = tensors[f"mix{layer}.last_hidden_state"][layout.order][mask]
    assert (hidden - expected).abs().max() < 2e-5
    assert (means - tensors[f"mix{layer}.mean_embedding"]).abs().max() < 2e-5


def test_a_batch_equals_its_sequences_one_by_one(tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    together = network.encode(network.prepare(DNA))
    alone = torch.cat([network.encode(network.prepare([sequence])) for sequence in DNA])
    assert torch.allclose(together, alone, atol=2e-6)


@pytest.mark.parametrize("layer", [0, 1])
def test_a_mixed_batch_equals_mixing_one_by_one(layer: int, tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    model = network.model
    with torch.no_grad():
        found = network.encode_mixed(network.prepare(DNA), MixPlan(layer, PLAN.partners, PLAN.weights))
        blocks = [
            lambda state, block=block: block(state, model.plain_attention(equal_length_runs([len(state)])))
            for block in model.encoder.layer
        ]
        embedded = [model.embeddings(torch.from_numpy(tokens)) for tokens in network.tokenizer.encode(DNA)]
        expected = reference.mixed_embeddings(
            blocks, embedded, layer=layer, partners=PLAN.partners.tolist(), shares=PLAN.weights.tolist()
        )
    assert torch.allclose(found, torch.stack(expected), atol=2e-6)


def test_a_plan_of_whole_shares_changes_nothing_but_the_length(tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    prepared = network.prepare([DNA[0], DNA[2], DNA[0]])
    swapped = MixPlan(1, torch.tensor([2, 1, 0]), torch.ones(3))
    assert torch.allclose(network.encode_mixed(prepared, swapped), network.encode(prepared), atol=2e-6)


def test_every_layer_of_the_transformer_can_be_mixed_before(tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    prepared = network.prepare(DNA)
    plans = [MixPlan(layer, PLAN.partners, PLAN.weights) for layer in range(network.n_mix_layers)]
    first, second = (network.encode_mixed(prepared, plan) for plan in plans)
    assert first.shape == second.shape == (5, network.dim)
    assert not torch.allclose(first, second, atol=1e-3)


def test_long_sequences_keep_their_first_tokens_and_the_last(tiny_model: Path) -> None:
    network = tiny_network(tiny_model, max_tokens=6)
    (whole,) = network.tokenizer.encode([DNA[1]])
    prepared = network.prepare([DNA[1]])
    assert prepared.rows.tolist() == [*whole[:5].tolist(), whole[-1]]


def test_truncated_sequences_and_kept_tokens_are_counted(tiny_model: Path) -> None:
    network = tiny_network(tiny_model, max_tokens=14)
    lengths = [len(tokens) for tokens in network.tokenizer.encode(DNA)]
    prepared = network.prepare(DNA)
    assert prepared.n_truncated == sum(length > 14 for length in lengths) > 0
    assert prepared.n_tokens == sum(min(length, 14) for length in lengths)


def test_recomputation_leaves_the_gradient_as_it_is_with_dropout(tiny_model: Path) -> None:
    found = []
    for recompute in (False, True):
        network = tiny_network(tiny_model, dropout=0.3, recompute=recompute)
        torch.manual_seed(0)
        network.encode_mixed(network.prepare(DNA), PLAN).square().sum().backward()
        found.append(gradients(network))
    assert largest_difference(found[1], found[0]) < 1e-6


def test_bfloat16_autocast_is_within_three_times_the_error_of_bfloat16_weights(tiny_model: Path) -> None:
    network, rounded = tiny_network(tiny_model), tiny_network(tiny_model)
    slopes = rounded.model.slopes
    rounded.to(torch.bfloat16)
    rounded.model.slopes = slopes
    exact = network.encode(network.prepare(DNA))
    with torch.autocast("cpu", torch.bfloat16):
        under_autocast = network.encode(network.prepare(DNA))
    error = (under_autocast - exact).abs().max()
    assert 0 < error <= 3 * (rounded.encode(rounded.prepare(DNA)) - exact).abs().max()


def test_profiles_are_encoded_in_the_order_given() -> None:
    network = tiny_kmer_network()
    together = network.encode(network.prepare(DNA))
    alone = torch.cat([network.encode(network.prepare([sequence])) for sequence in DNA])
    assert torch.allclose(together, alone, atol=1e-6)


def test_standardisation_is_by_the_fitted_sample_in_training_too() -> None:
    network = tiny_kmer_network()
    network.fit_input_statistics(DNA)
    standard = network.model.states_before(network.prepare(DNA).rows, 0)
    assert torch.allclose(standard.mean(dim=0), torch.zeros(standard.shape[1]), atol=1e-5)
    assert network.model.standardise.running_mean is not None
    before = network.model.standardise.running_mean.clone()
    network.encode(network.prepare(DNA[:2]))
    assert torch.equal(network.model.standardise.running_mean, before)


def test_a_new_kmer_network_needs_input_statistics_and_a_fitted_one_does_not() -> None:
    network = KmerProfileNetwork(KmerNetwork(KmerNetworkConfig(kmers=(3,), hidden=(4,), dim=2)))
    assert network.needs_input_statistics
    network.fit_input_statistics(DNA)
    assert not network.needs_input_statistics


def test_a_transformer_needs_no_input_statistics(tiny_model: Path) -> None:
    assert not tiny_network(tiny_model).needs_input_statistics


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_states_of_the_kmer_network_are_mixed_before_each_layer(layer: int) -> None:
    network = tiny_kmer_network()
    prepared = network.prepare(DNA)
    states = network.model.states_before(prepared.rows, layer)
    shares = PLAN.weights[:, None]
    expected = network.model.forward_from(states * shares + states[PLAN.partners] * (1 - shares), layer)
    found = network.encode_mixed(prepared, MixPlan(layer, PLAN.partners, PLAN.weights))
    assert torch.allclose(found, expected, atol=1e-6)


def test_the_kmer_network_counts_its_kmers() -> None:
    assert tiny_kmer_network().prepare(["ACGTA", "ACGNACG"]).n_tokens == 3 + 2


def test_normalisation_over_the_batch_is_refused() -> None:
    with pytest.raises(DnabertSError, match="normalisation over the batch") as caught:
        KmerProfileNetwork(KmerNetwork(KmerNetworkConfig(kmers=(3,), hidden=(4,), dim=2, norm="batch")))
    assert caught.value.hint == "use 'layer' or 'none'"
