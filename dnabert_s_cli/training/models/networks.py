"""What is trained: either encoder family, with one interface.

`prepare` does the CPU's share (tokens, or k-mer profiles) and lays the sequences end to end; `encode` and
`encode_mixed` move them to the device and return one vector per sequence, in the order `prepare` was given them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ...encoders.dnabert.network import Block, DnabertTransformer
from ...encoders.dnabert.packing import mean_per_sequence
from ...encoders.dnabert.tokenizer import DnaTokenizer
from ...encoders.kmer.network import KmerNetwork
from ...encoders.kmer.profile import kmer_profiles, n_counted, profile_counts, profiles_of_counts
from ...errors import DnabertSError
from .mixing import Layout, MixPlan, mix_packed, sorted_layout


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """B sequences as the network takes them, on the CPU.

    `rows`: token ids (T,) int64 or profiles (B, C) float32, packed as `layout` says; `n_tokens`: tokens or k-mers
    that were kept; `n_truncated`: sequences cut at the network's longest length.
    """

    rows: Tensor
    layout: Layout
    n_tokens: int
    n_truncated: int


class Network(nn.Module, ABC):
    """An encoder in training. `dim` is D; layers 0 to `n_mix_layers` - 1 can be mixed before."""

    dim: int
    n_mix_layers: int

    @abstractmethod
    def prepare(self, sequences: Sequence[str]) -> Prepared:
        """The CPU's share of the work; safe to call from another thread. B upper-case sequences."""

    @abstractmethod
    def encode(self, prepared: Prepared) -> Tensor:
        """Embeddings in the order of the sequences prepared. -> (B, D) float32."""

    @abstractmethod
    def encode_mixed(self, prepared: Prepared, mix: MixPlan) -> Tensor:
        """As `encode`, the states that enter layer `mix.layer` mixed. -> (B, D) float32, row i for weights_i."""

    @property
    def needs_input_statistics(self) -> bool:
        """Whether `fit_input_statistics` must come before training: a new network that standardises its inputs."""
        return False

    def fit_input_statistics(self, sequences: Sequence[str]) -> None:
        """Take the mean and variance of the inputs from a sample, the same on every rank; kept fixed in training."""

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device


class TransformerNetwork(Network):
    """A DNABERT-2 / DNABERT-S encoder with its tokenizer.

    Args:
        max_tokens: longest sequence in tokens, special ones included. A longer one keeps its first tokens and its
            last, which is [SEP]; `Prepared.n_truncated` counts them.
        recompute: forget each block's activations and compute them again for the backward (gradient checkpointing,
            dropout replayed): about a third slower, memory for one block instead of all.
    """

    def __init__(
        self, model: DnabertTransformer, tokenizer: DnaTokenizer, *, max_tokens: int, recompute: bool = False
    ) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens
        self.recompute = recompute
        self.dim = model.config.hidden_size
        self.n_mix_layers = model.config.num_hidden_layers

    def prepare(self, sequences: Sequence[str]) -> Prepared:
        """Token ids, the longest sequences first."""
        whole = self.tokenizer.encode(sequences)
        return pack_tokens([self._truncated(tokens) for tokens in whole], n_truncated=self._n_too_long(whole))

    def encode(self, prepared: Prepared) -> Tensor:
        """Mean of the last layer over each sequence's tokens. -> (B, D) float32."""
        hidden = self._embedded(prepared)
        hidden = self._through(hidden, prepared.layout, blocks=self.model.encoder.layer)  # (T, D)
        return _pooled(hidden, prepared.layout)

    def encode_mixed(self, prepared: Prepared, mix: MixPlan) -> Tensor:
        """Mean over the tokens that a sequence and its partner both have. -> (B, D) float32."""
        return _pooled(*self.mixed_states(prepared, mix))

    def mixed_states(self, prepared: Prepared, mix: MixPlan) -> tuple[Tensor, Layout]:
        """Last hidden states of the mixed sequences. -> (T', D), and how they lie."""
        below, above = self.model.encoder.layer[: mix.layer], self.model.encoder.layer[mix.layer :]
        hidden = self._through(self._embedded(prepared), prepared.layout, blocks=below)  # (T, D)
        mixed, layout = mix_packed(hidden, prepared.layout, mix=mix)  # (T', D)
        return self._through(mixed, layout, blocks=above), layout

    def _embedded(self, prepared: Prepared) -> Tensor:
        """What enters the first block. -> (T, D)."""
        embedded: Tensor = self.model.embeddings(prepared.rows.to(self.device, non_blocking=True))
        return embedded

    def _through(self, hidden: Tensor, layout: Layout, *, blocks: Iterable[nn.Module]) -> Tensor:
        """Hidden states after some neighbouring blocks. (T, D) -> (T, D)."""
        attend = self.model.plain_attention(layout.runs)
        for block in blocks:
            assert isinstance(block, Block)
            if self.recompute and torch.is_grad_enabled():
                hidden = checkpoint(block, hidden, attend, use_reentrant=False, preserve_rng_state=True)
            else:
                hidden = block(hidden, attend)
        return hidden

    def _truncated(self, tokens: np.ndarray) -> np.ndarray:
        if len(tokens) <= self.max_tokens:
            return tokens
        return np.concatenate([tokens[: self.max_tokens - 1], tokens[-1:]])

    def _n_too_long(self, windows: Sequence[np.ndarray]) -> int:
        return sum(len(tokens) > self.max_tokens for tokens in windows)


class KmerProfileNetwork(Network):
    """A k-mer network; a sequence is one row, so that mixing is that of whole states, layer 0 of profiles.

    Inputs are standardised by fixed numbers in training too: by those of each batch, a row's vector would depend on
    its chunk and its rank. For the same reason normalisation over the batch is refused.

    Args:
        threads: that count k-mers.

    Raises:
        DnabertSError: the network normalises hidden states over the batch.
    """

    def __init__(self, model: KmerNetwork, *, threads: int = 1) -> None:
        super().__init__()
        if model.config.norm == "batch":
            problem = "normalisation over the batch ('norm': 'batch') cannot be trained in chunks or several processes"
            raise DnabertSError(problem, hint="use 'layer' or 'none'")
        self.model = model
        self.threads = threads
        self.dim = model.dim
        self.n_mix_layers = model.n_mix_layers

    def train(self, mode: bool = True) -> KmerProfileNetwork:
        """Switch dropout on or off; the standardisation stays as fitted."""
        super().train(mode)
        self.model.standardise.eval()
        return self

    @property
    def needs_input_statistics(self) -> bool:
        """Whether mean and variance are still those of a new network, 0 and 1."""
        mean, variance = self._statistics
        return not bool(mean.any()) and bool((variance == 1).all())

    def fit_input_statistics(self, sequences: Sequence[str]) -> None:
        """Standardise by the mean and variance of these sequences' profiles."""
        profiles = kmer_profiles(sequences, self.model.config, threads=self.threads)
        mean, variance = self._statistics
        mean.copy_(torch.from_numpy(profiles.mean(axis=0, dtype=np.float64)))
        variance.copy_(torch.from_numpy(profiles.var(axis=0, dtype=np.float64)))

    def prepare(self, sequences: Sequence[str]) -> Prepared:
        """Profiles, in the order given."""
        counts = profile_counts(sequences, self.model.config, threads=self.threads)
        profiles = torch.from_numpy(profiles_of_counts(counts, self.model.config))
        n_kmers = int(n_counted(counts, self.model.config).sum())
        return Prepared(profiles, sorted_layout([1] * len(sequences)), n_kmers, 0)

    def encode(self, prepared: Prepared) -> Tensor:
        """Vectors of any length. -> (B, D) float32."""
        vectors: Tensor = self.model(prepared.rows.to(self.device, non_blocking=True))
        return vectors.float()

    def encode_mixed(self, prepared: Prepared, mix: MixPlan) -> Tensor:
        """As `encode`, of mixed states. -> (B, D) float32."""
        states = self.model.states_before(prepared.rows.to(self.device, non_blocking=True), mix.layer)
        mixed, layout = mix_packed(states, prepared.layout, mix=mix)
        assert layout.runs == prepared.layout.runs, "sequences of one row each stay in order"
        return self.model.forward_from(mixed, mix.layer).float()

    @property
    def _statistics(self) -> tuple[Tensor, Tensor]:
        mean, variance = self.model.standardise.running_mean, self.model.standardise.running_var
        assert mean is not None
        assert variance is not None
        return mean, variance


def pack_tokens(sequences: Sequence[np.ndarray], *, n_truncated: int = 0) -> Prepared:
    """Token ids of B sequences laid end to end, the longest first. B arrays (L,) -> rows (T,) int64."""
    layout = sorted_layout([len(tokens) for tokens in sequences])
    rows = torch.from_numpy(np.concatenate([sequences[place] for place in layout.order.tolist()]))
    return Prepared(rows.to(torch.int64), layout, len(rows), n_truncated)


def _pooled(hidden: Tensor, layout: Layout) -> Tensor:
    """Mean over each sequence's tokens, in the caller's order. (T, D) -> (B, D) float32."""
    means = mean_per_sequence(hidden, layout.runs)  # (B, D), packed order
    return means.index_select(0, layout.places.to(means.device))
