"""What a model is judged by while it is trained, and whether it is the best so far.

Validation pairs -> a loss; a measure from outside -> ARI and accuracy; one of them decides: ARI where there is one,
else the loss. The verdict goes into the state of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch

from .models.networks import Network
from .processes.agreement import held_error, raise_in_all
from .processes.distributed import World
from .run.checkpoint import Trained, TrainState
from .run.logs import METRICS
from .validation import ValidationPairs, share_metrics, validation_loss

LOSS, ARI = METRICS[0], METRICS[1]
_MEASURED = METRICS[1:]

Measure = Callable[[Network], Mapping[str, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """What is measured.

    Args:
        validation: pairs for the loss; None for no loss.
        measure: gives `ari` and `nn_accuracy` of a network; called in the first process only. None for neither.
    """

    validation: ValidationPairs | None = None
    measure: Measure | None = None

    @property
    def decides(self) -> str | None:
        """The metric that says which model is best; None where nothing is measured."""
        if self.measure is not None:
            return ARI
        return LOSS if self.validation is not None else None

    def run(self, trained: Trained, *, world: World, autocast_dtype: torch.dtype | None) -> dict[str, float]:
        """Measure everything; every process must call this, and gets the same.

        Raises:
            DnabertSError: what is measured on cannot be read.
        """
        network = trained.model.network
        metrics: dict[str, float] = {}
        if self.validation is not None:
            metrics[LOSS] = validation_loss(
                network, trained.head, validation=self.validation, world=world, autocast_dtype=autocast_dtype
            )
        if self.measure is not None:
            measured: Mapping[str, float] = {}
            with held_error() as held:
                measured = self.measure(network) if world.is_first else {}
            raise_in_all(held.error, world)
            metrics |= share_metrics(measured, names=_MEASURED, world=world)
        return metrics

    def judged(self, state: TrainState, metrics: Mapping[str, float]) -> TrainState:
        """The state with these metrics, and the best so far; of equal ones the earlier stays, NaN is never best."""
        if self.decides is None or not metrics:
            return state
        value = metrics[self.decides]
        state = replace(state, metrics=dict(metrics))
        if math.isfinite(value) and (state.best_value is None or self._is_better(value, state.best_value)):
            return replace(state, best_value=value, best_step=state.step, n_worse=0)
        return replace(state, n_worse=state.n_worse + 1)

    def _is_better(self, value: float, best: float) -> bool:
        return value > best if self.decides == ARI else value < best


def describe_metrics(metrics: Mapping[str, float]) -> str:
    """Metrics in words, for the log."""
    words = {"val_loss": "validation loss", "ari": "K-means ARI", "nn_accuracy": "nearest-neighbour accuracy"}
    return ", ".join(f"{words[name]} {metrics[name]:.4f}" for name in METRICS if name in metrics)
