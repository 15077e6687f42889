"""What stands between embeddings and the contrastive loss; thrown away after training.

Embeddings (B, D) -> linear, ReLU, linear, or nothing -> rows of unit length (B, P), of which the losses take cosines.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

PROJECTED_DIM = 128  # P, upstream's number


class ProjectionHead(nn.Module):
    """Two linear layers without bias, ReLU between them, then unit length.

    Source: Zhou et al. 2024, arXiv 2402.08777, and the published code: D -> D -> 128.
    """

    def __init__(self, dim: int, projected_dim: int = PROJECTED_DIM) -> None:
        super().__init__()
        self.hidden = nn.Linear(dim, dim, bias=False)
        self.output = nn.Linear(dim, projected_dim, bias=False)

    def forward(self, embeddings: Tensor) -> Tensor:
        """(B, D) -> (B, P) float32, unit rows; the length is taken in float32 under autocast too."""
        projected = self.output(F.relu(self.hidden(embeddings)))
        return F.normalize(projected.float(), dim=1)


class NoProjection(nn.Module):
    """The embeddings themselves at unit length: what is contrasted is what users compare. It has no weights."""

    def forward(self, embeddings: Tensor) -> Tensor:
        """(B, D) -> (B, D) float32, unit rows."""
        return F.normalize(embeddings.float(), dim=1)


def new_head(dim: int, projected_dim: int, *, generator: torch.Generator) -> nn.Module:
    """A head with random weights; `NoProjection` where the projected dimension is 0."""
    if not projected_dim:
        return NoProjection()
    head = ProjectionHead(dim, projected_dim)
    init_head(head, generator)
    return head


def init_head(head: ProjectionHead, generator: torch.Generator) -> None:
    """Draw both matrices as `nn.Linear` does, uniform in +-1 / sqrt(inputs), from a generator of the caller's."""
    for layer in (head.hidden, head.output):
        bound = layer.in_features**-0.5
        layer.weight.data.uniform_(-bound, bound, generator=generator)
