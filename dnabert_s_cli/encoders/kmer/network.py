"""The small trained encoder: a k-mer profile through a few dense layers.

Profile (B, C) -> each column standardised by what training saw -> dropout of columns -> hidden layers (linear,
normalisation, GELU, dropout, perhaps a residual) -> linear to D; from there, perhaps, a number that says how sure the
vector is. The same module is trained and used; in evaluation mode every normalisation over a batch is a fixed affine
map, so that no row depends on another. Unit length is left to the caller.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import KmerNetworkConfig

_N_SPREAD_FEATURES = 3  # length of the vector, and two of the number of k-mers


class HiddenLayer(nn.Module):
    """Linear, normalisation, GELU, dropout; with a residual where config and widths allow."""

    def __init__(self, n_in: int, n_out: int, *, config: KmerNetworkConfig) -> None:
        super().__init__()
        self.linear = nn.Linear(n_in, n_out)
        self.norm = _make_norm(config.norm, n_out)
        self.dropout = nn.Dropout(config.dropout)
        self.is_residual = config.residual and n_in == n_out

    def forward(self, states: Tensor) -> Tensor:
        """(B, n_in) -> (B, n_out)."""
        changed = self.activate(self.linear(states))
        return states + changed if self.is_residual else changed

    def activate(self, projected: Tensor) -> Tensor:
        """What follows the product. (B, n_out) -> (B, n_out)."""
        changed: Tensor = self.dropout(F.gelu(self.norm(projected)))
        return changed


class KmerNetwork(nn.Module):
    """Standardisation and dense layers over profiles of C columns.

    `layers` are the hidden layers and the linear one after them; states can be mixed before each.
    """

    def __init__(self, config: KmerNetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.standardise = nn.BatchNorm1d(config.n_inputs, affine=False)
        self.input_dropout = nn.Dropout(config.input_dropout)
        widths = (config.n_inputs, *config.hidden)
        hidden = [HiddenLayer(*pair, config=config) for pair in pairwise(widths)]
        self.layers = nn.ModuleList([*hidden, nn.Linear(widths[-1], config.dim)])
        self.spread = nn.Linear(config.dim + _N_SPREAD_FEATURES, 1) if config.uncertainty else None

    @property
    def dim(self) -> int:
        """Length D of each vector."""
        return self.config.dim

    @property
    def n_mix_layers(self) -> int:
        """States can be mixed before layer 0 (standardised profiles) up to before the last."""
        return len(self.layers)

    def forward(self, profiles: Tensor) -> Tensor:
        """Vectors of any length. (B, C) -> (B, D)."""
        return self.forward_from(self.states_before(profiles, 0), 0)

    def uncertainty(self, vectors: Tensor, n_kmers: Tensor) -> Tensor:
        """How far from its species each vector is expected to lie, as 1 - cosine to the mean of the species.

        From vectors as `forward` gives them and the number of k-mers that they are made of. (B, D), (B,) -> (B,)
        """
        assert self.spread is not None, "the config says whether there is one"
        logits: Tensor = self.spread(spread_features(vectors, n_kmers))
        return torch.sigmoid(logits[:, 0])

    def drop_uncertainty(self) -> None:
        """Forget how to state an uncertainty: it is true of the weights that it was fitted to, and of no others."""
        self.spread = None
        self.config = replace(self.config, uncertainty=False)

    def states_before(self, profiles: Tensor, layer: int) -> Tensor:
        """What enters that layer; layer 0 takes the standardised profiles. (B, C) -> (B, its width)."""
        states: Tensor = self.input_dropout(self.standardise(profiles))
        for module in self.layers[:layer]:
            states = module(states)
        return states

    def forward_behind_product(self, projected: Tensor) -> Tensor:
        """The rest of the way from the product of layer 0, which must have no residual. (B, its width) -> (B, D)."""
        first = self.layers[0]
        return self.forward_from(first.activate(projected) if isinstance(first, HiddenLayer) else projected, 1)

    def forward_from(self, states: Tensor, layer: int) -> Tensor:
        """The rest of the way from what enters that layer. (B, its width) -> (B, D)."""
        for module in self.layers[layer:]:
            states = module(states)
        return states


def spread_features(vectors: Tensor, n_kmers: Tensor) -> Tensor:
    """What the uncertainty is a function of. (B, D), (B,) -> (B, D + 3) float32."""
    lengths = vectors.norm(dim=1, keepdim=True).clamp(min=1e-6)
    counted = n_kmers.float()[:, None]
    return torch.cat([vectors / lengths, lengths.log(), torch.log1p(counted), 1 / torch.sqrt(1 + counted)], dim=1)


def init_weights(network: KmerNetwork, generator: torch.Generator) -> None:
    """Draw all weights: matrices normal with variance 2 / inputs (He et al. 2015, eq. 10), biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(0.0, (2 / module.in_features) ** 0.5, generator=generator)
            module.bias.data.zero_()
        elif isinstance(module, (nn.BatchNorm1d, nn.LayerNorm)):
            module.reset_parameters()


def _make_norm(kind: str, width: int) -> nn.Module:
    """The normalisation of that name after a linear layer."""
    if kind == "batch":
        return nn.BatchNorm1d(width)
    return nn.LayerNorm(width) if kind == "layer" else nn.Identity()
