"""Everything that decides how a model is trained, as plain frozen values.

The command line's options -> `TrainConfig` -> JSON in every checkpoint -> compared, when a run is resumed, with the
options given then. Numbers have their defaults in `defaults`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from typing import Literal

from .. import defaults
from ..errors import DnabertSError
from .augmentation import ViewSpec

ObjectiveName = Literal["weighted-simclr", "simclr"]
OptimiserName = Literal["adam", "adamw"]
LrSchedule = Literal["constant", "cosine"]

# What may change in a resumed run: how long it is, what is measured and written, and where and how it computes.
_MAY_CHANGE = frozenset(
    {
        *("data.train", "data.val", "data.labelled", "data.val_pairs", "data.workers", "model.recompute"),
        *("run.epochs", "run.max_steps", "run.eval_every", "run.save_every", "run.save_total_limit"),
        *("run.patience", "run.log_every", "run.device", "run.threads"),
    }
)


@dataclass(frozen=True, slots=True)
class DataConfig:
    """Training pairs and what the model is measured on.

    Args:
        train: CSV of pairs.
        val: CSV of pairs for the validation loss.
        labelled: TSV with columns sequence and bin_id, for ARI and nearest-neighbour accuracy.
        val_pairs: pairs of `val` used, at most; 0 for all.
        workers: threads that read pairs ahead; 0 for none.
    """

    train: str
    val: str | None = None
    labelled: str | None = None
    val_pairs: int = defaults.VAL_PAIRS
    workers: int = defaults.LOADER_WORKERS
    views: ViewSpec = field(default_factory=ViewSpec)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What is trained.

    Args:
        base: alias, hub id or folder to start from; or
        init: JSON with the sizes of a new model.
        tokenizer: of a new transformer: "new", a folder or a tokenizer.json.
        vocab_size: tokens of a new tokenizer.
        max_tokens: longer sequences are cut, special tokens included.
        recompute: compute activations again for the backward rather than keep them.
    """

    base: str | None = None
    init: str | None = None
    tokenizer: str | None = None
    vocab_size: int = defaults.VOCAB_SIZE
    max_tokens: int = defaults.MAX_TOKENS
    recompute: bool = False

    def __post_init__(self) -> None:
        if (self.base is None) == (self.init is None):
            raise DnabertSError("a model to train is needed", hint="give either --base or --init")
        if self.base is not None and self.tokenizer is not None:
            problem = "a model has the tokenizer that it was trained with"
            raise DnabertSError(problem, hint="omit --tokenizer, or start from sizes alone (--init)")


@dataclass(frozen=True, slots=True)
class ObjectiveConfig:
    """The loss.

    Args:
        name: whether harder negatives weigh more, in both phases.
        curriculum: share of the steps that are phase I, as a fraction or decimal number: "1" is phase I throughout
            (no mixing), "0" phase II throughout.
        mix_layer: before which layer is mixed in phase II; None draws one for each step, 0 is i-Mix.
        projected_dim: P of the head; 0 for none, so that the embeddings themselves are contrasted.
    """

    name: ObjectiveName = defaults.OBJECTIVE
    temperature: float = defaults.TEMPERATURE
    curriculum: str = defaults.CURRICULUM
    mix_layer: int | None = None
    projected_dim: int = defaults.PROJECTED_DIM

    def __post_init__(self) -> None:
        try:
            valid = 0 <= self.fraction <= 1
        except (ValueError, ZeroDivisionError):
            valid = False
        if not valid:
            raise DnabertSError(
                f"'{self.curriculum}' is not a share of the steps", hint="use 0 to 1, such as 1/3 or 0.25"
            )

    @property
    def fraction(self) -> Fraction:
        """`curriculum` as a number."""
        return Fraction(self.curriculum)


@dataclass(frozen=True, slots=True)
class OptimiserConfig:
    """How weights follow the gradient.

    Args:
        batch_pairs: pairs that are contrasted with one another, over all processes.
        chunk_pairs: pairs of a process encoded at a time (gradient caching); 0 for all.
        accumulate: batches whose gradients are averaged into one step.
        clip_norm: greatest length of the gradient; 0 for any.
    """

    name: OptimiserName = defaults.OPTIMISER
    lr: float = defaults.ENCODER_LR
    head_lr_factor: float = defaults.HEAD_LR_FACTOR
    weight_decay: float = defaults.WEIGHT_DECAY
    warmup_steps: int = defaults.WARMUP_STEPS
    schedule: LrSchedule = defaults.LR_SCHEDULE
    clip_norm: float = defaults.CLIP_NORM
    batch_pairs: int = defaults.BATCH_PAIRS
    chunk_pairs: int = defaults.CHUNK_PAIRS
    accumulate: int = defaults.ACCUMULATE

    def pairs_per_process(self, n_processes: int) -> int:
        """B, the pairs of one process and batch.

        Raises:
            DnabertSError: the batch cannot be shared out evenly, or not be cut into chunks.
        """
        local, rest = divmod(self.batch_pairs, n_processes)
        if rest or not local:
            problem = f"a batch of {self.batch_pairs} pairs cannot be shared by {n_processes} processes"
            raise DnabertSError(problem, hint=f"make --batch a multiple of {n_processes}")
        if self.chunk_pairs and local % self.chunk_pairs:
            problem = f"chunks of {self.chunk_pairs} do not divide the {local} pairs of each process"
            raise DnabertSError(problem, hint="choose another --chunk or --batch")
        return local


@dataclass(frozen=True, slots=True)
class RunConfig:
    """How long, how often measured and saved, and on what.

    Args:
        max_steps: steps at most; 0 for all epochs.
        save_total_limit: folders step-N to keep.
        patience: evaluations in a row without a better one before training stops; 0: never.
    """

    epochs: int = defaults.EPOCHS
    max_steps: int = defaults.MAX_STEPS
    eval_every: int = defaults.EVAL_EVERY
    save_every: int = defaults.SAVE_EVERY
    save_total_limit: int = defaults.SAVE_TOTAL_LIMIT
    patience: int = defaults.PATIENCE
    log_every: int = defaults.LOG_EVERY
    device: str = defaults.DEVICE
    dtype: str = defaults.DTYPE
    threads: int = defaults.THREADS
    seed: int = defaults.SEED


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One training run."""

    data: DataConfig
    model: ModelConfig
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    run: RunConfig = field(default_factory=RunConfig)

    def as_json(self) -> dict[str, object]:
        """Plain values by name, in their groups."""
        return asdict(self)


def settings_that_differ(earlier: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """What stands between two configurations in JSON, one line each, without what a resumed run may change."""
    before, after = _flat(earlier), _flat(now)
    return [
        f"{name} was {before.get(name)!r}, now {after.get(name)!r}"
        for name in sorted(before.keys() | after.keys())
        if name not in _MAY_CHANGE and before.get(name) != after.get(name)
    ]


def _flat(group: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Nested mappings as one, names joined by dots."""
    flat: dict[str, object] = {}
    for name, value in group.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value
    return flat
