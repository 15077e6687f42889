"""From a finished run of `dnabert-s train` to the model that is used: one more coordinate, half precision.

    python finish.py RUN/last MODEL [--constant 0.4]

Vectors of sequences that look like no species in particular are short before they are scaled to unit length, and scaled
they point anywhere. A coordinate that is the same for all, `constant` times the median length of the vectors of known
species, lets them point the same way instead. It is one more row of the last layer: weights 0 and that number as bias.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from torch import nn

from dnabert_s_cli.encoders.kmer_folder import load_kmer_network, save_kmer_model
from dnabert_s_cli.encoders.kmer_network import KmerNetwork
from dnabert_s_cli.encoders.kmer_profile import kmer_profiles
from dnabert_s_cli.io.pairs import PairFile

MOST_PAIRS = 2_000  # whose vectors' lengths are looked at


def main() -> None:
    """Read, append, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--pairs", type=Path, help="pairs of held-out genomes; with it, the coordinate is appended")
    parser.add_argument("--constant", type=float, default=0.4)
    arguments = parser.parse_args()
    network = load_kmer_network(arguments.checkpoint)
    if arguments.pairs is not None:
        typical = median_length(network, arguments.pairs)
        network = with_constant(network, arguments.constant * typical)
        print(f"median length {typical:.4f}, constant coordinate {arguments.constant * typical:.4f}")
    save_kmer_model(arguments.model, network)


def median_length(network: KmerNetwork, pairs_path: Path) -> float:
    """Of the vectors of the first sequence of each pair, before they are scaled."""
    with PairFile(pairs_path) as pairs, torch.inference_mode():
        sequences = [pairs[row].first for row in islice(range(len(pairs)), MOST_PAIRS)]
        profiles = torch.from_numpy(kmer_profiles(sequences, network.config))
        return float(network(profiles).norm(dim=1).median())


def with_constant(network: KmerNetwork, constant: float) -> KmerNetwork:
    """The same network with one more output, which is `constant` for every input."""
    longer = KmerNetwork(replace(network.config, dim=network.dim + 1))
    state = network.state_dict()
    weight, bias = (f"layers.{len(network.layers) - 1}.{name}" for name in ("weight", "bias"))
    last = network.layers[-1]
    assert isinstance(last, nn.Linear)
    state[weight] = torch.cat([last.weight, last.weight.new_zeros(1, last.in_features)])
    state[bias] = torch.cat([last.bias, last.bias.new_full((1,), constant)])
    longer.load_state_dict(state)
    return longer.eval()


if __name__ == "__main__":
    main()
