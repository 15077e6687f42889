"""Attention over a packed batch by one compiled kernel for all its sequences, whatever their lengths: the way on CUDA.

Sequence lengths -> which blocks of 128 keys each block of 128 queries must look at, as two lists for each: blocks that
belong to one sequence altogether, and blocks on a border, where every pair is looked at -> PyTorch's FlexAttention,
compiled once for all shapes, with ALiBi's bias computed inside the kernel. Nothing is padded but the batch as a whole,
to a multiple of 128, and no bias is ever in memory.

    queries   keys  a a a b b c        F: inside one sequence    B: on a border    .: skipped
      a a           F F . . . .
      a b           B B B B . .
      b c           . . . B B B

Source: FlexAttention, Dong et al. 2024, arXiv 2412.05496; the bias as in `attention`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask, flex_attention

from ..devices import is_out_of_memory
from .attention import alibi_slopes, biased_runs, packed_attention
from .network import DnabertTransformer
from .packing import equal_length_runs, mean_per_sequence, pack

logger = logging.getLogger(__name__)

BLOCK_TOKENS = 128

_PROBE_LENGTHS = (300, 340)  # five blocks, a size that no other has: equal ones would be taken for the same
_PROBE_HEADS, _PROBE_WIDTH = 12, 64  # of the published models
_MOST_DIFFERENCE = 0.05  # of outputs near 1: far above rounding in bfloat16, far below a wrong mask

Kernel = Callable[..., Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class FlexLayout:
    """What the kernel must know of a batch, made once and used by every layer."""

    kernel: Kernel
    score_mod: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]
    block_mask: BlockMask


def padding_tokens(n_tokens: int) -> int:
    """How many tokens a batch lacks to a multiple of `BLOCK_TOKENS`; they make a sequence of their own.

    One block alone would be compiled again: a size of 1 is a case of its own.
    """
    return max(-n_tokens % BLOCK_TOKENS, 2 * BLOCK_TOKENS - n_tokens)


def flex_layout(lengths: Sequence[int], slopes: Tensor, *, kernel: Kernel = flex_attention) -> FlexLayout:
    """The layout of a batch whose lengths add up to a multiple of `BLOCK_TOKENS`.

    Args:
        slopes: ALiBi's, (H,) float32, on the device.
        kernel: `flex_attention` or its compiled form.
    """
    assert sum(lengths) % BLOCK_TOKENS == 0, "the batch is filled up"
    on_device = torch.tensor(lengths, device=slopes.device)
    sequence_of = torch.arange(len(lengths), device=slopes.device).repeat_interleave(
        on_device, output_size=sum(lengths)
    )  # (T,)

    # PyTorch calls both with five and four arguments by position
    border, whole = map(_listed, chosen_blocks(sequence_of))
    mask = BlockMask.from_kv_blocks(
        *border,
        *whole,
        BLOCK_SIZE=BLOCK_TOKENS,
        mask_mod=lambda _batch, _head, query, key: sequence_of[query] == sequence_of[key],
    )
    return FlexLayout(kernel, lambda score, _batch, head, query, key: score - slopes[head] * (query - key).abs(), mask)


def chosen_blocks(sequence_of: Tensor) -> tuple[Tensor, Tensor]:
    """Blocks of keys that a block of queries looks at, on a border and inside one sequence. (T,) -> two (N, N) bool.

    Numbers of sequences never fall, so the first and the last token of a block say which ones it holds.
    """
    blocks = sequence_of.view(-1, BLOCK_TOKENS)  # (N, BLOCK_TOKENS)
    first, last = blocks[:, 0], blocks[:, -1]
    is_seen = (first[:, None] <= last) & (first <= last[:, None])  # (N, N): queries, keys
    is_inner = first == last
    is_whole = is_inner[:, None] & is_inner & (first[:, None] == first)
    return is_seen & ~is_whole, is_whole


def flex_packed_attention(qkv: Tensor, layout: FlexLayout) -> Tensor:
    """As `packed_attention`, by the layout of the batch. (T, 3, H, D // H) -> (T, H, D // H)."""
    query, key, value = qkv.permute(1, 2, 0, 3)[:, None]  # each (1, H, T, D // H)
    attended = layout.kernel(query, key, value, score_mod=layout.score_mod, block_mask=layout.block_mask)
    return attended[0].transpose(0, 1)  # (T, H, D // H)


class FlexEncoder:
    """Mean vectors of whole batches by the compiled kernel, until it fails; then by nobody, which is said once."""

    def __init__(self, model: DnabertTransformer, kernel: Kernel) -> None:
        self._model = model
        self._kernel: Kernel | None = kernel

    def mean_vectors(self, windows: Sequence[np.ndarray]) -> np.ndarray | None:
        """Mean of the last layer over each window's tokens; None: take the plain way. B windows -> (B, D) float32."""
        if self._kernel is None:
            return None
        n_missing = padding_tokens(sum(map(len, windows)))
        filled = [*windows, np.zeros(n_missing, dtype=np.int64)] if n_missing else windows
        batch = pack(filled, self._model.slopes.device)
        try:
            with torch.inference_mode():
                layout = flex_layout(batch.lengths, self._model.slopes, kernel=self._kernel)
                attend = partial(flex_packed_attention, layout=layout)
                hidden = self._model.hidden_states(batch.token_ids, attend)  # (T, D)
                means: np.ndarray = mean_per_sequence(hidden, batch.runs).cpu().numpy()
        except Exception as error:  # a new shape may be compiled again, and compilers fail in every way
            if is_out_of_memory(error):
                raise
            self._kernel = None
            _warn(error)
            return None
        return means[: len(windows)]


def compiled_kernel(device: torch.device, dtype: torch.dtype) -> Kernel | None:
    """FlexAttention compiled for a device and found right on a small batch; None, said in the log, if it is not.

    `fullgraph` makes a kernel that cannot be compiled an error: run without being compiled, it would write out the
    scores of all pairs of tokens.
    """
    kernel: Kernel = torch.compile(flex_attention, dynamic=True, fullgraph=True)
    try:
        difference = _difference_to_plain(kernel, device=device, dtype=dtype)
    except Exception as error:  # compilers fail in every way: no triton, no C compiler, an old GPU
        if is_out_of_memory(error):
            raise
        _warn(error)
        return None
    if not difference <= _MOST_DIFFERENCE:
        logger.warning("compiled attention is off by %.3g here; using plain attention, which is slower", difference)
        return None
    return kernel


def _warn(error: Exception) -> None:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    logger.warning("attention could not be compiled; using plain attention, which is slower: %s", reason)


def _difference_to_plain(kernel: Kernel, *, device: torch.device, dtype: torch.dtype) -> float:
    """The largest difference between the compiled and the plain way over a small batch."""
    generator = torch.Generator().manual_seed(0)
    shape = (sum(_PROBE_LENGTHS), 3, _PROBE_HEADS, _PROBE_WIDTH)
    qkv = torch.randn(shape, generator=generator).to(device=device, dtype=dtype)
    slopes = alibi_slopes(_PROBE_HEADS).to(device)
    with torch.inference_mode():
        fast = flex_packed_attention(qkv, flex_layout(_PROBE_LENGTHS, slopes, kernel=kernel))
        plain = packed_attention(qkv, biased_runs(equal_length_runs(_PROBE_LENGTHS), slopes, dtype=dtype))
        return float((fast.float() - plain.float()).abs().max())


def _listed(is_chosen: Tensor) -> tuple[Tensor, Tensor]:
    """How many columns are chosen in each row, and these, then the others. (N, N) bool -> (1, 1, N), (1, 1, N, N)."""
    order = torch.argsort(is_chosen.logical_not().to(torch.uint8), dim=1, stable=True)
    return is_chosen.sum(dim=1, dtype=torch.int32)[None, None], order.to(torch.int32)[None, None]
