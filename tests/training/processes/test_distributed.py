"""Two processes with half of the pairs each against one process with all of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.models.mixing import MixPlan, draw_mix
from dnabert_s_cli.training.objective.contrastive import contrastive_loss
from dnabert_s_cli.training.processes.distributed import gather_rows, join_world, sum_gradients, sum_scalars
from tests.locations import PROJECT
from tests.training.steps import ALONE, MI_MIX, largest_difference
from tests.training.two_ranks import CASES, run_case

Found = dict[str, Any]


@pytest.fixture(scope="module")
def two_ranks(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, Found]:
    """What each rank found, from one start of torchrun with gloo."""
    output = tmp_path_factory.mktemp("two-ranks")
    launch = [
        "-m",
        "torch.distributed.run",
        "--nproc-per-node",
        "2",
        "--master-addr",
        "127.0.0.1",
        "--master-port",
        "0",
    ]
    launch += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0"]
    program = [str(PROJECT / "tests" / "training" / "two_ranks.py"), str(tiny_model), str(output)]
    run = subprocess.run(
        [sys.executable, *launch, *program],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    first, second = (torch.load(output / f"rank{rank}.pt") for rank in range(2))
    return first, second


@pytest.mark.parametrize("name", CASES)
def test_two_ranks_equal_one_process(name: str, two_ranks: tuple[Found, Found], tiny_model: Path) -> None:
    losses, expected = run_case(CASES[name], tiny_model, world=ALONE, n_ranks=2)
    found_losses, found = two_ranks[0][name]
    assert found_losses == pytest.approx(losses, rel=1e-6)
    assert largest_difference(found, expected) < 1e-5


@pytest.mark.parametrize("name", CASES)
def test_both_ranks_hold_the_same_bits(name: str, two_ranks: tuple[Found, Found]) -> None:
    (first_losses, first), (second_losses, second) = (found[name] for found in two_ranks)
    assert first_losses == second_losses
    assert all(torch.equal(first[parameter], second[parameter]) for parameter in first)


def test_partners_counted_within_a_rank_would_not_pass_for_global_ones() -> None:
    """Upstream's defect 1: partners drawn per replica, used on the whole batch. It moves the loss far beyond 1e-6."""
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.nn.functional.normalize(torch.randn(8, 8, generator=generator), dim=1) for _ in range(2))
    plan = draw_mix(8, n_layers=1, layer=0, block_rows=4, generator=generator)
    wrong = MixPlan(0, torch.cat([plan.part(0, 4).partners, plan.part(4, 8).partners]), plan.weights)
    right_loss, wrong_loss = (
        contrastive_loss(MI_MIX, first, second, groups=torch.arange(8), mix=mix) for mix in (plan, wrong)
    )
    assert (right_loss - wrong_loss).abs() > 1e-3


def test_rows_are_gathered_in_rank_order(two_ranks: tuple[Found, Found]) -> None:
    for found in two_ranks:
        assert found["exchanges"]["gathered"].flatten().tolist() == [1, 1, 2, 2]


def test_the_gradient_reaches_each_ranks_own_rows(two_ranks: tuple[Found, Found]) -> None:
    own = [found["exchanges"]["own_gradient"].flatten().tolist() for found in two_ranks]
    assert own == [[0, 1], [2, 3]]


def test_gradients_are_summed_over_ranks(two_ranks: tuple[Found, Found]) -> None:
    for found in two_ranks:
        assert found["exchanges"]["summed_gradient"].tolist() == [[3, 6]]


def test_an_absent_gradient_counts_as_zero(two_ranks: tuple[Found, Found]) -> None:
    for found in two_ranks:
        assert found["exchanges"]["summed_absent_gradient"].tolist() == [0]


def test_scalars_are_summed_over_ranks(two_ranks: tuple[Found, Found]) -> None:
    for found in two_ranks:
        assert found["exchanges"]["sums"] == [2, 1]


def test_unequal_parameters_are_found_on_every_rank(two_ranks: tuple[Found, Found]) -> None:
    for found in two_ranks:
        assert found["exchanges"]["unequal"] == "process 1 starts from different weights than process 0"


def test_a_process_alone_needs_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert join_world(torch.device("cpu")) == ALONE
    assert not torch.distributed.is_initialized()


def test_alone_every_exchange_returns_what_it_was_given() -> None:
    rows = torch.ones(2, 3)
    layer = torch.nn.Linear(1, 1)
    sum_gradients(layer.parameters(), ALONE)
    assert gather_rows(rows, ALONE) is rows
    assert sum_scalars([1.5, 2.0], ALONE) == [1.5, 2.0]
    assert layer.weight.grad is None


def test_several_processes_on_another_device_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(DnabertSError, match="several processes cannot train on 'mps'"):
        join_world(torch.device("mps"))


def test_more_processes_than_gpus_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "3"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(DnabertSError, match="process 4 on this machine finds only 2 GPUs"):
        join_world(torch.device("cuda"))
