"""A program for torchrun: each rank takes its part of every case; rank 0 writes losses and gradients.

    python -m torch.distributed.run --nproc-per-node 2 tests/training/two_ranks.py MODEL_FOLDER OUTPUT

The test runs `run_case` too, alone on the whole batch, and compares.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.models.mixing import draw_mix
from dnabert_s_cli.training.objective.contrastive import Execution, Objective, contrastive_step
from dnabert_s_cli.training.processes.distributed import (
    World,
    gather_rows,
    join_world,
    leave_world,
    require_equal_parameters,
    sum_gradients,
    sum_scalars,
)
from tests.training.steps import MI_MIX, SIMCLR, gradients, networks, pairs_of, rows_of, tiny_head

N_PAIRS = 8  # of the global batch
BLOCK_ROWS = 2  # a block of partners fits a chunk and a rank
GROUPS = [0, 1, 2, 3, 4, 1, 5, 0]  # rows 0 and 7, and 1 and 5, are one species on two ranks


@dataclass(frozen=True, slots=True)
class Case:
    """One step to compare: which network, which loss, how it is run; `n_steps` of them accumulated."""

    family: str
    objective: Objective
    chunk_rows: int | None = None
    groups: tuple[int, ...] | None = None
    n_steps: int = 1


CASES = {
    f"{family}-{name}": case
    for family in ("transformer", "kmer")
    for name, case in {
        "phase1": Case(family, SIMCLR),
        "phase2": Case(family, MI_MIX),
        "phase1-chunks": Case(family, SIMCLR, chunk_rows=2),
        "phase2-chunks": Case(family, MI_MIX, chunk_rows=2),
        "phase1-groups": Case(family, SIMCLR, groups=tuple(GROUPS)),
        "phase2-groups": Case(family, MI_MIX, groups=tuple(GROUPS)),
        "phase2-accumulated": Case(family, MI_MIX, n_steps=2),
    }.items()
}


def run_case(case: Case, folder: Path, *, world: World, n_ranks: int) -> tuple[list[float], dict[str, Tensor]]:
    """Losses of the steps, and the gradient they leave; partners are drawn inside each of `n_ranks` parts."""
    network = networks(folder)[case.family]
    head = tiny_head(network.dim)
    size = N_PAIRS // world.size
    start, end = world.rank * size, (world.rank + 1) * size
    block_rows = case.chunk_rows or N_PAIRS // n_ranks
    execution = Execution(case.chunk_rows, scale=1 / case.n_steps)
    losses = []
    for step in range(case.n_steps):
        batch = pairs_of(N_PAIRS, seed=step, groups=list(case.groups) if case.groups else None)
        mix = None
        if case.objective.kind == "mi_mix":
            generator = torch.Generator().manual_seed(step)
            plan = draw_mix(
                N_PAIRS, n_layers=network.n_mix_layers, layer=None, block_rows=block_rows, generator=generator
            )
            mix = plan.part(start, end)
        result = contrastive_step(
            network,
            head,
            rows_of(batch, start, end),
            objective=case.objective,
            mix=mix,
            world=world,
            execution=execution,
        )
        losses.append(result.loss)
    return losses, gradients(network, head)


def _exchanges(world: World) -> dict[str, object]:
    """What the small exchanges of a world return on this rank."""
    own = torch.full((2, 1), float(world.rank + 1), requires_grad=True)
    gathered = gather_rows(own, world)
    (gathered * torch.arange(4.0)[:, None]).sum().backward()
    layer = nn.Linear(2, 1, bias=True)
    layer.weight.grad = torch.tensor([[1.0, 2.0]]) * (world.rank + 1)
    sum_gradients(layer.parameters(), world)
    return {
        "gathered": gathered.detach(),
        "own_gradient": own.grad,
        "summed_gradient": layer.weight.grad,
        "summed_absent_gradient": layer.bias.grad,
        "sums": sum_scalars([1.0, float(world.rank)], world),
        "unequal": _problem_of_unequal_parameters(world),
    }


def _problem_of_unequal_parameters(world: World) -> str:
    equal, unequal = nn.Linear(2, 2), nn.Linear(2, 2)
    for parameter in (*equal.parameters(), *unequal.parameters()):
        parameter.data.zero_()
    require_equal_parameters([equal], world)
    unequal.bias.data[1] = world.rank * 1e-30
    try:
        require_equal_parameters([equal, unequal], world)
    except DnabertSError as error:
        return str(error)
    return ""


def main(arguments: Sequence[str]) -> None:
    """Run all cases as one of several ranks; every rank writes its own file."""
    folder, output = Path(arguments[0]), Path(arguments[1])
    torch.set_num_threads(1)
    world = join_world(torch.device("cpu"))
    found: dict[str, object] = {
        name: run_case(case, folder, world=world, n_ranks=world.size) for name, case in CASES.items()
    }
    found["exchanges"] = _exchanges(world)
    torch.save(found, output / f"rank{world.rank}.pt")
    if world.size > 1:
        torch.distributed.barrier()
    leave_world(world)


if __name__ == "__main__":
    main(sys.argv[1:])
