"""Groups of parameters, their rates, and the gradient's length."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dnabert_s_cli.training.config import OptimiserConfig
from dnabert_s_cli.training.optimiser import build_optimiser, clip_gradients, set_rates


def test_the_head_learns_faster_by_its_factor() -> None:
    config = OptimiserConfig(lr=0.1, head_lr_factor=5, warmup_steps=2)
    optimiser = build_optimiser(nn.Linear(2, 2), nn.Linear(2, 2, bias=False), config=config)
    assert set_rates(optimiser, 0, config=config, n_steps=10) == pytest.approx(0.05)
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([0.05, 0.05, 0.25])


def test_biases_do_not_decay() -> None:
    config = OptimiserConfig(name="adamw", weight_decay=0.1)
    optimiser = build_optimiser(nn.Linear(2, 2), nn.Linear(2, 2, bias=False), config=config)
    assert isinstance(optimiser, torch.optim.AdamW)
    assert [group["weight_decay"] for group in optimiser.param_groups] == [0.1, 0.0, 0.1]


def test_the_gradient_is_measured_and_cut() -> None:
    layer = nn.Linear(1, 1, bias=False)
    optimiser = torch.optim.Adam(layer.parameters())
    layer.weight.grad = torch.tensor([[4.0]])
    assert clip_gradients(optimiser, clip_norm=0) == 4
    assert float(layer.weight.grad) == 4
    assert clip_gradients(optimiser, clip_norm=2) == 4
    assert float(layer.weight.grad) == pytest.approx(2)
