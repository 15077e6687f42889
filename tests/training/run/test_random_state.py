"""Global generators taken, set and replayed."""

from __future__ import annotations

import pytest
import torch

from dnabert_s_cli.training.run.random_state import random_state, replayed, set_random_state

CPU = torch.device("cpu")


def test_a_state_that_is_set_draws_the_same_again() -> None:
    state = random_state(CPU)
    drawn = torch.rand(3)
    set_random_state(state, CPU)
    assert torch.equal(torch.rand(3), drawn)


def test_a_replay_draws_the_same_inside() -> None:
    state = random_state(CPU)
    drawn = torch.rand(3)
    with replayed(state, CPU):
        assert torch.equal(torch.rand(3), drawn)


def test_a_replay_changes_nothing_outside() -> None:
    state = random_state(CPU)
    with replayed(state, CPU):
        torch.rand(5)
    first = torch.rand(3)
    set_random_state(state, CPU)
    assert torch.equal(torch.rand(3), first)


def test_an_error_inside_a_replay_still_puts_the_generators_back() -> None:
    before = random_state(CPU)
    torch.rand(1)
    now = random_state(CPU)
    with pytest.raises(KeyError), replayed(before, CPU):
        raise KeyError
    assert torch.equal(random_state(CPU).cpu, now.cpu)
