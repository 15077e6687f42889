"""DNA to token windows, for any tokenizer of transformers.

A piece of DNA is tokenised whole and without special tokens. If it does not fit the model's context it is cut into
windows of nearly equal size; then each window gets the special tokens. Nothing is truncated.

    tokens            a b c d e f g        context 5, of which [ and ] take 2
    windows     [ a b ]  [ c d ]  [ e f g ]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from ..errors import DnabertSError

SAMPLE_DNA = "ACGTTGCATCAGGATCCTAGACCA"
_NO_LIMIT = 10**9  # tokenizers say 10^30 where they know of none
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "max_seq_len")


@dataclass(frozen=True, slots=True, eq=False)
class KmerVocabulary:
    """The words of a DNABERT tokenizer: overlapping k-mers, one at every base."""

    k: int
    ids: Mapping[str, int]
    unknown_id: int

    def encode(self, dna: str) -> list[int]:
        """The id of each k-mer; DNA shorter than k has none.

        The same as the tokenizer makes of k-mers separated by blanks, in upper case whatever its settings say.
        """
        starts = range(len(dna) - self.k + 1)
        return [self.ids.get(dna[start : start + self.k], self.unknown_id) for start in starts]


@dataclass(frozen=True, slots=True, eq=False)
class WindowTokenizer:
    """DNA to token windows.

    Args:
        tokenizer: of transformers.
        kmers: for vocabularies of overlapping k-mers; None for all others.
        prefix: ids of the special tokens before a window.
        suffix: ids of those after it.
        context_tokens: longest window, special tokens included; None where the model has no limit.
    """

    tokenizer: PreTrainedTokenizerBase
    kmers: KmerVocabulary | None
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    context_tokens: int | None

    @property
    def pad_id(self) -> int:
        """Id that fills a row of a batch; the attention mask hides it."""
        pad_id = self.tokenizer.pad_token_id
        return int(pad_id) if pad_id is not None else 0

    def windows(self, pieces: Sequence[str]) -> list[list[np.ndarray]]:
        """Windows of each upper-case piece, in order; each an (L,) int64 array with its special tokens."""
        if self.kmers is not None:
            return [self._cut(self.kmers.encode(piece)) for piece in pieces]
        return [self._cut(token_ids) for token_ids in bare_ids(self.tokenizer, pieces)]

    def _cut(self, token_ids: Sequence[int]) -> list[np.ndarray]:
        """The fewest windows that fit the context; their lengths differ by one token at most."""
        n_tokens = len(token_ids)
        n_special = len(self.prefix) + len(self.suffix)
        capacity = n_tokens if self.context_tokens is None else self.context_tokens - n_special
        n_windows = max(1, -(-n_tokens // max(1, capacity)))
        cuts = [index * n_tokens // n_windows for index in range(n_windows + 1)]
        return [
            np.array([*self.prefix, *token_ids[start:end], *self.suffix], dtype=np.int64)
            for start, end in pairwise(cuts)
        ]


def window_tokenizer(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, *, name: str) -> WindowTokenizer:
    """Find out how the tokenizer wants its DNA and how long a window may be.

    Raises:
        DnabertSError: it knows no DNA.
    """
    kmers = kmer_vocabulary(tokenizer)
    text = " ".join(sorted(kmers.ids)[:8]) if kmers else SAMPLE_DNA
    bare = bare_ids(tokenizer, [text])[0]
    if kmers is None and (not bare or all(token_id == tokenizer.unk_token_id for token_id in bare)):
        raise DnabertSError(
            f"the tokenizer of {name} cannot read DNA: all of {SAMPLE_DNA[:8]}... is unknown to it",
            hint="name a model that was trained on DNA",
        )
    full = list(tokenizer(text)["input_ids"])
    start = next(at for at in range(len(full)) if full[at : at + len(bare)] == bare)
    prefix, suffix = tuple(full[:start]), tuple(full[start + len(bare) :])
    return WindowTokenizer(tokenizer, kmers, prefix, suffix, context_tokens(tokenizer, model))


def kmer_vocabulary(tokenizer: PreTrainedTokenizerBase) -> KmerVocabulary | None:
    """The k-mers of a BERT tokenizer whose words are all 4^k of them; None for any other tokenizer."""
    if not type(tokenizer).__name__.startswith("BertTokenizer"):  # BertTokenizerFast before transformers 5
        return None
    special = set(tokenizer.all_special_tokens)
    ids = {word: index for word, index in tokenizer.get_vocab().items() if word not in special}
    k = len(next(iter(ids), ""))
    n_plain = sum(set(word) <= set("ACGT") for word in ids)
    if k == 0 or n_plain != 4**k or any(len(word) != k for word in ids):
        return None
    return KmerVocabulary(k, ids, int(tokenizer.unk_token_id))


def context_tokens(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> int | None:
    """The smallest of the limits that tokenizer, configuration and position table state; None without any."""
    limits = [tokenizer.model_max_length, *(getattr(model.config, key, None) for key in _CONTEXT_KEYS)]
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(module, nn.Embedding):
            # RoBERTa and ESM count positions from the padding id on, so the first rows are never a token's.
            n_reserved = 0 if module.padding_idx is None else module.padding_idx + 1
            limits.append(module.num_embeddings - n_reserved)
    stated = [int(limit) for limit in limits if limit is not None and 0 < limit < _NO_LIMIT]
    return min(stated, default=None)


def bare_ids(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> list[list[int]]:
    """Token ids of each text without special tokens, however long."""
    encoded = tokenizer(list(texts), add_special_tokens=False, return_attention_mask=False, verbose=False)
    return [list(token_ids) for token_ids in encoded["input_ids"]]
