"""One step of the optimiser: prepared batches in, new weights out.

step -> seeds and phase -> for each accumulated batch a plan of mixing and its exact gradient -> the gradient's length
-> new weights. What a step does depends on its number, the weights and the batches alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..errors import DnabertSError
from .config import TrainConfig
from .models.mixing import MixPlan, draw_mix
from .objective.contrastive import Execution, Objective, PreparedBatch, prepared_step
from .optimiser import clip_gradients, set_rates
from .processes.distributed import World, gather_rows, sum_scalars
from .run.checkpoint import Trained
from .run.seeds import mix_generator, seed_dropout
from .schedule import CLEAN, Curriculum

_SHOWN_LINES = 12


@dataclass(frozen=True, slots=True, eq=False)
class ReadyBatch:
    """A batch as the network takes it, and the rows of the CSV that it is made of, (B,) int64."""

    prepared: PreparedBatch
    rows: np.ndarray


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """A finished step: mean loss, the encoder's learning rate, length of the gradient; counts are of all processes."""

    loss: float
    lr: float
    grad_norm: float
    n_tokens: int
    n_truncated: int


@dataclass(frozen=True, slots=True, eq=False)
class StepMaker:
    """Makes steps of one run.

    Args:
        path: the CSV of pairs, for messages.
        autocast_dtype: number format of the matrix products; None for that of the weights.
    """

    config: TrainConfig
    world: World
    curriculum: Curriculum
    path: str
    autocast_dtype: torch.dtype | None

    def make(self, trained: Trained, step: int, *, batches: list[ReadyBatch]) -> StepOutcome:
        """Do a step, counted from 0; every process must call this.

        Raises:
            DnabertSError: loss or gradient is not finite; the weights are then as before.
        """
        config, network = self.config, trained.model.network
        seed_dropout(config.run.seed, step=step, rank=self.world.rank)
        trained.optimiser.zero_grad(set_to_none=True)
        execution = Execution(config.optimiser.chunk_pairs or None, self.autocast_dtype, 1 / len(batches))
        losses, n_tokens, n_truncated = [], 0, 0
        for part, batch in enumerate(batches):
            mix = self._mix(step, part, n_layers=network.n_mix_layers, n_rows=len(batch.rows))
            result = prepared_step(
                network,
                trained.head,
                batch.prepared,
                objective=self._objective(mix),
                mix=mix,
                world=self.world,
                execution=execution,
            )
            if not result.is_finite:
                raise self._not_finite("loss", step, batches=[batch])
            losses.append(result.loss)
            n_tokens, n_truncated = n_tokens + result.n_tokens, n_truncated + result.n_truncated
        lr = set_rates(trained.optimiser, step, config=config.optimiser, n_steps=self.curriculum.n_steps)
        grad_norm = clip_gradients(trained.optimiser, clip_norm=config.optimiser.clip_norm)
        if not np.isfinite(grad_norm):
            raise self._not_finite("gradient", step, batches=batches)
        trained.optimiser.step()
        n_tokens, n_truncated = (int(count) for count in sum_scalars([n_tokens, n_truncated], self.world))
        return StepOutcome(sum(losses) / len(losses), lr, grad_norm, n_tokens, n_truncated)

    def _mix(self, step: int, part: int, *, n_layers: int, n_rows: int) -> MixPlan | None:
        """This rank's part of the plan for the global batch; None in phase I."""
        if self.curriculum.phase(step) == CLEAN:
            return None
        plan = draw_mix(
            n_rows * self.world.size,
            n_layers=n_layers,
            layer=self.config.objective.mix_layer,
            block_rows=self.config.optimiser.chunk_pairs or n_rows,
            generator=mix_generator(self.config.run.seed, step=step, part=part),
        )
        return plan.part(self.world.rank * n_rows, (self.world.rank + 1) * n_rows)

    def _objective(self, mix: MixPlan | None) -> Objective:
        """The loss of a phase."""
        weighted = self.config.objective.name == "weighted-simclr"
        return Objective("simclr" if mix is None else "mi_mix", weighted, self.config.objective.temperature)

    def _not_finite(self, what: str, step: int, *, batches: list[ReadyBatch]) -> DnabertSError:
        """The error that names the step, and the lines of the CSV of all processes; the same in every process."""
        rows = np.concatenate([batch.rows for batch in batches])
        everyone = gather_rows(torch.from_numpy(rows).to(self.world.device), self.world)
        lines = sorted(row + 1 for row in everyone.tolist())
        shown = ", ".join(map(str, lines[:_SHOWN_LINES]))
        more = f" and {len(lines) - _SHOWN_LINES} more" if len(lines) > _SHOWN_LINES else ""
        return DnabertSError(
            f"step {step + 1}: the {what} is not finite; its batch is lines {shown}{more}",
            path=self.path,
            hint="lower --lr, set --clip 1, or try --dtype float32; the last checkpoint is untouched",
        )
