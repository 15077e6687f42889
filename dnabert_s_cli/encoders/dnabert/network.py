"""The DNABERT-2 / DNABERT-S encoder, written for packed batches.

Token ids (T,) -> word and token-type embedding, LayerNorm -> blocks of ALiBi attention and a gated feed-forward, each
followed by a residual and LayerNorm -> hidden states (T, D). Parameters bear the names of the published files,
so their weights load as they are.

Source: DNABERT-2, Zhou et al. 2023, arXiv 2306.15006, on MosaicBERT, Portes et al. 2023, arXiv 2312.17482.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import DnabertSError
from .attention import alibi_slopes, biased_runs, packed_attention
from .packing import Run

Attend = Callable[[Tensor], Tensor]  # attention inside the sequences of a batch: (T, 3, H, D // H) -> (T, H, D // H)


_MOST = 10_000_000  # a vocabulary of that size is larger than any; whether weights fit is seen later
_RANGES: Mapping[str, tuple[float, float]] = {
    "vocab_size": (1, _MOST),
    "hidden_size": (1, _MOST),
    "num_hidden_layers": (1, 1_000),
    "num_attention_heads": (1, 10_000),
    "intermediate_size": (1, _MOST),
    "type_vocab_size": (1, _MOST),
    "layer_norm_eps": (0, 1),
    "hidden_dropout_prob": (0, 0.99),
    "initializer_range": (0, 100),
}


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """Shape of the encoder, under the names of upstream's config.json."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    hidden_dropout_prob: float = 0.1
    initializer_range: float = 0.02

    @classmethod
    def from_json(cls, config: Mapping[str, object], *, path: str) -> TransformerConfig:
        """Take the keys that shape the encoder from a parsed config.json.

        Raises:
            DnabertSError: a size is missing, no number or beyond reason; the heads do not divide the hidden size.
        """
        values: dict[str, float] = {}
        for field in fields(cls):
            name = field.name
            value = config.get(name, None if field.default is MISSING else field.default)
            numeric = isinstance(value, (int, float) if field.type == "float" else int) and not isinstance(value, bool)
            if not numeric:
                raise DnabertSError(f"'{name}' should be a number, found {value!r}", path=path)
            assert isinstance(value, (int, float))
            least, most = _RANGES[name]
            if not least <= value <= most:
                raise DnabertSError(f"'{name}' should be {least} to {most}, found {value!r}", path=path)
            values[name] = value
        made = cls(**values)  # type: ignore[arg-type]  # each value was checked against its field above
        if made.hidden_size % made.num_attention_heads:
            raise DnabertSError(
                f"hidden_size {made.hidden_size} is not a multiple of num_attention_heads {made.num_attention_heads}",
                path=path,
            )
        return made


class Embeddings(nn.Module):
    """Word plus token-type embedding (row 0 for every token), normalised. There is no position embedding."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(config.vocab_size, config.hidden_size)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, token_ids: Tensor) -> Tensor:
        """(T,) int64 -> (T, D)."""
        summed = self.word_embeddings(token_ids) + self.token_type_embeddings.weight[0]
        hidden: Tensor = self.dropout(self.LayerNorm(summed))
        return hidden


class SelfAttention(nn.Module):
    """Queries, keys and values of all heads by one matrix, then attention inside each sequence."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.n_heads = config.num_attention_heads
        self.Wqkv = nn.Linear(config.hidden_size, 3 * config.hidden_size)

    def forward(self, hidden: Tensor, attend: Attend) -> Tensor:
        """(T, D) -> (T, D)."""
        qkv = self.Wqkv(hidden).view(len(hidden), 3, self.n_heads, -1)  # (T, 3, H, D // H)
        return attend(qkv).flatten(1)  # (T, D)


class ResidualNorm(nn.Module):
    """Linear, dropout, residual, LayerNorm: what follows attention."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, attended: Tensor, residual: Tensor) -> Tensor:
        """(T, D), (T, D) -> (T, D)."""
        normed: Tensor = self.LayerNorm(self.dropout(self.dense(attended)) + residual)
        return normed


class Attention(nn.Module):
    """Self-attention with its residual."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.self = SelfAttention(config)
        self.output = ResidualNorm(config)

    def forward(self, hidden: Tensor, attend: Attend) -> Tensor:
        """(T, D) -> (T, D)."""
        normed: Tensor = self.output(self.self(hidden, attend), hidden)
        return normed


class GatedFeedForward(nn.Module):
    """GeGLU: the first half of one projection, through exact GELU, times the second half.

    Source: Shazeer 2020, arXiv 2002.05202, section 2.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.gated_layers = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.wo = nn.Linear(config.intermediate_size, config.hidden_size)
        self.layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, hidden: Tensor) -> Tensor:
        """(T, D) -> (T, D)."""
        gate, value = self.gated_layers(hidden).chunk(2, dim=-1)  # each (T, intermediate)
        normed: Tensor = self.layernorm(self.wo(self.dropout(F.gelu(gate) * value)) + hidden)
        return normed


class Block(nn.Module):
    """One layer: attention, then feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.attention = Attention(config)
        self.mlp = GatedFeedForward(config)

    def forward(self, hidden: Tensor, attend: Attend) -> Tensor:
        """(T, D) -> (T, D)."""
        output: Tensor = self.mlp(self.attention(hidden, attend))
        return output


class Blocks(nn.Module):
    """The layers under the name that published files give them."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Block(config) for _ in range(config.num_hidden_layers))


class DnabertTransformer(nn.Module):
    """The whole encoder over packed batches."""

    slopes: Tensor

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.encoder = Blocks(config)
        self.register_buffer("slopes", self.make_slopes(config), persistent=False)

    @staticmethod
    def make_slopes(config: TransformerConfig) -> Tensor:
        """ALiBi's slopes, (H,) float32: computed, never loaded."""
        return alibi_slopes(config.num_attention_heads)

    def plain_attention(self, runs: Sequence[Run]) -> Attend:
        """Attention inside the sequences of a batch, with its bias made once for all layers.

        The bias is in the number format of the matrix products.
        """
        device_type = self.slopes.device.type
        dtype = self.embeddings.word_embeddings.weight.dtype
        if torch.is_autocast_enabled(device_type):
            dtype = torch.get_autocast_dtype(device_type)
        return partial(packed_attention, runs=biased_runs(runs, self.slopes, dtype=dtype))

    def forward(self, token_ids: Tensor, runs: Sequence[Run]) -> Tensor:
        """Last hidden states of a packed batch. (T,) int64 -> (T, D).

        Args:
            token_ids: sequences end to end, special tokens included, nothing padded.
            runs: the neighbouring sequences of equal length, covering all T tokens in order.
        """
        assert not runs or runs[-1].end == len(token_ids), "runs must cover the tokens"
        return self.hidden_states(token_ids, self.plain_attention(runs))

    def hidden_states(self, token_ids: Tensor, attend: Attend) -> Tensor:
        """Last hidden states of a packed batch, by any way of attending inside its sequences. (T,) int64 -> (T, D)."""
        hidden: Tensor = self.embeddings(token_ids)
        for block in self.encoder.layer:
            hidden = block(hidden, attend)
        return hidden


def init_weights(model: DnabertTransformer, generator: torch.Generator) -> None:
    """Draw all weights as BERT does: matrices normal with `initializer_range`, biases 0, norms 1."""
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.data.normal_(0.0, model.config.initializer_range, generator=generator)
        if isinstance(module, nn.Linear) and module.bias is not None:
            module.bias.data.zero_()
        if isinstance(module, nn.LayerNorm):
            module.weight.data.fill_(1.0)
            module.bias.data.zero_()
