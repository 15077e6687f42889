"""One step of contrastive training: two views of B pairs to the exact gradient of the global loss.

    first view  --prepare--> encode (mixed in phase II) --head--> (B, P) --+
                                                                           +-- gather over ranks -- loss -- backward
    second view --prepare--> encode                     --head--> (B, P) --+

With `chunk_rows` the batch may be larger than memory (gradient caching): all chunks are encoded without gradient, the
loss of the whole batch is taken on their projections, and each chunk is encoded once more, now with gradient, and
sent backward from its share of the loss's gradient. Dropout draws the same numbers in both rounds, so that this is
the same function as encoding chunk by chunk and keeping everything.

Source: gradient caching, Gao et al. 2021, arXiv 2101.06983.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn

from ..collator import SequenceBatch
from ..models.mixing import MixPlan
from ..models.networks import Network, Prepared
from ..processes.distributed import World, gather_rows, sum_gradients
from ..run.random_state import random_state, replayed
from .losses import mi_mix_loss, simclr_loss, weighted_simclr_loss

_Part = Callable[[], Tensor]  # projections of one chunk of one view, (rows, P)
_Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Objective:
    """Which loss: "simclr" on clean views or "mi_mix" on mixed first views, hard negatives weighted or not.

    "mi_mix" with the mixing layer fixed at 0 and without weights is i-Mix. `temperature` divides each cosine.
    """

    kind: Literal["simclr", "mi_mix"]
    weighted: bool
    temperature: float


@dataclass(frozen=True, slots=True)
class Execution:
    """How a step is computed, not what.

    Args:
        chunk_rows: pairs encoded at a time (gradient caching); None encodes the batch at once. Partners of a
            `MixPlan` must lie in the same chunk.
        autocast_dtype: number format of the network and head's matrix products, torch.bfloat16; None computes in
            the parameters' format. The loss is float32 always.
        scale: factor on the gradient; 1 / n where n steps are accumulated.
    """

    chunk_rows: int | None = None
    autocast_dtype: torch.dtype | None = None
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step returns apart from the gradients: the global `loss`, and this rank's own counts.

    `n_tokens` of both views; `n_truncated`: sequences cut at the network's longest length.
    """

    loss: float
    n_tokens: int
    n_truncated: int

    @property
    def is_finite(self) -> bool:
        """False: the loss is NaN or infinite, and no gradient was added."""
        return math.isfinite(self.loss)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedBatch:
    """B pairs ready to be encoded, chunk by chunk; `groups` (B,) int64, equal over ranks for equal groups."""

    first: tuple[Prepared, ...]
    second: tuple[Prepared, ...]
    spans: tuple[tuple[int, int], ...]  # first row and last row + 1 of each chunk
    groups: Tensor


def prepare_batch(network: Network, batch: SequenceBatch, *, chunk_rows: int | None) -> PreparedBatch:
    """The CPU's share of a step, which a thread may do ahead while the device computes the step before."""
    n_rows = len(batch.first)
    chunk_rows = chunk_rows or n_rows
    spans = tuple((start, min(start + chunk_rows, n_rows)) for start in range(0, n_rows, chunk_rows))
    first = tuple(network.prepare(batch.first[start:end]) for start, end in spans)
    second = tuple(network.prepare(batch.second[start:end]) for start, end in spans)
    return PreparedBatch(first, second, spans, torch.from_numpy(batch.groups))


def contrastive_step(  # noqa: PLR0917  the three nouns of a step come first
    network: Network,
    head: nn.Module,
    batch: SequenceBatch,
    *,
    objective: Objective,
    mix: MixPlan | None,
    world: World,
    execution: Execution,
) -> StepResult:
    """Add the exact gradient of the global batch's loss to `.grad` of network and head, the same on every rank.

    Args:
        batch: this rank's pairs; every rank has equally many.
        mix: how this rank's first views are mixed, partners counted within the rank; None for "simclr".

    Raises:
        ValueError: `mix` and `objective` do not fit, or a partner lies in another chunk.
    """
    prepared = prepare_batch(network, batch, chunk_rows=execution.chunk_rows)
    return prepared_step(network, head, prepared, objective=objective, mix=mix, world=world, execution=execution)


def prepared_step(  # noqa: PLR0917  as above
    network: Network,
    head: nn.Module,
    batch: PreparedBatch,
    *,
    objective: Objective,
    mix: MixPlan | None,
    world: World,
    execution: Execution,
) -> StepResult:
    """As `contrastive_step`, on a batch from `prepare_batch` with the same `chunk_rows`."""
    if (objective.kind == "mi_mix") != (mix is not None):
        raise ValueError(f"objective '{objective.kind}' with mix {mix}")
    plans = [None if mix is None else mix.part(start, end) for start, end in batch.spans]
    views = [*zip(batch.first, plans, strict=True), *((view, None) for view in batch.second)]
    parts = [
        partial(project, network, head, prepared=view, mix=plan, autocast_dtype=execution.autocast_dtype)
        for view, plan in views
    ]
    loss_of = _global_loss(objective, batch.groups, mix=mix, world=world)
    parameters = [*network.parameters(), *head.parameters()]
    earlier = _set_aside_gradients(parameters) if world.size > 1 else []
    run = _whole_batch if len(batch.spans) == 1 else partial(_cached_chunks, device=world.device)
    loss = run(parts, loss_of, scale=execution.scale)
    sum_gradients(parameters, world)
    for parameter, gradient in earlier:
        assert parameter.grad is not None, "sum_gradients makes every gradient"
        parameter.grad += gradient
    every = (*batch.first, *batch.second)
    return StepResult(loss, sum(part.n_tokens for part in every), sum(part.n_truncated for part in every))


def project(
    network: Network,
    head: nn.Module,
    *,
    prepared: Prepared,
    mix: MixPlan | None,
    autocast_dtype: torch.dtype | None,
) -> Tensor:
    """Unit projections of some sequences, mixed or clean. -> (B, P) float32."""
    # a context of its own for each call: the copies of the weights that autocast keeps would otherwise pass from a
    # call without gradient to one with
    with torch.autocast(network.device.type, autocast_dtype, enabled=autocast_dtype is not None):
        embeddings = network.encode(prepared) if mix is None else network.encode_mixed(prepared, mix)
        projected: Tensor = head(embeddings)
    return projected


def contrastive_loss(  # noqa: PLR0917  objective of both views
    objective: Objective, first: Tensor, second: Tensor, *, groups: Tensor, mix: MixPlan | None
) -> Tensor:
    """The loss of an objective on projections, for training and validation. (B, P), (B, P), (B,) -> () float32."""
    if mix is None:
        simclr = weighted_simclr_loss if objective.weighted else simclr_loss
        return simclr(first, second, temperature=objective.temperature, groups=groups)
    return mi_mix_loss(
        first,
        second,
        partners=mix.partners.to(first.device),
        weights=mix.weights.to(first.device),
        temperature=objective.temperature,
        groups=groups,
        weighted=objective.weighted,
    )


def _global_loss(objective: Objective, groups: Tensor, *, mix: MixPlan | None, world: World) -> _Loss:
    """The loss of this rank's projections among those of all ranks: groups, partners and shares of all are gathered.

    A rank's partners are rows of its own part, so they move up by the rows of the ranks before it.
    """
    all_groups = gather_rows(groups.to(world.device), world)
    all_mix = None
    if mix is not None:
        partners = mix.partners.to(world.device) + world.rank * len(groups)
        weights = mix.weights.to(world.device)
        all_mix = MixPlan(mix.layer, gather_rows(partners, world), gather_rows(weights, world))

    def loss_of(first: Tensor, second: Tensor) -> Tensor:
        views = gather_rows(torch.cat([first, second], dim=1), world)  # (all B, 2P): one exchange for both views
        all_first, all_second = views.chunk(2, dim=1)
        return contrastive_loss(objective, all_first, all_second, groups=all_groups, mix=all_mix)

    return loss_of


def _whole_batch(parts: Sequence[_Part], loss_of: _Loss, *, scale: float) -> float:
    """Forward and backward of both views at once. -> the loss."""
    first, second = (part() for part in parts)
    loss = loss_of(first, second)
    value = float(loss.detach())
    if math.isfinite(value):
        torch.autograd.backward(loss * scale)
    return value


def _cached_chunks(parts: Sequence[_Part], loss_of: _Loss, *, scale: float, device: torch.device) -> float:
    """Forward without gradient, the loss, then forward and backward chunk by chunk. -> the loss."""
    states, projections = [], []
    with torch.no_grad():
        for part in parts:
            states.append(random_state(device))
            projections.append(part())
    both_views = torch.cat(projections).requires_grad_()  # (2B, P)
    loss = loss_of(*both_views.chunk(2))
    value = float(loss.detach())
    if math.isfinite(value):
        (gradient,) = torch.autograd.grad(loss * scale, both_views)
        shares = torch.split(gradient, [len(rows) for rows in projections])
        for part, state, share in zip(parts, states, shares, strict=True):
            with replayed(state, device):
                torch.autograd.backward(part(), share)
    return value


def _set_aside_gradients(parameters: Sequence[nn.Parameter]) -> list[tuple[nn.Parameter, Tensor]]:
    """The gradients of earlier micro-steps, which all ranks have summed already, taken off the parameters."""
    earlier = [(parameter, parameter.grad) for parameter in parameters if parameter.grad is not None]
    for parameter, _ in earlier:
        parameter.grad = None
    return earlier
