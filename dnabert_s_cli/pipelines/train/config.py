"""The configuration of `train`, for the command line, which may not reach below the pipelines."""

from __future__ import annotations

from ...training.augmentation import ViewSpec
from ...training.config import DataConfig, ModelConfig, ObjectiveConfig, OptimiserConfig, RunConfig, TrainConfig

__all__ = [
    "DataConfig",
    "ModelConfig",
    "ObjectiveConfig",
    "OptimiserConfig",
    "RunConfig",
    "TrainConfig",
    "ViewSpec",
]
