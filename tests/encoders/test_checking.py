"""Sequences handed to an encoder in Python."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli import DnabertSError, load_encoder
from dnabert_s_cli.encoders.checking import checked_sequences


@pytest.mark.parametrize("model", ["tnf-c", "kmer-s"])
def test_one_string_is_no_list(model: str) -> None:
    with pytest.raises(TypeError, match=r"embed\(\[sequence\]\)"):
        load_encoder(model).embed("ACGT")


@pytest.mark.parametrize("model", ["tnf-c", "kmer-s"])
@pytest.mark.parametrize(
    ("bad", "problem"), [("", "empty"), ("ACXGT", "'X' is not a nucleotide"), ("AC GT", "' ' is not a nucleotide")]
)
def test_bad_sequence_is_named(model: str, bad: str, problem: str) -> None:
    with pytest.raises(DnabertSError, match=problem) as caught:
        load_encoder(model).embed(["ACGTACGTAC", bad])
    assert caught.value.record == "sequences[1]"


def test_every_letter_that_files_may_hold_is_allowed() -> None:
    sequences = ["ACGTUNRYSWKMBDHV", "acgtunryswkmbdhv"]
    assert checked_sequences(sequences) is sequences


def test_lower_case_embeds_as_upper_case() -> None:
    upper, lower = load_encoder("tnf-c").embed(["ACGTTGCAAC", "acgttgcaac"])
    assert np.array_equal(upper, lower)
