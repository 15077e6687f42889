"""Contrastive losses over pairs of views, with or without mixing, in float32 by log-sum-exp.

Rows of unit length go in; cosines over the temperature are the scores s_ij; for each anchor i the scores of its
negatives N(i) are reduced to one log-sum, and the mean over the anchors comes out. Weighted losses multiply each
negative by a_ij = e^s_ij / mean over N(i) of e^s_ik, through which the gradient flows, so that

    log sum over N(i) of a_ij e^s_ij  =  logsumexp(2 s_ij) - logsumexp(s_ij) + log |N(i)|

Source: Zhou et al. 2024, arXiv 2402.08777, the sections on Weighted SimCLR and on MI-Mix; SimCLR, Chen et al. 2020,
arXiv 2002.05709, equation 1; i-Mix, Lee et al. 2021, arXiv 2010.08887. We differ in one point: rows of the anchor's
own group (label, genome) are no negatives; where every row is a group of its own nothing changes.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def weighted_simclr_loss(first: Tensor, second: Tensor, *, temperature: float, groups: Tensor | None = None) -> Tensor:
    """SimCLR in which harder negatives weigh more. (B, P), (B, P) -> () float32, the mean over all 2B views.

    Row i of both inputs is one pair; rows have unit length. The negatives of a view are all views but itself, its
    partner and those of its group. A view without negatives has loss 0.

    Args:
        temperature: divides each cosine; the paper uses 0.05.
        groups: (B,) int64; rows of equal groups are never negatives of each other. None: every row its own group.
    """
    return _simclr(first, second, temperature=temperature, groups=groups, weighted=True)


def simclr_loss(first: Tensor, second: Tensor, *, temperature: float, groups: Tensor | None = None) -> Tensor:
    """SimCLR (NT-Xent, InfoNCE in both directions): as `weighted_simclr_loss` with every a_ij = 1."""
    return _simclr(first, second, temperature=temperature, groups=groups, weighted=False)


def mi_mix_loss(
    mixed: Tensor,
    second: Tensor,
    *,
    partners: Tensor,
    weights: Tensor,
    temperature: float,
    groups: Tensor | None = None,
    weighted: bool = True,
) -> Tensor:
    """Cross-entropy of mixed first views against clean second views. (B, P), (B, P) -> () float32, mean over B.

    Row i of `mixed` is made of weights_i of row i and 1 - weights_i of row r(i) = partners_i; its targets are second
    views i and r(i) in these shares. N(i) is every second view but i, r(i) included: it is both the lesser target
    and part of the denominator, as in any cross-entropy with soft labels.

    With groups, N(i) loses the rows of i's group and those of r(i)'s group except r(i) itself: the anchor is partly
    of that species, so none of them is a true negative. Where r(i) is of i's own group it leaves N(i) too but stays
    the lesser target; its term then reads log(e^s_ir / (N_i + e^s_ir)), itself in place of i in the denominator,
    without which the term would be no probability and would pull s_ir up without end.

    Args:
        partners: (B,) int64, r.
        weights: (B,) in [0.5, 1], lambda.
        temperature: divides each cosine.
        groups: (B,) int64 or None, as in `weighted_simclr_loss`.
        weighted: False sets every a_ij = 1, which is i-Mix.
    """
    scores = _scores(mixed, second, temperature=temperature)  # (B, B)
    rows = torch.arange(len(scores), device=scores.device)
    groups = rows if groups is None else groups
    others = _other_groups(groups, groups)
    negatives = others & _other_groups(groups[partners], groups)
    negatives[rows, partners] = others[rows, partners]
    log_negatives, has_negatives = _log_negatives(scores, negatives, weighted=weighted)
    own, partner = scores.diagonal(), scores[rows, partners]
    rival = torch.where(others[rows, partners], own, partner)  # whose score is added to N_i for the lesser target
    own_terms = own - torch.logaddexp(own, log_negatives)
    partner_terms = partner - torch.logaddexp(rival, log_negatives)
    terms = weights * own_terms + (1 - weights) * partner_terms
    return -torch.where(has_negatives, terms, 0.0).mean()


def _simclr(first: Tensor, second: Tensor, *, temperature: float, groups: Tensor | None, weighted: bool) -> Tensor:
    """Both directions of SimCLR over 2B views."""
    views = torch.cat([first, second])  # (2B, P)
    n_pairs, n_views = len(first), len(views)
    rows = torch.arange(n_views, device=views.device)
    positives = (rows + n_pairs) % n_views
    scores = _scores(views, views, temperature=temperature)  # (2B, 2B)
    groups = rows[:n_pairs] if groups is None else groups
    both = torch.cat([groups, groups])  # a view's partner is always of its group
    log_negatives, has_negatives = _log_negatives(scores, _other_groups(both, both), weighted=weighted)
    positive = scores[rows, positives]
    losses = torch.logaddexp(positive, log_negatives) - positive
    return torch.where(has_negatives, losses, 0.0).mean()


def _scores(anchors: Tensor, rows: Tensor, *, temperature: float) -> Tensor:
    """Cosines over the temperature, in float32 under autocast too: bfloat16 would be off by up to 0.08. -> (B, B)."""
    with torch.autocast(anchors.device.type, enabled=False):
        return anchors.float() @ rows.float().T / temperature


def _other_groups(anchors: Tensor, rows: Tensor) -> Tensor:
    """Which rows are of another group than the anchor. (B,), (B,) -> (B, B) bool."""
    return anchors[:, None] != rows[None, :]


def _log_negatives(scores: Tensor, negatives: Tensor, *, weighted: bool) -> tuple[Tensor, Tensor]:
    """Log of the (weighted) sum over each anchor's negatives, and whether it has any. (B, B), (B, B) -> (B,), (B,).

    An anchor without negatives gets a finite number, not to be used: -inf would make its gradient NaN.
    """
    has_negatives = negatives.any(dim=1)
    kept = negatives | ~has_negatives[:, None]
    masked = scores.masked_fill(~kept, -math.inf)
    log_sum = masked.logsumexp(dim=1)
    if weighted:
        log_sum = (2 * masked).logsumexp(dim=1) - log_sum + kept.sum(dim=1).log()
    return log_sum, has_negatives
