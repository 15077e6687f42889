"""Teach a trained network of kmer-s how sure its vectors are.

    python doubt.py GENES CHECKPOINT MODEL

Views of clades that were held out from training, of 300 bases to 50 kb -> their vectors -> how far each lies from the
mean vector of other views of its clade, as 1 - cosine -> logistic regression of that number on the vector, its length
and the number of k-mers. A view and the mean are drawn separately and may share genes, so the distance of views from
clades with few genes is measured a little too small.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from genes import Genes, load_genes
from learn import split_clades
from torch import Tensor, nn
from views import ViewSampler

from dnabert_s_cli.encoders.kmer.folder import load_kmer_network, save_kmer_model
from dnabert_s_cli.encoders.kmer.network import KmerNetwork, spread_features
from dnabert_s_cli.encoders.kmer.profile import n_counted, profiles_of_counts

ROUNDS = 30  # draws of every held-out clade
CENTRE_VIEWS = 5  # of each draw; one more is measured against their mean
SHORTEST_BP, LONGEST_BP = 300, 50_000
CENTRE_BP = 10_000
PENALTY = 1e-4


def main() -> None:
    """Measure, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("genes", "checkpoint", "model"):
        parser.add_argument(name, type=Path)
    given = parser.parse_args()
    genes = load_genes(given.genes)
    network = load_kmer_network(given.checkpoint)
    vectors, n_kmers, distances = _measured(network, genes)
    with_spread = KmerNetwork(replace(network.config, uncertainty=True))
    with_spread.load_state_dict(network.state_dict(), strict=False)
    assert with_spread.spread is not None, "asked for in the config"
    loss = _fit(with_spread.spread, spread_features(vectors, n_kmers), distances)
    save_kmer_model(given.model, with_spread.eval())
    print(f"uncertainty of {len(distances):,} views of held-out clades: cross-entropy {loss:.4f}")


@torch.inference_mode()
def _measured(network: KmerNetwork, genes: Genes) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors (V, D) of views, their k-mers (V,), and how far they lie from the mean of other views (V,), 0 to 1."""
    held_out = split_clades(genes.first_gene)[1]
    rng = np.random.default_rng(2)
    found = []
    for _ in range(ROUNDS):
        centres, _ = _draw(network, ViewSampler(genes, rng, CENTRE_BP / 2, CENTRE_BP), held_out, CENTRE_VIEWS)
        mean = F.normalize(F.normalize(centres, dim=2).mean(dim=1), dim=1)  # (clades, D)
        views, n_kmers = _draw(network, ViewSampler(genes, rng, SHORTEST_BP, LONGEST_BP), held_out, 1)
        cosines = (F.normalize(views[:, 0], dim=1) * mean).sum(dim=1)
        found.append((views[:, 0], n_kmers[:, 0], (1 - cosines).clamp(0, 1)))
    vectors, counted, distances = (torch.cat(column) for column in zip(*found, strict=True))
    return vectors, counted, distances


def _draw(network: KmerNetwork, sampler: ViewSampler, clades: np.ndarray, n_views: int) -> tuple[Tensor, Tensor]:
    """Vectors and numbers of k-mers of some views of each clade. -> (clades, n_views, D) and (clades, n_views)."""
    counts = sampler.draw(clades, n_views=n_views)[0].astype(np.int32)
    vectors = network(torch.from_numpy(profiles_of_counts(counts, network.config)))
    n_kmers = torch.from_numpy(n_counted(counts, network.config))
    return vectors.reshape(len(clades), n_views, -1), n_kmers.reshape(len(clades), n_views)


def _fit(spread: nn.Linear, features: Tensor, distances: Tensor) -> float:
    """Fit by the cross-entropy to the distances, whose minimum is their mean at every point. -> the loss reached."""
    optimiser = torch.optim.LBFGS(spread.parameters(), max_iter=300, line_search_fn="strong_wolfe")
    features, distances = features.clone(), distances.clone()

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = F.binary_cross_entropy_with_logits(spread(features)[:, 0], distances)
        total: Tensor = loss + PENALTY * spread.weight.square().sum()
        total.backward()
        return total

    with torch.no_grad():
        spread.weight.zero_()
        spread.bias.zero_()
    optimiser.step(closure)
    with torch.inference_mode():
        return float(F.binary_cross_entropy_with_logits(spread(features)[:, 0], distances))


if __name__ == "__main__":
    main()
