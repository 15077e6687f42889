"""k-mer counts against counting one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.encoders.kmer import counts as kmers
from dnabert_s_cli.encoders.kmer.counts import (
    canonical_columns,
    count_kmers,
    fold_columns,
    frequencies,
    kmer_names,
    reverse_complement_index,
)
from tests import reference

SEQUENCES = st.lists(st.text(alphabet="ACGTN", max_size=40), max_size=6)


@given(SEQUENCES, st.sampled_from([1, 3, 4, 5]))
def test_counts_equal_counting_one_by_one(sequences: list[str], k: int) -> None:
    counts = count_kmers(sequences, k)
    names = kmer_names(k)
    for sequence, row in zip(sequences, counts, strict=True):
        assert {names[column]: row[column] for column in np.flatnonzero(row)} == reference.count_kmers(sequence, k)


def test_counts_do_not_depend_on_slabs_or_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(0)
    sequences = ["".join(generator.choice(list("ACGTN"), length)) for length in (500, 3, 77, 0, 1200)]
    whole = count_kmers(sequences, 4)
    monkeypatch.setattr(kmers, "_SLAB_BP", 64)
    assert (count_kmers(sequences, 4) == whole).all()
    assert (count_kmers(sequences, 4, threads=3) == whole).all()


def test_lower_case_is_counted() -> None:
    assert (count_kmers(["acgtacgt"], 4) == count_kmers(["ACGTACGT"], 4)).all()


def test_no_kmer_spans_two_sequences() -> None:
    assert count_kmers(["ACG", "TTT"], 4).sum() == 0


def test_letters_beyond_latin_do_not_count() -> None:
    assert count_kmers(["ACGTé—ACGT"], 4).sum() == 2


def test_k_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="k must be 1 to 8"):
        count_kmers(["ACGT"], 9)


def test_reverse_complement_index_names_the_reverse_complement() -> None:
    names = kmer_names(3)
    assert [names[index] for index in reverse_complement_index(3)] == [reverse_complement(name) for name in names]


def test_a_sequence_and_its_reverse_complement_have_the_same_canonical_counts() -> None:
    sequence = "ACGGTTAGCATCGATTTACG"
    both = fold_columns(count_kmers([sequence, reverse_complement(sequence)], 4), canonical_columns(4))
    assert both.shape == (2, 136)
    assert (both[0] == both[1]).all()


def test_frequencies_of_no_counts_are_zero() -> None:
    assert frequencies(np.array([[0, 0], [1, 3]])).tolist() == [[0.0, 0.0], [0.25, 0.75]]
