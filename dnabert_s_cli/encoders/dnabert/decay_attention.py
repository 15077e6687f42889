"""ALiBi attention in bfloat16 on the CPU by matrix products alone: the fast way where there is no GPU.

A bias of -slope |i - j| inside a softmax is a factor exp(-slope |i - j|) outside of it, and a softmax needs no greatest
score first as long as exp() does not overflow. So a tile of weights is a product, exp() and a product with the decay,
all of it in the cache; one more column of ones next to the values adds the weights up:

    exp(Q K') * decay  ->  W (rows, keys)      W [V 1]  ->  sums and totals  ->  sums / totals

which takes 0.4 of the time of PyTorch's fused kernel, whose exponentials are slow, at the error of plain attention in
bfloat16. Keys are centred, which no softmax notices: scores come out smaller, so that they are rounded less and
overflow later; where one still does, its bundle of sequences goes the plain way. In a long sequence a head with a steep
slope skips the keys so far away that all of them together cannot weigh 1 / 8192, by the lengths of queries and keys.

Sequences of nearly one length are bundled and filled up to it: values of 0 without a 1 next to them count for nothing.
Making a kernel for a new shape takes as long as ten tiles, so there should be few shapes.

Source: ALiBi, Press et al. 2022, arXiv 2108.12409, section 3; centred keys, Zhang et al. 2024, arXiv 2410.02367,
section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
import torch
from torch import Tensor
from torch.linalg import vector_norm

from .attention import biased_runs, packed_attention
from .network import DnabertTransformer
from .packing import equal_length_runs, mean_per_sequence, pack

_TILE = 1 << 20  # weights at once: two megabytes, what a core's cache holds
_SUM_COLUMNS = 16  # next to the values, the first of ones: products are computed 16 columns at a time
_LONG = 512  # tokens of a sequence from which on heads are taken one by one, and keys are skipped
_SHORT_STEP, _LONG_STEP, _REACH_STEP = 16, 32, 128  # lengths and reaches are filled up to multiples of these
_LEAST_ROWS, _MOST_ROWS = 128, 512  # of a tile that looks at all keys
_ROWS_IN_REACH = 256  # of one that does not
_SKIPPED_WEIGHT = 2.0**-13
_LEAST_DECAY = 2.0**-100  # below it zero: processors are slow with numbers near their least

Reaches = list[list[int]]  # how many tokens each head of each sequence looks to either side


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """B neighbouring sequences of a packed batch, filled up to L tokens.

    `start` is the first one's first token. `keys` and `queries` (B, L) int64 are the tokens' places after `start`,
    queries in reversed order; past its end a sequence repeats its last token. `is_token` (B, 1, L, 1) is 1, and
    0 for these. `places` (T,) int64: where the result for each token is, among the (B, L) queries.
    """

    start: int
    lengths: tuple[int, ...]
    keys: Tensor
    queries: Tensor
    is_token: Tensor
    places: Tensor


@dataclass(frozen=True, slots=True, eq=False)
class DecayLayout:
    """What attention must know of a batch, made once and used by every layer.

    `factors` (H, 2 longest - 1) bfloat16: exp(-slope |i - j|) by distance i - j, from 1 - longest on; `slopes` (H,)
    float32; `skips_keys`: whether keys that are too far away are skipped.
    """

    bundles: tuple[Bundle, ...]
    factors: Tensor
    slopes: Tensor
    skips_keys: bool

    def matrix(self, length: int) -> Tensor:
        """Decays as an (H, L, L) view for queries in reversed order: (r, j) is at distance r + j - L + 1."""
        n_heads, n_factors = self.factors.shape
        longest = (n_factors + 1) // 2
        return self.factors.as_strided((n_heads, length, length), (n_factors, 1, 1), longest - length)


class DecayEncoder:
    """Mean vectors of whole batches by attention as decayed products, in place of the plain way.

    Args:
        model: in bfloat16, on the CPU.
        skips_keys: False to look at all keys, as it must be to compare rates of computing.
    """

    def __init__(self, model: DnabertTransformer, *, skips_keys: bool = True) -> None:
        self._model = model
        self._skips_keys = skips_keys

    def mean_vectors(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Mean of the last layer over each window's tokens. B windows -> (B, D) float32."""
        batch = pack(windows, self._model.slopes.device)
        with torch.inference_mode():
            layout = decay_layout(batch.lengths, self._model.slopes, skips_keys=self._skips_keys)
            hidden = self._model.hidden_states(batch.token_ids, partial(decayed_attention, layout=layout))  # (T, D)
            means: np.ndarray = mean_per_sequence(hidden, batch.runs).numpy()
        return means


def decay_layout(lengths: Sequence[int], slopes: Tensor, *, skips_keys: bool = True) -> DecayLayout:
    """The layout of a batch. slopes: ALiBi's, (H,) float32."""
    bundles = []
    start = 0
    for filled, group in groupby(lengths, filled_length):
        bundle = _bundle(start, tuple(group), filled=filled)
        bundles.append(bundle)
        start += sum(bundle.lengths)
    longest = max(map(filled_length, lengths))
    distances = torch.arange(1 - longest, longest, dtype=torch.float32).abs()
    factors = torch.exp(-slopes[:, None] * distances)
    factors = factors.masked_fill(factors < _LEAST_DECAY, 0.0).bfloat16()
    return DecayLayout(tuple(bundles), factors, slopes, skips_keys)


def filled_length(length: int) -> int:
    """The length that a sequence is filled up to."""
    step = _SHORT_STEP if length <= _LONG else _LONG_STEP
    return -(-length // step) * step


def _bundle(start: int, lengths: tuple[int, ...], *, filled: int) -> Bundle:
    counts = torch.tensor(lengths)[:, None]  # (B, 1)
    position = torch.arange(filled)  # (L,)
    is_token = position < counts  # (B, L)
    keys = (counts.cumsum(0) - counts) + torch.minimum(position, counts - 1)
    row = torch.arange(len(lengths))[:, None] * filled + (filled - 1 - position)  # of the query at each position
    return Bundle(start, lengths, keys, keys.flip(1).contiguous(), is_token[:, None, :, None].bfloat16(), row[is_token])


def decayed_attention(qkv: Tensor, layout: DecayLayout) -> Tensor:
    """As `attention.packed_attention`, without gradients. (T, 3, H, D // H) bfloat16 -> (T, H, D // H)."""
    outputs = []
    for bundle in layout.bundles:
        part = qkv[bundle.start : bundle.start + len(bundle.places)]
        attended = _attend(part, bundle, layout=layout)
        if attended is None:
            plain = biased_runs(equal_length_runs(bundle.lengths), layout.slopes, dtype=qkv.dtype)
            attended = packed_attention(part, plain)
        outputs.append(attended)
    return torch.cat(outputs) if len(outputs) > 1 else outputs[0]


def _attend(part: Tensor, bundle: Bundle, *, layout: DecayLayout) -> Tensor | None:
    """One bundle; None where a score is out of exp()'s range. (T, 3, H, D // H) -> (T, H, D // H)."""
    query, key, summed = _filled(part, bundle)
    sums = torch.empty_like(summed)  # (B, H, L, D // H + _SUM_COLUMNS)
    length, width = query.shape[2:]
    matrix = layout.matrix(length)
    if length <= _LONG:
        _fill_short(sums, query, key=key, summed=summed, matrix=matrix)
    else:
        reaches = key_reaches(query, key, slopes=layout.slopes)
        if not layout.skips_keys:
            reaches = [[length] * len(layout.slopes)] * len(query)
        _fill_long(sums, query, key=key, summed=summed, matrix=matrix, reaches=reaches)
    rows = sums.transpose(1, 2).flatten(0, 1)[bundle.places]  # (T, H, D // H + _SUM_COLUMNS)
    totals = rows[..., width : width + 1]
    if not bool(((totals > 0) & (totals < math.inf)).all()):
        return None
    return rows[..., :width] / totals


def _filled(part: Tensor, bundle: Bundle) -> tuple[Tensor, Tensor, Tensor]:
    """Queries, scaled; keys, centred; values, and the columns of ones next to them: each (B, H, L, ...)."""
    n_heads, width = part.shape[2:]
    shape = (*bundle.keys.shape, n_heads, width)
    query, key, value = (
        part[:, which].index_select(0, rows.flatten()).view(shape).transpose(1, 2)
        for which, rows in enumerate((bundle.queries, bundle.keys, bundle.keys))
    )
    summed = torch.zeros((*value.shape[:3], width + _SUM_COLUMNS), dtype=part.dtype)
    torch.mul(value, bundle.is_token, out=summed[..., :width])
    summed[..., width : width + 1] = bundle.is_token
    scaled, centred = torch.empty(value.shape, dtype=part.dtype), torch.empty(value.shape, dtype=part.dtype)
    torch.mul(query, width**-0.5, out=scaled)
    torch.sub(key, key.mean(dim=2, keepdim=True), out=centred)
    return scaled, centred, summed


def key_reaches(query: Tensor, key: Tensor, *, slopes: Tensor) -> Reaches:
    """How far each head must look, so that what it skips weighs less than 1 / 8192. (B, H, L, D // H) -> (B, H).

    No score is above the longest query times the longest key, nor below its negative; the weights further away than w
    are then at most 2 exp(2 bound - slope w) / (exp(slope) - 1) times that of the query's own token.
    """
    longest = [vector_norm(vectors, dim=-1, dtype=torch.float32).amax(-1) for vectors in (query, key)]  # each (B, H)
    bound = longest[0] * longest[1]
    needed = 2 * bound + math.log(2 / _SKIPPED_WEIGHT) - torch.log(torch.expm1(slopes))
    steps = (needed / slopes / _REACH_STEP).clamp(0, 1e6).nan_to_num(1e6).ceil().long()
    reaches: Reaches = (steps * _REACH_STEP).tolist()
    return reaches


def _fill_short(sums: Tensor, query: Tensor, *, key: Tensor, summed: Tensor, matrix: Tensor) -> None:
    """All heads of as many sequences at once as the cache holds, or else some of the heads."""
    n_sequences, n_heads, length = query.shape[:3]
    n_pairs = max(_TILE // length**2, 1)
    sequences_at_once, heads_at_once = max(n_pairs // n_heads, 1), min(n_pairs, n_heads)
    space = torch.empty(sequences_at_once * heads_at_once, length, length, dtype=query.dtype)
    for first in range(0, n_sequences, sequences_at_once):
        for head in range(0, n_heads, heads_at_once):
            chosen = slice(first, first + sequences_at_once), slice(head, head + heads_at_once)
            here = query[chosen]
            weights = space[: len(here) * here.shape[1]]
            torch.bmm(here.flatten(0, 1), key[chosen].flatten(0, 1).mT, out=weights)
            weights.exp_().view(*here.shape[:2], length, length).mul_(matrix[chosen[1]])
            sums[chosen] = torch.bmm(weights, summed[chosen].flatten(0, 1)).view_as(sums[chosen])


def _fill_long(sums: Tensor, query: Tensor, *, key: Tensor, summed: Tensor, matrix: Tensor, reaches: Reaches) -> None:
    """One head of one sequence at a time, in tiles of some queries and the keys within reach."""
    length = query.shape[2]
    rows_of_all = min(max(_TILE // length, _LEAST_ROWS), _MOST_ROWS)
    space = torch.empty(max(rows_of_all, _ROWS_IN_REACH) * length, dtype=query.dtype)
    for sequence, of_heads in enumerate(reaches):
        for head, reach in enumerate(of_heads):
            n_rows = rows_of_all if reach >= length else _ROWS_IN_REACH
            for row in range(0, length, n_rows):
                end = min(row + n_rows, length)
                near = slice(max(length - end - reach, 0), min(length - row + reach, length))
                weights = space[: (end - row) * (near.stop - near.start)].view(end - row, -1)
                torch.mm(query[sequence, head, row:end], key[sequence, head, near].t(), out=weights)
                weights.exp_().mul_(matrix[head, row:end, near])
                torch.mm(weights, summed[sequence, head, near], out=sums[sequence, head, row:end])
