"""Options of `dnabert-s train` that say how it is learned and where, in groups as `expand_flags` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ... import defaults
from . import common as opt

if TYPE_CHECKING:
    from ...pipelines.train.config import OptimiserConfig, RunConfig

OptimiserName = Literal["adam", "adamw"]
LrSchedule = Literal["constant", "cosine"]

_CPU = "cpu"
_OPTIMISER, _MEASURE, _RUN = "Optimiser", "Measuring and saving", "Run"


@dataclass(frozen=True, slots=True)
class OptimiserFlags:
    """How weights follow the gradient."""

    optimiser: Annotated[OptimiserName, typer.Option("--optimiser", help="Optimiser.", rich_help_panel=_OPTIMISER)] = (
        defaults.OPTIMISER
    )
    lr: Annotated[
        float, typer.Option("--lr", min=0.0, max=1.0, help="Learning rate of the encoder.", rich_help_panel=_OPTIMISER)
    ] = defaults.ENCODER_LR
    head_lr_factor: Annotated[
        float,
        typer.Option(
            "--head-lr-factor",
            min=0.0,
            max=1e6,
            help="Learning rate of the head, as a multiple of --lr.",
            rich_help_panel=_OPTIMISER,
        ),
    ] = defaults.HEAD_LR_FACTOR
    weight_decay: Annotated[
        float,
        typer.Option(
            "--weight-decay",
            min=0.0,
            help="Weight decay of matrices (not of biases and norms).",
            rich_help_panel=_OPTIMISER,
        ),
    ] = defaults.WEIGHT_DECAY
    warmup: Annotated[
        int,
        typer.Option(
            "--warmup",
            min=0,
            help="Warm-up steps, in which the learning rate rises linearly.",
            rich_help_panel=_OPTIMISER,
        ),
    ] = defaults.WARMUP_STEPS
    schedule: Annotated[
        LrSchedule, typer.Option("--schedule", help="Learning-rate schedule after warm-up.", rich_help_panel=_OPTIMISER)
    ] = defaults.LR_SCHEDULE
    clip: Annotated[
        float,
        typer.Option(
            "--clip", min=0.0, help="Maximum norm of the gradient. 0: not clipped.", rich_help_panel=_OPTIMISER
        ),
    ] = defaults.CLIP_NORM
    batch: Annotated[
        int,
        typer.Option("--batch", min=1, help="Pairs per batch, over all processes.", rich_help_panel=_OPTIMISER),
    ] = defaults.BATCH_PAIRS
    chunk: Annotated[
        int,
        typer.Option(
            "--chunk",
            min=0,
            help="Pairs that a process encodes at a time, for batches larger than memory. 0: all.",
            rich_help_panel=_OPTIMISER,
        ),
    ] = defaults.CHUNK_PAIRS
    accumulate: Annotated[
        int,
        typer.Option(
            "--accumulate", min=1, help="Batches per step; each is contrasted on its own.", rich_help_panel=_OPTIMISER
        ),
    ] = defaults.ACCUMULATE

    def config(self) -> OptimiserConfig:
        """The same for the pipeline."""
        from ...pipelines.train.config import OptimiserConfig

        return OptimiserConfig(
            name=self.optimiser,
            lr=self.lr,
            head_lr_factor=self.head_lr_factor,
            weight_decay=self.weight_decay,
            warmup_steps=self.warmup,
            schedule=self.schedule,
            clip_norm=self.clip,
            batch_pairs=self.batch,
            chunk_pairs=self.chunk,
            accumulate=self.accumulate,
        )


@dataclass(frozen=True, slots=True)
class RunFlags:
    """Length of the run, evaluation, checkpoints, and device."""

    epochs: Annotated[
        int, typer.Option("--epochs", min=1, help="Number of passes over the pairs.", rich_help_panel=_RUN)
    ] = defaults.EPOCHS
    max_steps: Annotated[
        int,
        typer.Option(
            "--max-steps",
            min=0,
            help="Run exactly N steps; overrides --epochs. 0: off.",
            rich_help_panel=_RUN,
        ),
    ] = defaults.MAX_STEPS
    gpus: Annotated[
        int, typer.Option("--gpus", min=1, help="Number of processes, one per GPU.", rich_help_panel=_RUN)
    ] = defaults.PROCESSES
    processes: Annotated[
        int,
        typer.Option(
            "--processes", min=1, help="Number of processes on the CPU, which share its threads.", rich_help_panel=_RUN
        ),
    ] = defaults.PROCESSES
    resume: opt.Resume = False
    eval_every: Annotated[
        int,
        typer.Option("--eval-every", min=1, help="Evaluate every N steps.", rich_help_panel=_MEASURE),
    ] = defaults.EVAL_EVERY
    save_every: Annotated[
        int,
        typer.Option("--save-every", min=1, help="Save a checkpoint every N steps.", rich_help_panel=_MEASURE),
    ] = defaults.SAVE_EVERY
    save_total_limit: Annotated[
        int,
        typer.Option(
            "--save-total-limit",
            min=0,
            help="Maximum number of step-N folders to keep, in addition to best and last.",
            rich_help_panel=_MEASURE,
        ),
    ] = defaults.SAVE_TOTAL_LIMIT
    patience: Annotated[
        int,
        typer.Option(
            "--patience",
            min=0,
            help="Stop after N evaluations without improvement. 0: never.",
            rich_help_panel=_MEASURE,
        ),
    ] = defaults.PATIENCE
    log_every: Annotated[
        int,
        typer.Option("--log-every", min=1, help="Show progress every N steps.", rich_help_panel=_MEASURE),
    ] = defaults.LOG_EVERY
    device: opt.DeviceName = defaults.DEVICE
    dtype: opt.DtypeName = defaults.DTYPE
    threads: opt.Threads = defaults.THREADS
    seed: opt.Seed = defaults.SEED

    def config(self) -> RunConfig:
        """The same for the pipeline."""
        from ...pipelines.train.config import RunConfig

        return RunConfig(
            epochs=self.epochs,
            max_steps=self.max_steps,
            eval_every=self.eval_every,
            save_every=self.save_every,
            save_total_limit=self.save_total_limit,
            patience=self.patience,
            log_every=self.log_every,
            device=_CPU if self.processes > 1 and self.device == defaults.DEVICE else self.device,
            dtype=self.dtype,
            threads=self.threads,
            seed=self.seed,
        )
