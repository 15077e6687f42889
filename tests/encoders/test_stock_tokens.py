"""stock_tokens.py: DNA to token windows, for two kinds of tokenizer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from tests.stock_models import CONTEXT, backbone, dna, load, plain, spaced_kmers


def test_kmer_ids_equal_those_of_the_tokenizer(dnabert: Path) -> None:
    sequence = dna(20) + "NNRACGT"
    expected = plain(dnabert)[0](spaced_kmers(sequence))["input_ids"]
    assert backbone(load(dnabert)).tokenize([sequence])[0][0].tolist() == expected


def test_kmers_are_read_by_a_tokenizer_that_lowers_its_input(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "lower"
    shutil.copytree(dnabert, copy)
    for path in copy.glob("tokenizer*.json"):
        path.unlink()
    (copy / "tokenizer_config.json").write_text('{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}')
    sequence = dna(25)
    np.testing.assert_array_equal(load(copy).embed([sequence]), load(dnabert).embed([sequence]))


def test_windows_fit_the_context_and_are_balanced(stock_folder: Path) -> None:
    windows = backbone(load(stock_folder)).tokenize([dna(211)])[0]
    lengths = [len(window) for window in windows]
    assert max(lengths) <= CONTEXT
    assert max(lengths) - min(lengths) <= 1


def test_no_token_of_a_long_sequence_is_lost(dnabert: Path) -> None:
    sequence = dna(211)
    windows = backbone(load(dnabert)).tokenize([sequence])[0]
    inner = [token_id for window in windows for token_id in window[1:-1].tolist()]
    tokenizer, _ = plain(dnabert)
    assert inner == tokenizer(spaced_kmers(sequence), add_special_tokens=False, verbose=False)["input_ids"]


def test_each_window_has_the_special_tokens(stock_folder: Path) -> None:
    windows = backbone(load(stock_folder)).tokenize([dna(211)])[0]
    tokenizer, _ = plain(stock_folder)
    assert {int(window[0]) for window in windows} == {tokenizer.cls_token_id}
    if tokenizer.sep_token_id is not None:
        assert {int(window[-1]) for window in windows} == {tokenizer.sep_token_id}


def test_positions_that_the_padding_id_reserves_are_no_context(nucleotide_transformer: Path, tmp_path: Path) -> None:
    copy = tmp_path / "unlimited"
    shutil.copytree(nucleotide_transformer, copy)
    settings = json.loads((copy / "tokenizer_config.json").read_text())
    settings["model_max_length"] = 10**30
    (copy / "tokenizer_config.json").write_text(json.dumps(settings))
    assert backbone(load(copy)).tokenizer.context_tokens == CONTEXT


def test_tokenizer_that_knows_no_dna_is_refused(dnabert: Path, tmp_path: Path) -> None:
    copy = tmp_path / "words"
    shutil.copytree(dnabert, copy)
    for path in copy.glob("*token*.json"):
        path.unlink()
    (copy / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "world"]))
    with pytest.raises(DnabertSError, match="cannot read DNA"):
        load(copy)
