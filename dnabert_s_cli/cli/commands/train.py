"""`dnabert-s train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..console import duration, progress, say, scaled
from ..options import common as opt
from ..options.train import DataFlags, ModelFlags, ObjectiveFlags
from ..options.train_run import OptimiserFlags, RunFlags

if TYPE_CHECKING:
    from ...pipelines.train.recipe import TrainReport


def train(
    data: DataFlags,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", help="Folder to write: best/, last/, step-N/, log.csv, loss.png.", show_default=False
        ),
    ],
    model: ModelFlags,
    objective: ObjectiveFlags,
    optimiser: OptimiserFlags,
    run: RunFlags,
    force: opt.Force = False,
    *,
    messages: opt.MessageFlags,
) -> int:
    """Train an encoder on pairs of sequences with the contrastive curriculum of DNABERT-S.

    Writes model folders, best/ and last/, that every command opens with --model.
    """
    messages.start()
    from ...pipelines.launching import is_first_process, launch_processes
    from ...pipelines.train.config import TrainConfig

    config = TrainConfig(data.config(), model.config(), objective.config(), optimiser.config(), run.config())
    code = launch_processes(sys.argv[1:], gpus=run.gpus, processes=run.processes)
    if code is not None:
        return code
    from ...pipelines.train.recipe import TrainOutput
    from ...pipelines.train.recipe import train as run_here

    where = TrainOutput(output, run.resume, force)
    with progress(quiet=messages.quiet or not is_first_process()) as shown:
        report = run_here(config, where, argv=sys.argv, progress=shown)
    if report is not None:
        _say_result(report, output)
    return 0


def _say_result(report: TrainReport, output: Path) -> None:
    """Summary of the run, and where the model is."""
    state = report.state
    rate = scaled(state.n_tokens / max(state.seconds, 1e-6), "tokens")
    best = f"best after step {state.best_step:,}" if state.best_value is not None else "not measured: best is the last"
    say(
        f"{state.step:,} of {report.n_steps:,} steps, {scaled(state.n_tokens, 'tokens')} in {duration(report.seconds)} "
        f"({rate}/s); {best}; {output}/best"
    )
