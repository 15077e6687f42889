from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.analysis.scores.confusion import count_shared

CONTIGS = st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 4), st.integers(1, 9)), min_size=1, max_size=30)


def test_pairs_come_in_the_order_of_their_first_contigs() -> None:
    shared = count_shared(["b", "a", "b", "a"], [2, 1, 2, 2], lengths_bp=[5, 6, 7, 8])
    pairs = zip(shared.bins[shared.pair_bin].tolist(), shared.genomes[shared.pair_genome].tolist(), strict=True)
    assert list(pairs) == [(2, "b"), (1, "a"), (2, "a")]
    assert shared.pair_bp.tolist() == [12, 6, 8]
    assert shared.pair_contigs.tolist() == [2, 1, 1]


def test_of_equal_pairs_the_first_is_the_main_one() -> None:
    shared = count_shared(["b", "a"], [1, 1], lengths_bp=[5, 5])
    assert shared.genomes[shared.pair_genome[shared.main_pairs_of_bins()]].tolist() == ["b"]


def test_a_genome_that_is_unbinned_has_no_main_pair() -> None:
    shared = count_shared(["a", "b"], [1, 0], lengths_bp=[5, 5])
    assert shared.main_pairs_of_genomes().tolist() == [0, -1]


@pytest.mark.parametrize("bins", [[], [0, 0]])
def test_no_bins_give_empty_pairs(bins: list[int]) -> None:
    shared = count_shared(["a"] * len(bins), bins, lengths_bp=[1] * len(bins))
    assert len(shared.pair_bp) == len(shared.bin_bp) == len(shared.main_pairs_of_bins()) == 0


@settings(max_examples=40)
@given(CONTIGS)
def test_pairs_partition_what_is_binned(contigs: list[tuple[str, int, int]]) -> None:
    genomes, bins, lengths_bp = (list(column) for column in zip(*contigs, strict=True))
    shared = count_shared(genomes, bins, lengths_bp=lengths_bp)
    binned = np.array(bins) != 0
    assert shared.pair_bp.sum() == shared.bin_bp.sum() == np.array(lengths_bp)[binned].sum()
    assert shared.pair_contigs.sum() == shared.bin_contigs.sum() == np.count_nonzero(binned)
