"""One step: gradient caching, replayed dropout, accumulation, bad losses."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from dnabert_s_cli.training.models.mixing import MixPlan, draw_mix
from dnabert_s_cli.training.models.networks import Network
from dnabert_s_cli.training.objective.contrastive import (
    Execution,
    Objective,
    StepResult,
    contrastive_loss,
    contrastive_step,
    prepare_batch,
    project,
)
from tests.training.steps import (
    ALONE,
    MI_MIX,
    SIMCLR,
    gradients,
    largest_difference,
    networks,
    pairs_of,
    tiny_head,
    tiny_network,
)

N_PAIRS = 6
CHUNK = 2
FAMILIES = ["transformer", "kmer"]
OBJECTIVES = [SIMCLR, MI_MIX]


def plan_for(objective: Objective, network: Network) -> MixPlan | None:
    """Partners inside chunks for MI-Mix, nothing for SimCLR."""
    if objective.kind == "simclr":
        return None
    generator = torch.Generator().manual_seed(0)
    return draw_mix(N_PAIRS, n_layers=network.n_mix_layers, layer=1, block_rows=CHUNK, generator=generator)


def step(
    network: Network, objective: Objective, execution: Execution
) -> tuple[StepResult, dict[str, Tensor]]:  # all differ
    """One step from a fixed state of the generators, and the gradient it leaves."""
    head = tiny_head(network.dim)
    torch.manual_seed(0)
    result = contrastive_step(
        network,
        head,
        pairs_of(N_PAIRS),
        objective=objective,
        mix=plan_for(objective, network),
        world=ALONE,
        execution=execution,
    )
    return result, gradients(network, head)


@pytest.mark.parametrize(("objective", "chunk_rows"), [(SIMCLR, 1), (SIMCLR, 2), (SIMCLR, 4), (MI_MIX, 2), (MI_MIX, 4)])
@pytest.mark.parametrize("family", FAMILIES)
def test_gradient_caching_equals_the_whole_batch(
    family: str, objective: Objective, chunk_rows: int, tiny_model: Path
) -> None:
    whole, expected = step(networks(tiny_model)[family], objective, Execution())
    cached, found = step(networks(tiny_model)[family], objective, Execution(chunk_rows))
    assert cached.loss == pytest.approx(whole.loss, rel=1e-6)
    assert largest_difference(found, expected) < 2e-6


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.kind)
@pytest.mark.parametrize("family", FAMILIES)
def test_gradient_caching_replays_dropout(family: str, objective: Objective, tiny_model: Path) -> None:
    """The same as keeping every chunk's graph, encoded in the same order from the same state."""
    network = networks(tiny_model, dropout=0.3)[family]
    cached, found = step(network, objective, Execution(CHUNK))
    network = networks(tiny_model, dropout=0.3)[family]
    head, mix = tiny_head(network.dim), plan_for(objective, network)
    batch = prepare_batch(network, pairs_of(N_PAIRS), chunk_rows=CHUNK)
    torch.manual_seed(0)
    plans = [None if mix is None else mix.part(start, end) for start, end in batch.spans]
    first, second = (
        torch.cat(
            [
                project(network, head, prepared=part, mix=plan, autocast_dtype=None)
                for part, plan in zip(view, view_plans, strict=True)
            ]
        )
        for view, view_plans in ((batch.first, plans), (batch.second, [None] * len(plans)))
    )
    loss = contrastive_loss(objective, first, second, groups=batch.groups, mix=mix)
    torch.autograd.backward(loss)
    assert cached.loss == pytest.approx(loss.item(), rel=1e-6)
    assert largest_difference(found, gradients(network, head)) < 1e-6


def test_gradient_caching_draws_as_much_as_one_forward(tiny_model: Path) -> None:
    network = tiny_network(tiny_model, dropout=0.3)
    step(network, SIMCLR, Execution(CHUNK))
    after_step = torch.get_rng_state()
    batch = prepare_batch(network, pairs_of(N_PAIRS), chunk_rows=CHUNK)
    torch.manual_seed(0)
    for part in (*batch.first, *batch.second):
        network.encode(part)
    assert torch.equal(torch.get_rng_state(), after_step)


def test_recomputed_blocks_and_caching_go_together(tiny_model: Path) -> None:
    found = []
    for recompute in (False, True):
        network = tiny_network(tiny_model, dropout=0.3, recompute=recompute)
        found.append(step(network, MI_MIX, Execution(CHUNK))[1])
    assert largest_difference(found[1], found[0]) < 1e-6


def test_accumulated_halves_are_the_mean_gradient(tiny_model: Path) -> None:
    network, head = tiny_network(tiny_model), tiny_head(24)
    expected: dict[str, Tensor] = {}
    for scale, seeds in ((0.5, (0, 1)), (1.0, (0,)), (1.0, (1,))):
        network.zero_grad()
        head.zero_grad()
        for seed in seeds:
            contrastive_step(
                network,
                head,
                pairs_of(4, seed=seed),
                objective=SIMCLR,
                mix=None,
                world=ALONE,
                execution=Execution(scale=scale),
            )
        found = gradients(network, head)
        if scale == 0.5:
            accumulated = found
        else:
            expected = {name: found[name] / 2 + expected.get(name, 0) for name in found}
    assert largest_difference(accumulated, expected) < 1e-6


def test_the_loss_is_that_of_the_projections(tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    head, pairs = tiny_head(network.dim), pairs_of(N_PAIRS)
    first, second = (head(network.encode(network.prepare(view))) for view in (pairs.first, pairs.second))
    expected = contrastive_loss(SIMCLR, first, second, groups=torch.from_numpy(pairs.groups), mix=None)
    assert step(network, SIMCLR, Execution())[0].loss == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.kind)
def test_weights_of_hard_negatives_can_be_left_out(objective: Objective, weighted: bool, tiny_model: Path) -> None:
    found = step(tiny_network(tiny_model), replace(objective, weighted=weighted), Execution())[0].loss
    other = step(tiny_network(tiny_model), replace(objective, weighted=not weighted), Execution())[0].loss
    assert abs(found - other) > 1e-3


def test_tokens_of_both_views_are_counted(tiny_model: Path) -> None:
    network, pairs = tiny_network(tiny_model), pairs_of(N_PAIRS)
    expected = sum(len(tokens) for tokens in network.tokenizer.encode([*pairs.first, *pairs.second]))
    assert step(network, SIMCLR, Execution(CHUNK))[0].n_tokens == expected


def test_truncated_sequences_of_both_views_are_counted(tiny_model: Path) -> None:
    network = tiny_network(tiny_model, max_tokens=5)
    assert step(network, SIMCLR, Execution(CHUNK))[0].n_truncated == 2 * N_PAIRS


@pytest.mark.parametrize("chunk_rows", [None, CHUNK])
def test_a_loss_that_is_no_number_leaves_no_gradient(chunk_rows: int | None, tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    network.model.embeddings.word_embeddings.weight.data[:] = math.nan
    result, _ = step(network, SIMCLR, Execution(chunk_rows))
    assert math.isnan(result.loss)
    assert not result.is_finite
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("chunk_rows", [None, CHUNK])
def test_bfloat16_autocast_is_near_float32(chunk_rows: int | None, tiny_model: Path) -> None:
    exact, expected = step(tiny_network(tiny_model), MI_MIX, Execution())
    rounded, found = step(tiny_network(tiny_model), MI_MIX, Execution(chunk_rows, autocast_dtype=torch.bfloat16))
    assert rounded.loss == pytest.approx(exact.loss, rel=0.05)
    flat, flat_expected = (torch.cat([tensor.flatten() for tensor in one.values()]) for one in (found, expected))
    assert all(tensor.dtype == torch.float32 for tensor in found.values())
    assert torch.cosine_similarity(flat, flat_expected, dim=0) > 0.98


def test_mixing_without_a_plan_is_refused(tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    with pytest.raises(ValueError, match="objective 'mi_mix' with mix None"):
        contrastive_step(
            network,
            tiny_head(network.dim),
            pairs_of(2),
            objective=MI_MIX,
            mix=None,
            world=ALONE,
            execution=Execution(),
        )


def test_partners_in_another_chunk_are_refused(tiny_model: Path) -> None:
    network = tiny_network(tiny_model)
    with pytest.raises(ValueError, match="have partners outside"):
        step(network, MI_MIX, Execution(1))
