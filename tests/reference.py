"""Plain, slow versions of what the package does fast; tests compare the two."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# --- encoders ---------------------------------------------------------------------------------------------------------


def alibi_attention(qkv: Tensor, slopes: Tensor) -> Tensor:
    """Attention of one sequence with every score written out. (L, 3, H, D // H) -> (L, H, D // H)."""
    query, key, value = qkv.unbind(dim=1)  # (L, H, D // H)
    length = len(qkv)
    position = torch.arange(length)
    scores = torch.einsum("ihd,jhd->hij", query, key) / query.shape[-1] ** 0.5
    scores = scores - slopes[:, None, None] * (position[:, None] - position[None, :]).abs()
    return torch.einsum("hij,jhd->ihd", torch.softmax(scores, dim=-1), value)


def count_kmers(sequence: str, k: int) -> dict[str, int]:
    """k-mers of A, C, G, T alone, one at a time."""
    counts: dict[str, int] = {}
    for start in range(len(sequence) - k + 1):
        kmer = sequence[start : start + k]
        if set(kmer) <= set("ACGT"):
            counts[kmer] = counts.get(kmer, 0) + 1
    return counts


# --- analysis ---------------------------------------------------------------------------------------------------------


def all_pairs_neighbours(unit: NDArray[np.float32], n_neighbours: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Similarities and rows of the most similar other rows, from every pair, one row at a time."""
    n_kept = max(0, min(n_neighbours, len(unit) - 1))
    similarities = np.empty((len(unit), n_kept), dtype=np.float32)
    indices = np.empty((len(unit), n_kept), dtype=np.int64)
    for row in range(len(unit)):
        cosines = (unit.astype(np.float64) * unit[row].astype(np.float64)).sum(axis=1).astype(np.float32)
        others = [other for other in range(len(unit)) if other != row]
        best = sorted(others, key=lambda other: (-float(cosines[other]), other))[:n_kept]
        similarities[row], indices[row] = cosines[best], best
    return similarities, indices


def kmedoid_on_matrix(
    unit: NDArray[np.float32], min_similarity: float, min_cluster_size: int, rounds: int, max_clusters: int
) -> NDArray[np.int64]:
    """Modified k-medoid with the whole similarity matrix."""
    rows = unit.astype(np.float64)
    similarities = rows @ rows.T
    similarities[similarities < min_similarity] = 0
    density = similarities.sum(axis=1)
    labels = np.full(len(unit), -1)
    for cluster in range(1, max_clusters + 1):
        free = labels == -1
        if not np.any(density[free] > 0):
            break
        centre = rows[np.argmax(np.where(free, density, -np.inf))]
        members = np.flatnonzero(free)
        for _ in range(rounds):
            found = np.flatnonzero(free & (rows @ centre >= min_similarity))
            if len(found) == 0:
                break
            members, centre = found, rows[found].mean(axis=0)
        labels[members] = cluster
        density -= similarities[:, members].sum(axis=1)
    numbers = [number for number in range(1, labels.max() + 1) if (labels == number).sum() >= min_cluster_size]
    return np.array([numbers.index(label) + 1 if label in numbers else -1 for label in labels], dtype=np.int64)


def best_f1_of_genomes(genomes: list[str], bins: list[int], lengths_bp: list[int]) -> dict[str, float]:
    """F1 in bases of the best bin of each genome, by counting."""
    best = dict.fromkeys(genomes, 0.0)
    contigs = list(zip(genomes, bins, lengths_bp, strict=True))
    for number in set(bins) - {0}:
        members = [contig for contig in contigs if contig[1] == number]
        in_bin = {
            genome: sum(bp for other, _, bp in members if other == genome)
            for genome in dict.fromkeys(other for other, _, _ in members)
        }
        genome = max(in_bin, key=lambda name: in_bin[name])  # of equal ones the first
        recall = in_bin[genome] / sum(bp for other, _, bp in contigs if other == genome)
        precision = in_bin[genome] / sum(in_bin.values())
        best[genome] = max(best[genome], 2 * recall * precision / (recall + precision))
    return best


# --- training ---------------------------------------------------------------------------------------------------------


def simclr(first: Tensor, second: Tensor, temperature: float, groups: list[int], weighted: bool) -> Tensor:
    """Weighted or plain SimCLR, one anchor and one negative at a time, without log-sum-exp."""
    views = [*first.double(), *second.double()]
    owners = [*range(len(first))] * 2
    losses = []
    for i, anchor in enumerate(views):
        negatives = [view for j, view in enumerate(views) if groups[owners[j]] != groups[owners[i]]]
        positive = torch.exp(anchor @ views[(i + len(first)) % len(views)] / temperature)
        losses.append(-torch.log(positive / (positive + _weighted_sum(anchor, negatives, temperature, weighted))))
    return torch.stack(losses).mean()


def mi_mix(
    mixed: Tensor, second: Tensor, partners: list[int], weights: list[float], temperature: float, groups: list[int]
) -> Tensor:
    """MI-Mix, one anchor and one negative at a time, without log-sum-exp."""
    losses = []
    for i, anchor in enumerate(mixed.double()):
        r, share = partners[i], weights[i]
        same = {j for j in range(len(second)) if groups[j] in (groups[i], groups[r])} - {r}
        if groups[i] == groups[r]:
            same |= {r}
        negatives = [row for j, row in enumerate(second.double()) if j not in same]
        own, partner = (torch.exp(anchor @ second[j].double() / temperature) for j in (i, r))
        others = _weighted_sum(anchor, negatives, temperature, weighted=True)
        beside = partner if groups[i] == groups[r] else own
        losses.append(-share * torch.log(own / (others + own)) - (1 - share) * torch.log(partner / (others + beside)))
    return torch.stack(losses).mean()


def _weighted_sum(anchor: Tensor, negatives: list[Tensor], temperature: float, weighted: bool) -> Tensor:
    """Sum of a_ij e^s_ij over the negatives, 0 for none."""
    exponentials = [torch.exp(anchor @ negative / temperature) for negative in negatives]
    if not exponentials:
        return torch.zeros((), dtype=torch.float64)
    mean = torch.stack(exponentials).mean()
    return torch.stack([(one / mean if weighted else 1) * one for one in exponentials]).sum()


def mixed_embeddings(
    blocks: Sequence[Callable[[Tensor], Tensor]],
    embedded: list[Tensor],
    *,
    layer: int,
    partners: list[int],
    shares: list[float],
) -> list[Tensor]:
    """Manifold mixup of whole sequences, one at a time: each (L, D) -> its mean (D,)."""
    states = embedded
    for block in blocks[:layer]:
        states = [block(state) for state in states]
    mixed = []
    for own, partner, share in zip(states, (states[r] for r in partners), shares, strict=True):
        length = min(len(own), len(partner))
        mixed.append(share * own[:length] + (1 - share) * partner[:length])
    for block in blocks[layer:]:
        mixed = [block(state) for state in mixed]
    return [state.mean(dim=0) for state in mixed]
