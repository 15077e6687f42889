"""Token ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.encoders.dnabert.tokenizer import DnaTokenizer
from dnabert_s_cli.errors import DnabertSError
from tests.locations import SHARED, needs_shared

GOLDEN_DNA = "ACGTAGCATCGGATCTATCTATCGACACTTGGTTATCGATCTACGAGCATCTCGTTAGC"
GOLDEN_IDS = [1, 5, 194, 32, 757, 1239, 2092, 294, 24, 359, 88, 93, 32, 75, 77, 19, 2]


@needs_shared
def test_published_tokenizer_gives_upstreams_ids() -> None:
    tokenizer = DnaTokenizer(SHARED / "tokenizer" / "tokenizer.json", vocab_size=4096)
    golden, empty, ambiguous = tokenizer.encode([GOLDEN_DNA, "", "ACGTNACGTN"])
    assert golden.tolist() == GOLDEN_IDS
    assert empty.tolist() == [1, 2]
    assert ambiguous.tolist() == [1, 5, 6, 1049, 0, 5, 6, 1049, 0, 2]


def test_special_tokens_stand_around_each_piece(tiny_model: Path) -> None:
    tokenizer = DnaTokenizer(tiny_model / "tokenizer.json", vocab_size=64)
    for ids in tokenizer.encode(["ACGTACGTT", "A"]):
        assert (ids[0], ids[-1]) == (1, 2)


def test_nothing_is_truncated_or_padded(tiny_model: Path) -> None:
    tokenizer = DnaTokenizer(tiny_model / "tokenizer.json", vocab_size=64)
    long, short = tokenizer.encode(["ACGT" * 2000, "ACGT"])
    assert len(long) > 2000
    assert len(short) < 10


def test_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(DnabertSError, match="not a tokenizer file") as caught:
        DnaTokenizer(path, vocab_size=64)
    assert caught.value.path == str(path)


def test_tokenizer_larger_than_the_model_is_refused(tiny_model: Path) -> None:
    with pytest.raises(DnabertSError, match="knows 64 tokens, the model only 32"):
        DnaTokenizer(tiny_model / "tokenizer.json", vocab_size=32)
