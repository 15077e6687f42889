"""A tokenizer of our own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from dnabert_s_cli.encoders.dnabert.tokenizer import DnaTokenizer
from dnabert_s_cli.encoders.dnabert.train_tokenizer import SPECIAL_TOKENS, tokenizer_vocab_size, train_tokenizer
from tests.conftest import random_dna

TEXT = train_tokenizer([random_dna(4000, seed) for seed in range(3)], vocab_size=64)


def test_special_tokens_have_upstreams_ids() -> None:
    tokenizer = Tokenizer.from_str(TEXT)
    assert [tokenizer.token_to_id(name) for name in SPECIAL_TOKENS] == [0, 1, 2, 3, 4]


def test_a_sequence_stands_between_cls_and_sep(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text(TEXT)
    empty, other = DnaTokenizer(tmp_path / "tokenizer.json", vocab_size=64).encode(["", "ACGTNACGT"])
    assert empty.tolist() == [1, 2]
    assert (other[0], other[-1]) == (1, 2)
    assert (other == 0).sum() == 1  # N is unknown


def test_the_vocabulary_is_as_large_as_asked_for() -> None:
    assert tokenizer_vocab_size(TEXT) == 64


def test_the_same_sequences_give_the_same_text() -> None:
    assert train_tokenizer([random_dna(4000, seed) for seed in range(3)], vocab_size=64) == TEXT


def test_every_base_is_a_token_even_if_it_never_comes() -> None:
    tokenizer = Tokenizer.from_str(train_tokenizer(["AAAA"], vocab_size=32))
    assert all(tokenizer.token_to_id(base) is not None for base in "ACGT")


def test_a_vocabulary_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 9"):
        train_tokenizer(["ACGT"], vocab_size=8)
