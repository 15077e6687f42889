"""What markers say of bins, on made-up hits whose answer is plain, and on real contigs."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.binning.quality import (
    bin_quality,
    conflicting_pairs,
    copy_numbers,
    estimate_genomes,
    seed_contigs,
)
from dnabert_s_cli.analysis.markers.profiles import ARCHAEA, BACTERIA, BOTH
from dnabert_s_cli.analysis.markers.search import MarkerHits
from tests.marker_contigs import made_up_hits, made_up_set, read_operons, search

TWO = made_up_set(2)


def labels(*values: int) -> np.ndarray:
    """Labels as an array."""
    return np.array(values, dtype=np.int64)


def test_one_copy_of_every_marker_is_complete_and_clean() -> None:
    quality = bin_quality(made_up_hits(TWO, 2, (0, 0), (1, 1)), labels(0, 0))
    assert (quality.completeness[0], quality.contamination[0]) == (100.0, 0.0)


def test_half_of_the_markers_is_half_complete() -> None:
    assert bin_quality(made_up_hits(TWO, 1, (0, 0)), labels(0)).completeness[0] == 50.0


def test_two_genomes_in_a_bin_are_a_hundred_percent_contaminated() -> None:
    hits = made_up_hits(TWO, 2, (0, 0), (0, 1), (1, 0), (1, 1))
    assert bin_quality(hits, labels(0, 0)).contamination[0] == 100.0


def test_two_fragments_of_one_gene_are_one_copy() -> None:
    hits = made_up_hits(TWO, 2, (0, 0, 1, 52), (1, 0, 48, 100))
    assert copy_numbers(hits, labels(0, 0)).tolist() == [[1, 0]]


def test_fragments_that_share_half_of_the_gene_are_two_copies() -> None:
    hits = made_up_hits(TWO, 2, (0, 0, 1, 75), (1, 0, 25, 100))
    assert copy_numbers(hits, labels(0, 0)).tolist() == [[2, 0]]


def test_a_fragment_shorter_than_the_slack_counts() -> None:
    assert copy_numbers(made_up_hits(TWO, 1, (0, 0, 50, 52)), labels(0)).tolist() == [[1, 0]]


def test_unbinned_contigs_count_nowhere() -> None:
    hits = made_up_hits(TWO, 3, (0, 0), (1, 0), (2, 1))
    assert copy_numbers(hits, labels(0, -1, 1)).tolist() == [[1, 0], [0, 1]]


def test_a_bin_without_marker_is_empty_and_clean() -> None:
    quality = bin_quality(made_up_hits(TWO, 2, (0, 0)), labels(1, 0))
    assert quality.completeness.tolist() == [0.0, 50.0]
    assert quality.contamination.tolist() == [0.0, 0.0]


def test_no_bin_gives_no_estimate() -> None:
    quality = bin_quality(made_up_hits(TWO, 1, (0, 0)), labels(-1))
    assert len(quality.completeness) == 0
    assert quality.domains == ()


def test_neighbouring_markers_weigh_one_together() -> None:
    markers = made_up_set(4, groups=["operon", "operon", "operon", "far"])
    quality = bin_quality(made_up_hits(markers, 1, (0, 3)), labels(0))
    assert quality.completeness[0] == pytest.approx(50.0)


def test_a_bin_is_judged_by_the_markers_of_its_own_domain() -> None:
    markers = made_up_set(5, domains=[BOTH, BACTERIA, BACTERIA, ARCHAEA, ARCHAEA])
    hits = made_up_hits(markers, 2, (0, 0), (0, 3), (0, 4), (1, 0), (1, 1))
    quality = bin_quality(hits, labels(0, 1))
    assert quality.domains == (ARCHAEA, BACTERIA)
    assert quality.completeness == pytest.approx([100.0, 200 / 3])


def test_contigs_with_the_same_marker_conflict() -> None:
    hits = made_up_hits(TWO, 4, (0, 0), (2, 0), (0, 1), (2, 1), (3, 1))
    pairs, n_shared = conflicting_pairs(hits)
    assert pairs.tolist() == [[0, 2], [0, 3], [2, 3]]
    assert n_shared.tolist() == [2, 1, 1]


def test_fragments_of_one_gene_do_not_conflict() -> None:
    hits = made_up_hits(TWO, 2, (0, 0, 1, 50), (1, 0, 51, 100))
    assert conflicting_pairs(hits)[0].shape == (0, 2)


def test_two_copies_on_one_contig_are_no_pair() -> None:
    assert len(conflicting_pairs(made_up_hits(TWO, 1, (0, 0), (0, 0)))[0]) == 0


def test_conflicts_among_given_contigs_only() -> None:
    hits = made_up_hits(TWO, 3, (0, 0), (1, 0), (2, 0))
    assert conflicting_pairs(hits, np.array([2, 0]))[0].tolist() == [[0, 2]]


def test_the_number_of_genomes_is_that_which_most_markers_say() -> None:
    markers = made_up_set(4)
    rows = [(contig, marker) for contig in range(3) for marker in range(3)] + [(0, 3)]
    assert estimate_genomes(made_up_hits(markers, 3, *rows)) == 3


def test_bacteria_and_archaea_add_up() -> None:
    markers = made_up_set(3, domains=[BOTH, BACTERIA, ARCHAEA])
    hits = made_up_hits(markers, 3, (0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 2))
    assert estimate_genomes(hits) == 3


def seeds(hits: MarkerHits, *lengths_bp: int, n_genomes: int = 2, n_sets: int = 5) -> list[list[int]]:
    """Sets of seeds as lists."""
    found = seed_contigs(hits, labels(*lengths_bp), n_genomes=n_genomes, n_sets=n_sets)
    return [contigs.tolist() for contigs in found]


def test_a_sample_without_marker_has_no_genome_and_no_seed() -> None:
    hits = made_up_hits(TWO, 3)
    assert estimate_genomes(hits) == 0
    assert seeds(hits, 1, 2, 3) == []
    assert estimate_genomes(made_up_hits(TWO, 0)) == 0


def test_seeds_are_the_contigs_of_one_marker_longest_first() -> None:
    hits = made_up_hits(TWO, 4, (0, 0), (1, 0), (2, 1), (3, 1))
    assert seeds(hits, 10, 20, 30, 40) == [[3, 2], [1, 0]]
    assert seeds(hits, 10, 20, 30, 40, n_sets=1) == [[3, 2]]


def test_the_marker_with_as_many_copies_as_genomes_comes_first() -> None:
    hits = made_up_hits(TWO, 4, (0, 0), (1, 0), (2, 0), (2, 1), (3, 1))
    assert seeds(hits, 9, 9, 90, 9, n_genomes=3)[0] == [2, 0, 1]
    assert seeds(hits, 9, 9, 90, 9, n_genomes=2)[0] == [2, 3]


def test_markers_on_the_same_contigs_give_one_set_of_seeds() -> None:
    assert seeds(made_up_hits(TWO, 2, (0, 0), (1, 0), (0, 1), (1, 1)), 10, 20) == [[1, 0]]


def test_a_seed_carries_more_than_a_fragment() -> None:
    assert seeds(made_up_hits(made_up_set(1), 2, (0, 0), (1, 0, 60, 100)), 10, 20) == []


def test_a_gene_cut_in_two_contigs_of_a_genome_is_no_contamination() -> None:
    operon = read_operons()["escherichia"]
    whole = search(operon)
    middle = int(whole.gene_start[6] + whole.gene_end[6]) // 2
    quality = bin_quality(search(operon[:middle], operon[middle:]), labels(0, 0))
    assert quality.contamination[0] == 0.0
    assert quality.completeness[0] == bin_quality(whole, labels(0)).completeness[0]


def test_two_species_in_a_bin_are_seen() -> None:
    operons = read_operons()
    hits = search(operons["helicobacter"], operons["escherichia"])
    together = bin_quality(hits, labels(0, 0))
    assert together.contamination[0] == pytest.approx(together.completeness[0])
    assert conflicting_pairs(hits)[0].tolist() == [[0, 1]]
