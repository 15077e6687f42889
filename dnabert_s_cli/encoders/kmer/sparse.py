"""The first layer of a k-mer network over short sequences, whose profiles are mostly background.

A read of 150 bases has 145 6-mers, so nearly all of its 2,080 columns hold what a count of 0 gives: one value b per
kind of k-mer and row. With s the standard deviations and m the means that standardise columns,

    W ((x - m) / s) + a  =  sum over columns that were counted of (x_j - b) V_j  +  b sum_j V_j  +  c

where V = W / s and c = a - V m: a sum of some rows of a table, in place of a product with all columns. The numbers are
those of the dense layer but for rounding; a row's numbers depend on that row alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import KmerNetworkConfig
from .network import HiddenLayer, KmerNetwork
from .profile import background_values, length_features, transformed

_LARGEST_SHARE = 1 / 4  # of the columns that k-mers can fill, up to which rows of a table are faster than a product


@dataclass(frozen=True, slots=True, eq=False)
class FoldedLayer:
    """A first layer with the standardisation folded in.

    `table` (columns, W) float32: V transposed, without length features. `dense` (S + features, W): sums of V over each
    of the S kinds of k-mers, then V of the length features. `constant` (W,): c. `at_mean` (W,): what the mean profile
    gives. `kind_of_column` (columns,) and `columns_of_kind` (S,) int64.
    """

    table: Tensor
    dense: Tensor
    constant: Tensor
    at_mean: Tensor
    kind_of_column: np.ndarray
    columns_of_kind: np.ndarray


def fold_first_layer(network: KmerNetwork) -> FoldedLayer | None:
    """The folded first layer of a network in evaluation mode; None where its input is needed again (a residual)."""
    first = network.layers[0]
    if isinstance(first, HiddenLayer) and first.is_residual:
        return None
    linear = first.linear if isinstance(first, HiddenLayer) else first
    mean, variance = network.standardise.running_mean, network.standardise.running_var
    assert isinstance(linear, nn.Linear), "a layer begins with a product"
    assert mean is not None, "the network keeps the mean of each column"
    assert variance is not None, "the network keeps the variance of each column"
    config = network.config
    sizes = list(config.columns_of_kinds)
    with torch.inference_mode():
        scaled = (linear.weight.double() / (variance.double() + network.standardise.eps).sqrt()).T  # (C, W)
        table, features = scaled[: sum(sizes)], scaled[sum(sizes) :]
        sums = torch.stack([part.sum(dim=0) for part in torch.split(table, sizes)])  # (S, W)
        constant = linear.bias.double() - mean.double() @ scaled
        return FoldedLayer(
            table=table.float().contiguous(),
            dense=torch.cat([sums, features]).float().contiguous(),
            constant=constant.float(),
            at_mean=linear.bias.float(),
            kind_of_column=np.repeat(np.arange(len(sizes)), sizes),
            columns_of_kind=np.array(sizes, dtype=np.int64),
        )


def is_mostly_background(n_kmers: np.ndarray, config: KmerNetworkConfig) -> np.ndarray:
    """Which rows are faster by way of the table, from their number of k-mers alone. (N,) int64 -> (N,) bool."""
    most_counted: np.ndarray = n_kmers * len(config.kmers) + n_kmers * len(config.frames) // 3
    return most_counted <= config.n_inputs * _LARGEST_SHARE


def first_projection(folded: FoldedLayer, counts: np.ndarray, *, config: KmerNetworkConfig) -> Tensor:
    """What the product of the first layer gives for rows of counts. (N, C) int32 -> (N, W) float32."""
    cells = np.flatnonzero(counts != 0)  # row by row; on numbers, or in two dimensions, it takes five times as long
    rows = cells // counts.shape[1]
    columns = cells - rows * counts.shape[1]
    kinds = folded.kind_of_column[columns]
    totals = _totals(counts, folded)  # (N, S)
    background = background_values(totals, folded.columns_of_kind, transform=config.transform)  # (N, S)
    values = transformed(
        counts.reshape(-1)[cells].astype(np.float32),
        totals[rows, kinds],
        n_columns=folded.columns_of_kind[kinds].astype(np.float32),
        transform=config.transform,
    )
    values -= background[rows, kinds]
    starts = np.searchsorted(rows, np.arange(len(counts)))
    if config.length_features:
        background = np.concatenate([background, length_features(totals[:, 0])], axis=1)  # (N, S + features)
    with torch.inference_mode():
        summed = F.embedding_bag(
            torch.from_numpy(columns),
            folded.table,
            torch.from_numpy(starts),
            mode="sum",
            per_sample_weights=torch.from_numpy(values),
        )  # (N, W)
        projected: Tensor = summed + torch.from_numpy(background) @ folded.dense + folded.constant
    return projected


def _totals(counts: np.ndarray, folded: FoldedLayer) -> np.ndarray:
    """k-mers of each kind in each row. (N, C) int32 -> (N, S) float32."""
    starts = np.cumsum(folded.columns_of_kind) - folded.columns_of_kind
    totals: np.ndarray = np.add.reduceat(counts, starts, axis=1, dtype=np.int64)
    return totals.astype(np.float32)
