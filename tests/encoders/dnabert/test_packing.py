"""Batches without padding."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.encoders.dnabert.packing import Run, equal_length_runs, mean_per_sequence, pack, token_batches


@given(st.lists(st.integers(1, 50), max_size=80), st.integers(1, 200))
def test_batches_partition_the_windows(lengths: list[int], budget: int) -> None:
    batches = token_batches(np.array(lengths, dtype=np.int64), budget)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))


@given(st.lists(st.integers(1, 50), max_size=80), st.integers(1, 200))
def test_no_batch_exceeds_the_budget_unless_it_is_one_window(lengths: list[int], budget: int) -> None:
    for batch in token_batches(np.array(lengths, dtype=np.int64), budget):
        assert len(batch) == 1 or sum(lengths[index] for index in batch) <= budget


def test_longest_windows_come_first_and_ties_keep_their_order() -> None:
    batches = token_batches(np.array([3, 9, 3, 5]), 8)
    assert [batch.tolist() for batch in batches] == [[1], [3, 0], [2]]


def test_runs_join_neighbours_of_equal_length_only() -> None:
    assert equal_length_runs([4, 4, 3, 4]) == (Run(0, 2, 4), Run(8, 1, 3), Run(11, 1, 4))


def test_pack_lays_windows_end_to_end() -> None:
    batch = pack([np.array([1, 2]), np.array([3])], torch.device("cpu"))
    assert batch.token_ids.tolist() == [1, 2, 3]
    assert batch.lengths == (2, 1)


def test_mean_per_sequence_is_the_mean_of_its_own_tokens() -> None:
    hidden = torch.tensor([[1.0], [3.0], [10.0], [20.0], [7.0]])
    means = mean_per_sequence(hidden, equal_length_runs([2, 2, 1]))
    assert means.tolist() == [[2.0], [15.0], [7.0]]


def test_mean_of_bfloat16_is_summed_in_float32() -> None:
    hidden = torch.full((4096, 1), 1.0, dtype=torch.bfloat16)
    hidden[0] = 2.0
    assert mean_per_sequence(hidden, [Run(0, 1, 4096)]).item() == 1.0 + 1 / 4096
