"""Samples by the names of contigs, and names that look like those of a catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.bin.samples import own_name, refuse_catalogue, split_names


def test_samples_come_in_the_order_of_their_first_contigs() -> None:
    samples = split_names(["b:1", "a:1", "b:2"], ":")
    assert (samples.names, samples.of_contigs.tolist()) == (("b", "a"), [0, 1, 0])
    assert [rows.tolist() for rows in samples.rows()] == [[0, 2], [1]]


def test_a_name_is_split_at_the_first_separator() -> None:
    assert split_names(["a:1:x", "b::y"], ":").names == ("a", "b")
    assert own_name("a:1:x", ":") == "1:x"
    assert own_name("plain", ":") == "plain"


def test_a_separator_may_be_long() -> None:
    assert split_names(["s1__c1", "s2__c1"], "__").names == ("s1", "s2")


@pytest.mark.parametrize("name", ["plain", ":x", "x:", ""])
def test_a_name_without_its_sample_is_an_error(name: str) -> None:
    with pytest.raises(DnabertSError, match="does not say its sample") as caught:
        split_names(["S1:a", name], ":")
    assert caught.value.record == name
    assert "--separator" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("ids", "separator"),
    [(["S1:a", "S1:b", "S2:a", "S2:b"], ":"), (["S1Ck1", "S2Ck1", "S1Ck2", "S2Ck2"], "C")],
)
def test_a_catalogue_is_refused_with_both_ways_to_bin_it(ids: list[str], separator: str) -> None:
    with pytest.raises(DnabertSError, match=r"catalogue of 2 samples \(S1, S2\)") as caught:
        refuse_catalogue(ids)
    assert f"--separator {separator}," in str(caught.value.hint)
    assert "--pooled" in str(caught.value.hint)


@pytest.mark.parametrize(
    "ids",
    [
        [],
        ["S1:a", "S1:b", "S1:c"],
        ["c1:1-9", "c2:1-9", "c3:1-9"],
        ["S1:a", "S2:a", "S1:b", "plain"],
        ["S1C", "S2C", "S1C", "S2C"],
        ["S1Ca", "S2Ca", "SCb", "S1Cb"],
        ["NODE_1", "NODE_2", "NODE_3", "NODE_4"],
    ],
)
def test_other_names_pass(ids: list[str]) -> None:
    refuse_catalogue(ids)


def test_a_million_names_take_no_matrix() -> None:
    samples = split_names([f"S{number % 7}:c{number}" for number in range(10_000)], ":")
    assert np.bincount(samples.of_contigs).min() > 1_400
