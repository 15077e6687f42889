"""The optimiser: Adam or AdamW over encoder and head, the head faster by a factor.

Network and head -> groups of parameters, each with its factor on the learning rate -> a rate for every step -> the
gradient's length, clipped if asked -> new weights.
"""

from __future__ import annotations

import torch
from torch import nn

from .config import OptimiserConfig
from .schedule import rate_factor

_FACTOR = "lr_factor"  # key of a parameter group


def build_optimiser(network: nn.Module, head: nn.Module, *, config: OptimiserConfig) -> torch.optim.Optimizer:
    """Adam or AdamW. Matrices decay by `weight_decay`; biases and norms do not."""
    encoder = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        ([one for one in encoder if one.ndim > 1], config.weight_decay, 1.0),
        ([one for one in encoder if one.ndim <= 1], 0.0, 1.0),
        (list(head.parameters()), config.weight_decay, config.head_lr_factor),
    ]
    kind = torch.optim.AdamW if config.name == "adamw" else torch.optim.Adam
    described = [
        {"params": parameters, "weight_decay": decay, "lr": config.lr * factor, _FACTOR: factor}
        for parameters, decay, factor in groups
        if parameters
    ]
    return kind(described, lr=config.lr)


def set_rates(optimiser: torch.optim.Optimizer, step: int, *, config: OptimiserConfig, n_steps: int) -> float:
    """Set the learning rates of a step; returns the encoder's."""
    scale = rate_factor(step, n_steps=n_steps, warmup_steps=config.warmup_steps, schedule=config.schedule)
    for group in optimiser.param_groups:
        group["lr"] = config.lr * scale * group[_FACTOR]
    return config.lr * scale


def clip_gradients(optimiser: torch.optim.Optimizer, *, clip_norm: float) -> float:
    """Length of the gradient over all parameters; a longer one than `clip_norm` (0: any) is scaled down to it."""
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    length = nn.utils.clip_grad_norm_(parameters, clip_norm or float("inf"))
    return float(length)
