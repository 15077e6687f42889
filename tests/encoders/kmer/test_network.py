"""The k-mer network: shapes, mixing points, training and evaluation mode."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights


def make_network(**changes: object) -> KmerNetwork:
    config = KmerNetworkConfig(**{"kmers": (3,), "hidden": (16, 16), "dim": 4, **changes})  # type: ignore[arg-type]  # a test's own
    network = KmerNetwork(config)
    init_weights(network, torch.Generator().manual_seed(0))
    return network


def some_profiles(n_rows: int = 8) -> torch.Tensor:
    return torch.rand(n_rows, 32, generator=torch.Generator().manual_seed(1))


def test_plain_network_is_its_formula() -> None:
    network, profiles = make_network().eval(), some_profiles()
    weights = network.state_dict()
    states = profiles / (1 + 1e-5) ** 0.5
    for layer in ("layers.0.linear", "layers.1.linear"):
        states = F.gelu(states @ weights[f"{layer}.weight"].T + weights[f"{layer}.bias"])
    expected = states @ weights["layers.2.weight"].T + weights["layers.2.bias"]
    assert torch.allclose(network(profiles), expected, atol=1e-6)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_stopping_before_a_layer_and_going_on_changes_nothing(norm: str, layer: int) -> None:
    network, profiles = make_network(norm=norm, residual=True).eval(), some_profiles()
    states = network.states_before(profiles, layer)
    assert states.shape == (8, (32, 16, 16)[layer])
    assert torch.equal(network.forward_from(states, layer), network(profiles))


def test_states_can_be_mixed_before_each_layer() -> None:
    assert make_network().n_mix_layers == 3
    assert make_network(hidden=()).n_mix_layers == 1


def test_residual_adds_the_input_where_widths_agree() -> None:
    plain, residual = make_network().eval(), make_network(residual=True).eval()
    states = torch.rand(2, 16)
    assert torch.equal(residual.layers[1](states), states + plain.layers[1](states))
    assert torch.equal(residual.layers[0](some_profiles()), plain.layers[0](some_profiles()))


def test_training_learns_the_mean_of_each_column() -> None:
    network = make_network()
    network.standardise.momentum = None  # the plain mean of what was seen
    network.train()(some_profiles(64))
    assert torch.allclose(network.standardise.running_mean, some_profiles(64).mean(dim=0), atol=1e-6)


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_rows_do_not_depend_on_each_other_in_evaluation(norm: str) -> None:
    network, profiles = make_network(norm=norm, dropout=0.5).eval(), some_profiles()
    assert torch.allclose(network(profiles)[3:4], network(profiles[3:4]), atol=1e-6)


def test_seed_determines_all_weights() -> None:
    first, second = make_network(norm="batch"), make_network(norm="batch")
    assert all(torch.equal(one, second.state_dict()[name]) for name, one in first.state_dict().items())


def test_without_its_uncertainty_a_network_is_the_same_but_for_that() -> None:
    network, profiles = make_network(uncertainty=True).eval(), some_profiles()
    vectors = network(profiles)
    assert network.uncertainty(vectors, torch.full((8,), 500)).shape == (8,)
    network.drop_uncertainty()
    assert not network.config.uncertainty
    assert torch.equal(network(profiles), vectors)
    assert not any(name.startswith("spread") for name in network.state_dict())
