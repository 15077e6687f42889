"""Train the network of kmer-s on views of clades.

    python learn.py GENES network.json OUT [--steps 2000] [--seed 0]

Each step: some clades, a few views of each without a gene in common, often drawn anew -> profiles -> vectors -> every
view of a clade is to be nearer to the others of it than to those of all other clades (NT-Xent of SimCLR, Chen et al.
2020, arXiv 2002.05709, without a projection head; with more than two views each of the others is a positive in turn,
against the negatives alone, as in the loss L_out of Khosla et al. 2020, arXiv 2004.11362, section 3.2). Clades that
stand near each other in the file are not counted as negatives: the file is in the order of the taxonomy, and they may
be one species. A moving average of the weights is what is saved. Progress goes to OUT/log.tsv.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from genes import load_genes, read_config
from torch import Tensor
from views import MIN_GENES, ViewSampler

from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.encoders.kmer.folder import save_kmer_model
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, init_weights
from dnabert_s_cli.encoders.kmer.profile import profiles_of_counts

TEMPERATURE = 0.05
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 0.01
WARMUP = 0.1  # of all steps
AVERAGED = 0.995  # of the old average that each step keeps
FRESH_CLADES = 64  # that get new views before each step
NEAR_CLADES = 3  # in the order of the file
HELD_OUT = 0.03
STATISTICS_VIEWS = 6_000
VALIDATION_VIEWS = 4  # of each held-out clade
_LOG_EVERY = 100
_NEVER = -1e4


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how broad."""

    steps: int
    n_clades: int
    n_views: int
    shortest_bp: float
    longest_bp: float
    seed: int


def main() -> None:
    """Train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("genes", "network", "out"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--clades", type=int, default=256, help="in each step")
    parser.add_argument("--views", type=int, default=4, help="of each clade")
    parser.add_argument("--shortest", type=float, default=500, help="bp")
    parser.add_argument("--longest", type=float, default=25_000, help="bp")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    config = read_config(given.network)
    plan = Plan(given.steps, given.clades, given.views, given.shortest, given.longest, given.seed)
    given.out.mkdir(parents=True, exist_ok=True)
    save_kmer_model(given.out, train(given.genes, config, plan, log=given.out / "log.tsv"), half=False)


def train(genes_folder: Path, config: KmerNetworkConfig, plan: Plan, *, log: Path) -> KmerNetwork:
    """The averaged network after all steps, in evaluation mode."""
    genes = load_genes(genes_folder)
    rng = np.random.default_rng(plan.seed)
    clades, held_out = split_clades(genes.first_gene)
    sampler = ViewSampler(genes, rng, plan.shortest_bp, plan.longest_bp)
    network = KmerNetwork(config)
    init_weights(network, torch.Generator().manual_seed(plan.seed))
    torch.manual_seed(plan.seed)  # dropout draws from the global generator
    _fit_statistics(network, sampler.draw(clades[: STATISTICS_VIEWS // 2], n_views=2)[0])
    averaged = {name: one.clone() for name, one in network.state_dict().items()}
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    validation = ViewSampler(genes, np.random.default_rng(1), plan.shortest_bp, plan.longest_bp)
    held_out_views, _ = validation.draw(held_out, n_views=VALIDATION_VIEWS)  # no gene in common within a clade
    started = time.monotonic()
    network.train()
    network.standardise.eval()
    with log.open("w", encoding="utf-8") as file:
        file.write("step\tseconds\tloss\theld_out_nn\n")
        for step, (chosen, counts) in enumerate(_batches(sampler, clades, plan)):
            _set_rate(optimiser, step, n_steps=plan.steps)
            loss = _loss(_unit_vectors(network, counts), torch.from_numpy(np.repeat(chosen, plan.n_views)))
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            _average(averaged, network, step)
            if (step + 1) % _LOG_EVERY == 0 or step + 1 == plan.steps:
                right = _nearest_right(_with(network, averaged), held_out_views, np.repeat(held_out, VALIDATION_VIEWS))
                seconds = time.monotonic() - started
                file.write(f"{step + 1}\t{seconds:.0f}\t{loss.item():.4f}\t{right:.4f}\n")
                file.flush()
    return _with(network, averaged)


def split_clades(first_gene: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Clades to train on, and those held out; those of too few genes are in neither."""
    large = np.flatnonzero(np.diff(first_gene) >= MIN_GENES)
    order = np.random.default_rng(123).permutation(large)
    n_held_out = round(len(order) * HELD_OUT)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def _batches(sampler: ViewSampler, clades: np.ndarray, plan: Plan) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Clades and counts of their views for each step; some clades get fresh views before each."""
    kept = np.empty((len(clades), plan.n_views, sampler.genes.counts.shape[1]), dtype=np.uint16)

    def refresh(places: np.ndarray) -> None:
        kept[places] = sampler.draw(clades[places], n_views=plan.n_views)[0].reshape(len(places), *kept.shape[1:])

    refresh(np.arange(len(clades)))
    for step in range(plan.steps):
        refresh(np.arange(step * FRESH_CLADES, (step + 1) * FRESH_CLADES) % len(clades))
        places = np.sort(sampler.rng.choice(len(clades), min(plan.n_clades, len(clades)), replace=False))
        yield clades[places], kept[places].reshape(-1, kept.shape[-1])


def _unit_vectors(network: KmerNetwork, counts: np.ndarray) -> Tensor:
    """(V, C) counts -> (V, D), products in bfloat16."""
    profiles = torch.from_numpy(profiles_of_counts(counts.astype(np.int32), network.config))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        vectors = network(profiles)
    return F.normalize(vectors.float(), dim=1)


def _loss(unit: Tensor, clades: Tensor) -> Tensor:
    """Mean over all pairs of views of one clade. (V, D), (V,) -> ()."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        products = unit @ unit.T
    logits = products.float() / TEMPERATURE
    distance = (clades[:, None] - clades[None, :]).abs()
    negatives = torch.logsumexp(logits.masked_fill(distance <= NEAR_CLADES, _NEVER), dim=1, keepdim=True)
    is_pair = (distance == 0) & ~torch.eye(len(clades), dtype=torch.bool)
    return F.softplus(negatives - logits)[is_pair].mean()


def _set_rate(optimiser: torch.optim.Optimizer, step: int, *, n_steps: int) -> None:
    """Warm-up, then half a cosine."""
    rate = LEARNING_RATE * min(1, (step + 1) / (WARMUP * n_steps)) * (1 + math.cos(math.pi * step / n_steps)) / 2
    for group in optimiser.param_groups:
        group["lr"] = rate


def _average(averaged: dict[str, Tensor], network: KmerNetwork, step: int) -> None:
    """Move the average towards the weights, faster at first."""
    kept = min(AVERAGED, (1 + step) / (10 + step))
    for name, one in network.state_dict().items():
        if one.is_floating_point():
            averaged[name].lerp_(one, 1 - kept)


def _with(network: KmerNetwork, weights: dict[str, Tensor]) -> KmerNetwork:
    """A network of these weights, in evaluation mode."""
    copy = KmerNetwork(network.config)
    copy.load_state_dict(weights)
    return copy.eval()


def _fit_statistics(network: KmerNetwork, counts: np.ndarray) -> None:
    """Standardise by the mean and variance of these views."""
    profiles = profiles_of_counts(counts.astype(np.int32), network.config)
    mean, variance = network.standardise.running_mean, network.standardise.running_var
    assert mean is not None
    assert variance is not None
    mean.copy_(torch.from_numpy(profiles.mean(axis=0, dtype=np.float64)))
    variance.copy_(torch.from_numpy(profiles.var(axis=0, dtype=np.float64)))


@torch.inference_mode()
def _nearest_right(network: KmerNetwork, counts: np.ndarray, clades: np.ndarray) -> float:
    """How often the nearest other view is of the same clade."""
    unit = _unit_vectors(network, counts)
    cosines = unit @ unit.T
    cosines.fill_diagonal_(-2)
    return float((clades[cosines.argmax(dim=1).numpy()] == clades).mean())


if __name__ == "__main__":
    main()
