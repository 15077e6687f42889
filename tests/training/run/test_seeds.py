"""Seeds follow from the run's seed and the step, and differ from use to use."""

from __future__ import annotations

import torch

from dnabert_s_cli.training.run.seeds import mix_generator, seed_dropout, weight_generator


def test_a_step_draws_the_same_whenever_it_is_done() -> None:
    first, second = (torch.rand(4, generator=mix_generator(7, step=3, part=0)) for _ in range(2))
    assert torch.equal(first, second)


def test_steps_parts_seeds_and_uses_draw_differently() -> None:
    generators = [
        mix_generator(7, step=3, part=0),
        mix_generator(7, step=3, part=1),
        mix_generator(7, step=4, part=0),
        mix_generator(8, step=3, part=0),
        weight_generator(7, which=3),
    ]
    assert len({float(torch.rand((), generator=one)) for one in generators}) == len(generators)


def test_dropout_differs_between_ranks() -> None:
    drawn = []
    for rank in (0, 1, 0):
        seed_dropout(0, step=5, rank=rank)
        drawn.append(torch.rand(3))
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])
