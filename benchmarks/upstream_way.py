"""The encoder run as upstream runs it: padded batches, attention materialised, float32.

Written from the published description, as the thing to be measured against; it shares the weights of our own
encoder and nothing else. Padding is taken out for the dense layers and put back for attention, as upstream does.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from dnabert_s_cli.encoders.dnabert.attention import alibi_slopes
from dnabert_s_cli.encoders.dnabert.network import DnabertTransformer

BATCH_SIZE = 20
_PAD_ID = 3


class UpstreamWay:
    """Mean embeddings in batches of 20 sequences in order of length, with the weights of `model`."""

    def __init__(self, model: DnabertTransformer) -> None:
        self.config = model.config
        self.weights = {name: tensor.detach() for name, tensor in model.state_dict().items()}
        self.device = next(model.parameters()).device

    def embed(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """Mean over attended tokens of each sequence, in input order. -> (N, D) float32."""
        order = np.argsort([len(window) for window in windows], kind="stable")
        vectors = np.empty((len(windows), self.config.hidden_size), dtype=np.float32)
        for start in range(0, len(order), BATCH_SIZE):
            batch = order[start : start + BATCH_SIZE]
            vectors[batch] = self._embed_batch([windows[index] for index in batch])
        return vectors

    def _embed_batch(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        longest = max(len(window) for window in windows)
        ids = torch.full((len(windows), longest), _PAD_ID)
        mask = torch.zeros(len(windows), longest, dtype=torch.bool)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = torch.from_numpy(window)
            mask[row, : len(window)] = True
        ids, mask = ids.to(self.device), mask.to(self.device)
        with torch.inference_mode():
            hidden = self._encode(ids, mask)  # (B, L, D)
            summed = (hidden.float() * mask[:, :, None]).sum(dim=1)
            means: np.ndarray = (summed / mask.sum(dim=1, keepdim=True)).cpu().numpy()
        return means

    def _encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(B, L), (B, L) -> (B, L, D), 0 at padding."""
        weights, size = self.weights, (self.config.hidden_size,)
        length = ids.shape[1]
        position = torch.arange(length, device=self.device)
        distances = (position[:, None] - position[None, :]).abs()
        slopes = alibi_slopes(self.config.num_attention_heads).to(self.device)
        bias = -slopes[:, None, None] * distances  # (H, L, L)
        bias = bias + torch.where(mask, 0.0, -10000.0)[:, None, None, :]  # (B, H, L, L)
        tokens = weights["embeddings.word_embeddings.weight"][ids[mask]]  # (T, D)
        tokens = tokens + weights["embeddings.token_type_embeddings.weight"][0]
        hidden = F.layer_norm(tokens, size, *self._pair("embeddings.LayerNorm"), eps=self.config.layer_norm_eps)
        for layer in range(self.config.num_hidden_layers):
            hidden = self._block(hidden, mask, bias, f"encoder.layer.{layer}")
        padded = torch.zeros(*ids.shape, *size, device=self.device, dtype=hidden.dtype)
        padded[mask] = hidden
        return padded

    def _block(self, hidden: Tensor, mask: Tensor, bias: Tensor, name: str) -> Tensor:
        """(T, D) -> (T, D)."""
        size, eps = (self.config.hidden_size,), self.config.layer_norm_eps
        qkv = F.linear(hidden, *self._pair(f"{name}.attention.self.Wqkv"))
        attended = self._attention(qkv, mask, bias)
        dense = F.linear(attended, *self._pair(f"{name}.attention.output.dense"))
        hidden = F.layer_norm(dense + hidden, size, *self._pair(f"{name}.attention.output.LayerNorm"), eps=eps)
        gated = F.linear(hidden, self.weights[f"{name}.mlp.gated_layers.weight"])
        gate, value = gated.chunk(2, dim=-1)
        down = F.linear(F.gelu(gate) * value, *self._pair(f"{name}.mlp.wo"))
        return F.layer_norm(down + hidden, size, *self._pair(f"{name}.mlp.layernorm"), eps=eps)

    def _attention(self, qkv: Tensor, mask: Tensor, bias: Tensor) -> Tensor:
        """Pad, attend with the whole (L, L) matrix, take padding out again. (T, 3 D) -> (T, D)."""
        n_heads = self.config.num_attention_heads
        padded = torch.zeros(*mask.shape, qkv.shape[1], device=self.device, dtype=qkv.dtype)
        padded[mask] = qkv
        query, key, value = padded.view(*mask.shape, 3, n_heads, -1).permute(2, 0, 3, 1, 4)  # (B, H, L, D // H)
        attended = self._attend(query, key, value, bias=bias)
        flat: Tensor = attended.transpose(1, 2).flatten(2)[mask]
        return flat

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, *, bias: Tensor) -> Tensor:
        """Scores of all pairs, written out. (B, H, L, D // H) -> the same."""
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + bias.to(query.dtype)
        attended: Tensor = torch.softmax(scores, dim=-1) @ value
        return attended

    def _pair(self, name: str) -> tuple[Tensor, Tensor]:
        return self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]


class UpstreamAutocast(UpstreamWay):
    """The same under autocast to bfloat16, with PyTorch's fused attention where it takes a bias."""

    def embed(self, windows: Sequence[np.ndarray]) -> np.ndarray:
        """As in float32. -> (N, D) float32."""
        with torch.autocast(self.device.type, torch.bfloat16):
            return super().embed(windows)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, *, bias: Tensor) -> Tensor:
        return F.scaled_dot_product_attention(query, key, value, attn_mask=bias.to(query.dtype))
