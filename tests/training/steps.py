"""Small networks, batches and gradients for the tests of a training step."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from dnabert_s_cli.encoders.dnabert.folder import build_transformer, read_weights
from dnabert_s_cli.encoders.dnabert.network import TransformerConfig
from dnabert_s_cli.encoders.dnabert.tokenizer import DnaTokenizer
from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from dnabert_s_cli.training.collator import SequenceBatch
from dnabert_s_cli.training.models.networks import KmerProfileNetwork, Network, TransformerNetwork
from dnabert_s_cli.training.objective.contrastive import Objective
from dnabert_s_cli.training.objective.heads import ProjectionHead, init_head
from dnabert_s_cli.training.processes.distributed import World

ALONE = World(0, 1, torch.device("cpu"))
SIMCLR = Objective("simclr", weighted=True, temperature=0.05)
MI_MIX = Objective("mi_mix", weighted=True, temperature=0.05)


def tiny_network(
    folder: Path, *, dropout: float = 0.0, max_tokens: int = 1000, recompute: bool = False
) -> TransformerNetwork:
    """The encoder of a model folder, in training mode."""
    config = TransformerConfig(64, 24, 2, 3, 32, hidden_dropout_prob=dropout)
    path = folder / "model.safetensors"
    tokenizer = DnaTokenizer(folder / "tokenizer.json", vocab_size=config.vocab_size)
    model = build_transformer(config, read_weights(path), path=path)
    network = TransformerNetwork(model, tokenizer, max_tokens=max_tokens, recompute=recompute)
    return network.train()


def tiny_head(dim: int) -> ProjectionHead:
    """A head, the same at every call."""
    head = ProjectionHead(dim, 8)
    init_head(head, torch.Generator().manual_seed(3))
    return head


def pairs_of(n_pairs: int, *, seed: int = 0, groups: list[int] | None = None) -> SequenceBatch:
    """Random pairs of unequal lengths, each a group of its own unless `groups` says otherwise."""
    rng = np.random.default_rng(seed)
    dna = ["".join(rng.choice(list("ACGT"), length)) for length in rng.integers(20, 90, 2 * n_pairs)]
    numbers = np.arange(n_pairs) if groups is None else np.array(groups)
    return SequenceBatch(tuple(dna[:n_pairs]), tuple(dna[n_pairs:]), numbers.astype(np.int64), np.arange(n_pairs))


def rows_of(batch: SequenceBatch, start: int, end: int) -> SequenceBatch:  # a slice has two ends
    """Some neighbouring pairs of a batch."""
    return SequenceBatch(
        batch.first[start:end], batch.second[start:end], batch.groups[start:end], batch.rows[start:end]
    )


def gradients(*modules: nn.Module) -> dict[str, Tensor]:
    """Every parameter's gradient by name; zero where there is none."""
    return {
        f"{number}.{name}": torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
        for number, module in enumerate(modules)
        for name, parameter in module.named_parameters()
    }


def largest_difference(found: dict[str, Tensor], expected: dict[str, Tensor]) -> float:
    """Largest absolute difference of two sets of gradients over the largest gradient."""
    assert found.keys() == expected.keys()
    scale = max(float(tensor.abs().max()) for tensor in expected.values())
    assert scale > 0
    return max(float((found[name] - expected[name]).abs().max()) for name in expected) / scale


def tiny_kmer_network(*, dropout: float = 0.0) -> KmerProfileNetwork:
    """A k-mer network of three layers, fitted, in training mode, the same at every call."""
    model = KmerNetwork(KmerNetworkConfig(kmers=(3,), hidden=(16, 16), dim=12, norm="layer", dropout=dropout))
    init_weights(model, torch.Generator().manual_seed(2))
    network = KmerProfileNetwork(model)
    network.fit_input_statistics(pairs_of(8, seed=5).first)
    return network.train()


def networks(folder: Path, *, dropout: float = 0.0) -> dict[str, Network]:
    """One network of each family."""
    return {
        "transformer": tiny_network(folder, dropout=dropout),
        "kmer": tiny_kmer_network(dropout=dropout),
    }
