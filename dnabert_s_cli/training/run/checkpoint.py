"""A checkpoint folder: a model that `load_encoder` opens as it is, and what training needs to resume from it.

    model.safetensors config.json tokenizer.json   the encoder, in the published shape
    head.safetensors optimiser.pt                  the rest of what was learned
    train_config.json README.md                    how, for programs and for people
    training_state.json                            how far, and the size of every other file: written last

No generator's state is kept: whatever is random follows from the seed and the number of the step (`seeds`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ...encoders.tensor_files import library_writes, read_tensors, write_tensors
from ...errors import DnabertSError
from ...untrusted import library_reads, read_json_object
from ..config import TrainConfig
from ..models.sources import TrainableModel

STATE_FILE = "training_state.json"
CONFIG_FILE = "train_config.json"
_HEAD_FILE = "head.safetensors"
_OPTIMISER_FILE = "optimiser.pt"
_CARD_FILE = "README.md"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class TrainState:
    """How far a run has come.

    Args:
        step: steps done.
        phase: of the last step done; 0 before the first.
        best_value: of the evaluations so far, in the measure that decides; None before the first.
        n_worse: evaluations since the best one.
        seconds: spent in steps.
        n_tokens: seen, both views of all processes.
        metrics: of the last evaluation.
    """

    step: int = 0
    phase: int = 0
    best_value: float | None = None
    best_step: int = 0
    n_worse: int = 0
    seconds: float = 0.0
    n_tokens: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What must be the same for a checkpoint to be resumed: digest of the pairs, processes and whole batches."""

    train_digest: str
    n_processes: int


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """All that steps change: the model, its head and the optimiser of both."""

    model: TrainableModel
    head: nn.Module
    optimiser: torch.optim.Optimizer


@dataclass(frozen=True, slots=True)
class SavedRun:
    """What a checkpoint says of its run: how far, with what, by which configuration (as JSON)."""

    folder: Path
    state: TrainState
    surroundings: Surroundings
    config: Mapping[str, object]


def write_checkpoint(
    folder: Path,
    trained: Trained,
    *,
    state: TrainState,
    surroundings: Surroundings,
    config: TrainConfig,
    card: str,
) -> None:
    """Fill an empty folder; `card` is the text of its README.md."""
    trained.model.write(folder)
    write_tensors(folder / _HEAD_FILE, trained.head.state_dict())
    with library_writes(folder / _OPTIMISER_FILE):
        torch.save(trained.optimiser.state_dict(), folder / _OPTIMISER_FILE)
    (folder / CONFIG_FILE).write_text(_json(config.as_json()), encoding="utf-8", errors="backslashreplace")
    (folder / _CARD_FILE).write_text(card, encoding="utf-8", errors="backslashreplace")
    described = {
        "format": _FORMAT,
        "state": asdict(state),
        "surroundings": asdict(surroundings),
        "generators": "none: all that is random follows from the seed, the step and the process",
        "files": {path.name: path.stat().st_size for path in sorted(folder.iterdir())},
    }
    (folder / STATE_FILE).write_text(_json(described), encoding="utf-8", errors="backslashreplace")


def whole_checkpoint_step(folder: Path) -> int | None:
    """Steps done in a checkpoint; None if the folder is none, or not whole."""
    try:
        described: Any = read_json_object(folder / STATE_FILE)
        whole = all((folder / name).stat().st_size == size for name, size in described["files"].items())
        return int(described["state"]["step"]) if whole else None
    except (DnabertSError, OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None


def read_saved_run(folder: Path) -> SavedRun:
    """What a checkpoint says of its run.

    Raises:
        DnabertSError: not one of our checkpoints, or of another version.
    """
    try:
        described: Any = read_json_object(folder / STATE_FILE)
        config = read_json_object(folder / CONFIG_FILE)
    except DnabertSError as error:
        raise DnabertSError(f"not a checkpoint to resume from ({error.problem})", path=folder) from error
    try:
        if described["format"] != _FORMAT:
            raise DnabertSError(f"checkpoint of format {described['format']}, not {_FORMAT}", path=folder)
        state = TrainState(**{one.name: described["state"][one.name] for one in fields(TrainState)})
        return SavedRun(folder, state, Surroundings(**described["surroundings"]), config)
    except (ValueError, KeyError, TypeError) as error:
        raise DnabertSError(f"not a checkpoint to resume from ({error})", path=folder) from error


def load_training_part(folder: Path, trained: Trained) -> None:
    """Give head and optimiser what the checkpoint holds; the model was opened from the folder before.

    Raises:
        DnabertSError: a file is damaged, or does not fit.
    """
    hint = "remove this checkpoint to resume from the one before, or start again with --force"
    with library_reads(folder, problem="cannot resume from this checkpoint", hint=hint):
        trained.head.load_state_dict(read_tensors(folder / _HEAD_FILE))
        saved = torch.load(folder / _OPTIMISER_FILE, map_location="cpu", weights_only=True)
        trained.optimiser.load_state_dict(saved)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
