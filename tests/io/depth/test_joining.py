"""Depths are joined by name, with one another and with contigs."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth.joining import (
    ContigsOfSample,
    join_by_sample,
    join_depth,
    merge_depths,
    stack_depths,
)
from dnabert_s_cli.io.depth.table import DepthFile, DepthTable


def _table(
    names: Sequence[str], sample: str = "a", *, lengths_bp: Sequence[int] = (), variance: bool = True, first: int = 1
) -> DepthTable:
    """The contigs have the depths `first`, `first` + 1, ..., and ten times that variance."""
    mean = np.arange(first, first + len(names), dtype=np.float32)[:, None]
    lengths = np.array(lengths_bp or [0] * len(names), dtype=np.int64)
    return DepthTable(list(names), lengths, (sample,), mean, 10 * mean if variance else None)


def _lengths(*lengths_bp: int) -> np.ndarray:
    return np.array(lengths_bp, dtype=np.int64)


def test_contigs_get_their_depth_in_their_order() -> None:
    joined = join_depth(DepthFile("d", _table("xyz")), ["z", "x"], lengths_bp=_lengths(5, 5))
    assert joined.mean.tolist() == [[3], [1]]


def test_a_contig_without_depth_has_zero_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "dnabert_s_cli")
    joined = join_depth(DepthFile("d.tsv", _table("xyw")), ["x", "q", "y"], lengths_bp=_lengths(5, 5, 5))
    assert joined.mean.tolist() == [[1], [0], [2]]
    assert "d.tsv: 2 contigs matched, 1 missing, 1 extra" in caplog.text


def test_a_full_match_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    join_depth(DepthFile("d", _table("x")), ["x"], lengths_bp=_lengths(5))
    assert caplog.text == ""


def test_depth_of_other_contigs_is_an_error() -> None:
    with pytest.raises(DnabertSError, match=r"has only 1 of 3 contigs by name") as caught:
        join_depth(DepthFile("d.tsv", _table("xyz")), ["x", "p", "q"], lengths_bp=_lengths(5, 5, 5))
    assert caught.value.path == "d.tsv"


def test_another_length_is_an_error() -> None:
    with pytest.raises(DnabertSError, match=r"is 70 bp long here, 7 bp in the sequences") as caught:
        join_depth(DepthFile("d.tsv", _table("xy", lengths_bp=(5, 70))), ["x", "y"], lengths_bp=_lengths(5, 7))
    assert (caught.value.path, caught.value.record) == ("d.tsv", "y")


def test_a_length_of_six_digits_agrees() -> None:
    table = _table("x", lengths_bp=[12_345_700])
    assert join_depth(DepthFile("d", table), ["x"], lengths_bp=_lengths(12_345_678)).mean.all()


def test_samples_of_several_sources_stand_side_by_side() -> None:
    names, lengths_bp = ["x", "y"], _lengths(5, 5)
    parts = [join_depth(DepthFile("a", _table("xy", "a")), names, lengths_bp=lengths_bp)]
    parts.append(join_depth(DepthFile("b", _table("y", "b", first=7)), names, lengths_bp=lengths_bp))
    stacked = stack_depths(parts)
    assert (stacked.samples, stacked.mean.tolist()) == (("a", "b"), [[1, 0], [2, 7]])
    assert [facts["path"] for facts in stacked.inputs] == ["a", "b"]


@pytest.mark.parametrize("variance", [True, False])
def test_variances_are_kept_where_every_file_has_them(variance: bool) -> None:
    merged = merge_depths([DepthFile("a", _table("x")), DepthFile("b", _table("x", "b", variance=variance))])
    assert (merged.variance is not None) == variance


def test_merging_joins_by_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "dnabert_s_cli")
    merged = merge_depths([DepthFile("a.tsv", _table("xy")), DepthFile("b.tsv", _table("zy", "b", first=7))])
    assert (merged.names, merged.samples) == (["x", "y", "z"], ("a", "b"))
    assert merged.mean.tolist() == [[1, 0], [2, 8], [0, 7]]
    assert "b.tsv: has 2 of 3 contigs; depth is 0 for the other 1" in caplog.text


def test_ten_thousand_names_of_two_files_are_one_each() -> None:
    names = [f"contig_{n}" for n in range(10_000)]
    merged = merge_depths([DepthFile("a", _table(names)), DepthFile("b", _table(names[::-1], "b"))])
    assert merged.names == names
    assert np.all(merged.mean.sum(axis=1) == 10_001)


def test_a_sample_of_two_files_is_an_error() -> None:
    with pytest.raises(DnabertSError, match=r"its sample 'a' is also one of x\.tsv") as caught:
        merge_depths([DepthFile("x.tsv", _table("c")), DepthFile("y.tsv", _table("c"))])
    assert caught.value.path == "y.tsv"


def test_a_contig_of_two_lengths_is_an_error() -> None:
    sources = [DepthFile("x.tsv", _table("c", lengths_bp=[5])), DepthFile("y.tsv", _table("c", "b", lengths_bp=[6]))]
    with pytest.raises(DnabertSError, match=r"is 6 bp long here, 5 bp in a file before") as caught:
        merge_depths(sources)
    assert (caught.value.path, caught.value.record) == ("y.tsv", "c")


@pytest.mark.parametrize(
    ("first_bp", "second_bp"), [(0, 5), (5, 0), (12_345_700, 12_345_678), (12_345_678, 12_345_700)]
)
def test_the_most_exact_length_is_kept(first_bp: int, second_bp: int) -> None:
    sources = [
        DepthFile("x", _table("c", lengths_bp=[first_bp])),
        DepthFile("y", _table("c", "b", lengths_bp=[second_bp])),
    ]
    assert merge_depths(sources).lengths_bp.tolist() == [5 if first_bp in (0, 5) else 12_345_678]


def _catalogue() -> tuple[list[str], np.ndarray, list[ContigsOfSample]]:
    """Two contigs of S1 and one of S2, which both call their first one x."""
    names = ["S1:x", "S1:y", "S2:x"]
    samples = [ContigsOfSample("S1", np.array([0, 1]), ["x", "y"]), ContigsOfSample("S2", np.array([2]), ["x"])]
    return names, _lengths(5, 6, 7), samples


def test_a_table_of_the_whole_catalogue_is_joined_by_full_names() -> None:
    names, lengths_bp, samples = _catalogue()
    file = DepthFile("d", _table(names))
    joined = join_by_sample(file, names, lengths_bp=lengths_bp, samples=samples)
    assert joined.mean.tolist() == join_depth(file, names, lengths_bp=lengths_bp).mean.tolist() == [[1], [2], [3]]


@pytest.mark.parametrize("names_there", [["S1:x", "S1:y"], ["x", "y"]])
def test_a_table_of_one_assembly_says_nothing_of_the_others(names_there: list[str]) -> None:
    names, lengths_bp, samples = _catalogue()
    file = DepthFile("d", _table(names_there, lengths_bp=[5, 6]))
    joined = join_by_sample(file, names, lengths_bp=lengths_bp, samples=samples)
    np.testing.assert_array_equal(joined.mean, np.array([[1], [2], [np.nan]], dtype=np.float32))


def test_own_names_of_other_lengths_belong_to_another_assembly() -> None:
    names, lengths_bp, samples = _catalogue()
    file = DepthFile("d", _table(["x"], lengths_bp=[7]))
    joined = join_by_sample(file, names, lengths_bp=lengths_bp, samples=samples)
    np.testing.assert_array_equal(joined.mean, np.array([[np.nan], [np.nan], [1]], dtype=np.float32))


def test_a_table_of_no_assembly_is_an_error() -> None:
    names, lengths_bp, samples = _catalogue()
    with pytest.raises(DnabertSError, match="has only 0 of 3 contigs"):
        join_by_sample(DepthFile("d", _table("pq")), names, lengths_bp=lengths_bp, samples=samples)
