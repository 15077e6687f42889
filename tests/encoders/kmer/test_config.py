"""config.json of k-mer models, right and wrong."""

from __future__ import annotations

import json

import pytest

from dnabert_s_cli.encoders.kmer.config import KmerNetworkConfig
from dnabert_s_cli.errors import DnabertSError

CONFIG = KmerNetworkConfig(
    kmers=(4, "1101011"), transform="anscombe", length_features=True, hidden=(32, 32), dim=8, norm="batch", dropout=0.1
)


def test_json_gives_back_the_config() -> None:
    parsed = json.loads(json.dumps(CONFIG.to_json()))
    assert KmerNetworkConfig.from_json(parsed, path="config.json") == CONFIG


def test_inputs_are_all_columns_and_the_length_features() -> None:
    assert CONFIG.n_inputs == 136 + 512 + 2


def test_keys_of_no_concern_are_passed_over() -> None:
    parsed = json.loads(json.dumps(CONFIG.to_json()))
    assert KmerNetworkConfig.from_json({**parsed, "n": 1}, path="c") == CONFIG


def test_a_config_from_before_strand_counts_both_alike() -> None:
    parsed = json.loads(json.dumps(CONFIG.to_json()))
    del parsed["strand"]
    assert KmerNetworkConfig.from_json(parsed, path="config.json").is_canonical


def test_a_config_from_before_input_dropout_has_none() -> None:
    parsed = json.loads(json.dumps(CONFIG.to_json()))
    del parsed["input_dropout"]
    assert KmerNetworkConfig.from_json(parsed, path="config.json").input_dropout == 0


def test_a_config_from_before_frames_reads_none() -> None:
    parsed = json.loads(json.dumps(CONFIG.to_json()))
    del parsed["frames"], parsed["uncertainty"]
    config = KmerNetworkConfig.from_json(parsed, path="config.json")
    assert (config.frames, config.uncertainty) == ((), False)


def test_what_older_releases_cannot_read_has_a_newer_format() -> None:
    with_frames = KmerNetworkConfig(kmers=(4,), frames=("codons",))
    assert (CONFIG.to_json()["format_version"], with_frames.to_json()["format_version"]) == (1, 2)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"model_type": "bert"}, "'model_type' should be 'dnabert-s-kmer', found 'bert'"),
        ({"format_version": 3}, "'format_version' 3 is none of those known here: 1 and 2"),
        ({"kmers": [4.5]}, "'kmers' should be a list, found [4.5]"),
        ({"kmers": 6}, "'kmers' should be a list, found 6"),
        ({"kmers": []}, "'kmers' should name one k-mer or several different ones"),
        ({"kmers": [3, "111"]}, "'kmers' should name one k-mer or several different ones"),
        ({"kmers": [11]}, "k should be 1 to 10, found 11"),
        ({"kmers": ["1011"]}, "is a palindrome"),
        ({"max_columns": 0}, "should be 1 to 10000000"),
        ({"hidden": [32, -1]}, "should be 1 to 10000000"),
        ({"hidden": [True]}, "'hidden' should be a list"),
        ({"dim": None}, "'dim' should be a whole number, found None"),
        ({"dim": True}, "'dim' should be a whole number, found True"),
        ({"transform": "log"}, "'transform' should be one of linear, sqrt, anscombe, found 'log'"),
        ({"norm": "group"}, "'norm' should be one of none, batch, layer, found 'group'"),
        ({"dropout": 1}, "'dropout' should be in [0, 1), found 1"),
        ({"strand": "reverse"}, "'strand' should be one of both, forward, found 'reverse'"),
        ({"input_dropout": -0.1}, "'input_dropout' should be in [0, 1), found -0.1"),
        (
            {"frames": ["genes"]},
            "ones of codons, tetramers1, tetramers2, tetramers3, found ['genes']",
        ),
        ({"frames": ["codons", "codons"]}, "'frames' should name different ones"),
        ({"uncertainty": 1}, "'uncertainty' should be a true or false, found 1"),
        ({"residual": 1}, "'residual' should be a true or false, found 1"),
    ],
)
def test_wrong_value_is_named_with_its_file(change: dict[str, object], problem: str) -> None:
    parsed = {**json.loads(json.dumps(CONFIG.to_json())), **change}
    with pytest.raises(DnabertSError) as caught:
        KmerNetworkConfig.from_json(parsed, path="m/config.json")
    assert problem in caught.value.problem
    assert caught.value.path == "m/config.json"


def test_missing_value_is_named() -> None:
    parsed = {name: value for name, value in CONFIG.to_json().items() if name != "norm"}
    parsed |= {"kmers": [4], "hidden": []}
    with pytest.raises(DnabertSError, match="'norm' should be a text, found None"):
        KmerNetworkConfig.from_json(parsed, path="config.json")
