"""Contigs that are circular or nearly complete are bins of their own, small circles are listed apart."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.io.sequences import Record
from dnabert_s_cli.pipelines.bin.circular import end_overlap_bp, is_circular, set_apart
from tests.conftest import random_dna
from tests.marker_contigs import made_up_hits, made_up_set

DNA = random_dna(3_000, 1)


@pytest.mark.parametrize(
    "name",
    [
        *("s0.ctg000001c", "s12.ctg000123c", "ptg000001c", "utg000004c"),
        *("NODE_1_length_5000_cov_3_cutoff_5_type_circular", "contig_7_circular", "ctg1|circular=yes"),
    ],
)
def test_names_of_assemblers_say_that_a_contig_is_circular(name: str) -> None:
    assert is_circular(Record(name, DNA))
    assert is_circular(Record(f"S1:{name}", DNA), separator=":")


@pytest.mark.parametrize("name", ["s0.ctg000001l", "contig_1", "k141_9c", "uncircularised_1", "abc"])
def test_other_names_do_not(name: str) -> None:
    assert not is_circular(Record(name, DNA))


def test_a_header_may_say_so() -> None:
    assert is_circular(Record("tig1", DNA, is_circular=True))


@pytest.mark.parametrize(("overlap_bp", "found_bp"), [(49, 0), (50, 50), (141, 141), (1_000, 1_000), (0, 0)])
def test_ends_that_overlap_close_a_circle(overlap_bp: int, found_bp: int) -> None:
    assert end_overlap_bp(DNA + DNA[:overlap_bp]) == found_bp
    assert is_circular(Record("c", DNA + DNA[:overlap_bp])) == (found_bp > 0)


def test_the_seed_may_come_again_before_the_overlap_ends() -> None:
    start = DNA[:60] + DNA[:60]
    assert end_overlap_bp(start + DNA[500:2_500] + start) == 120


@pytest.mark.parametrize("sequence", ["AC" * 1_500, "A" * 2_000, "ACGT", ""])
def test_repeats_are_no_overlap(sequence: str) -> None:
    assert end_overlap_bp(sequence) == 0


def test_size_tells_bins_from_elements_without_markers() -> None:
    apart = set_apart(np.array([300_000, 5_000, 900_000]), np.array([True, True, False]), hits=None, min_bin_bp=200_000)
    assert (apart.own_bins.tolist(), apart.elements.tolist()) == ([True, False, False], [False, True, False])


def test_markers_tell_chromosomes_from_other_circles_and_long_whole_contigs() -> None:
    lengths_bp = np.array([300_000, 300_000, 900_000, 900_000, 400_000])
    circular = np.array([True, True, False, False, False])
    whole, twice = [(2, 0), (2, 1), (4, 0), (4, 1)], [(3, 0), (3, 1), (3, 0, 0, 100), (3, 1, 0, 100)]
    hits = made_up_hits(made_up_set(2), 5, (0, 0), *whole, *twice)
    apart = set_apart(lengths_bp, circular, hits=hits, min_bin_bp=200_000)
    assert apart.own_bins.tolist() == [True, False, True, False, False]
    assert apart.elements.tolist() == [False, True, False, False, False]


def test_contigs_set_apart_leave_their_clusters() -> None:
    apart = set_apart(np.array([300_000, 5_000, 9_000]), np.array([True, True, False]), hits=None, min_bin_bp=200_000)
    assert apart.relabelled(np.array([0, 0, 0]), np.arange(3)).tolist() == [1, -1, 0]
    assert apart.relabelled(np.array([4]), np.array([1])).tolist() == [-1]
