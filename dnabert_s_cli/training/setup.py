"""From a configuration to a run that is ready to go: files opened, model made, everything on its device.

Each stage can fail in one process alone, so each ends with an exchange of errors (`agreement`). What is random or read
from the output folder is decided by the first process and sent to the others.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from .. import defaults
from ..errors import DnabertSError
from ..io.pairs.rows import PairFile
from .collator import PairStream
from .config import TrainConfig, settings_that_differ
from .models.sources import open_base, start_model, tokenizer_text
from .objective.heads import new_head
from .optimiser import build_optimiser
from .processes.agreement import from_first, held_error, raise_in_all
from .processes.distributed import World, require_equal_parameters
from .run.checkpoint import SavedRun, Surroundings, Trained, load_training_part, read_saved_run
from .run.folder import RunFolder
from .run.seeds import weight_generator
from .schedule import Curriculum, plan_curriculum
from .validation import ValidationPairs

_LOG = logging.getLogger(__name__)
_MODEL, _HEAD = 0, 1  # which weights a generator is for
_LEAST_BATCH = 2
_LABEL_ROWS = 10_000  # looked at, at most, for a second label
_STATISTICS_ROWS = 2_000  # sequences whose profiles say how inputs are standardised


@dataclass(frozen=True, slots=True, eq=False)
class OpenData:
    """The pairs, the stream of this rank's batches, and what the validation loss is computed on."""

    pairs: PairFile
    stream: PairStream
    validation: ValidationPairs | None
    surroundings: Surroundings


def open_data(config: TrainConfig, world: World, *, files: ExitStack) -> OpenData:
    """Open and check the training and validation pairs; `files` closes them. Every process must call this.

    Raises:
        DnabertSError: no such file, bad rows, or a batch that does not fit data or processes.
    """
    opened: OpenData | None = None
    with held_error() as held:
        local = config.optimiser.pairs_per_process(world.size)
        pairs = files.enter_context(PairFile(config.data.train))
        stream = PairStream(
            pairs,
            batch_size=local,
            seed=config.run.seed,
            rank=world.rank,
            world_size=world.size,
            views=config.data.views,
            n_workers=config.data.workers,
        )
        validation = _validation(config, files) if config.data.val else None
        _check_negatives(pairs, config.optimiser.batch_pairs)
        if validation is not None:
            _check_negatives(validation.pairs, config.optimiser.batch_pairs)
        opened = OpenData(pairs, stream, validation, Surroundings(pairs.digest, world.size))
    raise_in_all(held.error, world)
    assert opened is not None, "no process had an error"
    return opened


def find_saved_run(
    folder: RunFolder | None, config: TrainConfig, *, surroundings: Surroundings, resume: bool, world: World
) -> SavedRun | None:
    """The run to resume, `last` made to be its newest checkpoint; None for a new one.

    Every process must call this; `folder` is None in all but the first.

    Raises:
        DnabertSError: the run there had other pairs, processes or settings.
    """
    path: str | None = None
    saved: SavedRun | None = None
    with held_error() as held:
        newest = folder.newest() if folder is not None and resume else None
        if folder is not None and newest is not None:
            state = read_saved_run(newest).state
            path = str(folder.adopt(newest, is_best=state.best_step == state.step))
    raise_in_all(held.error, world)
    path = from_first(path, world)
    with held_error() as held:
        if path is not None:
            saved = read_saved_run(Path(path))
            _check_same_run(saved, config, surroundings=surroundings)
    raise_in_all(held.error, world)
    return saved


def make_trained(config: TrainConfig, data: OpenData, *, saved: SavedRun | None, world: World) -> Trained:
    """Model, head and optimiser, new or as saved, on this process's device. Every process must call this.

    Raises:
        DnabertSError: a model that is not available, or a mixing layer that it does not have.
    """
    trained: Trained | None = None
    tokenizer = _tokenizer(config, data.pairs, world=world) if saved is None else None
    with held_error() as held:
        if saved is None:
            model = start_model(config.model, tokenizer, generator=weight_generator(config.run.seed, which=_MODEL))
        else:
            model = open_base(str(saved.folder), config.model)
        if model.network.needs_input_statistics:
            model.network.fit_input_statistics(list(islice(_sample(data.pairs), _STATISTICS_ROWS)))
        _check_mix_layer(config.objective.mix_layer, model.network.n_mix_layers)
        generator = weight_generator(config.run.seed, which=_HEAD)
        head = new_head(model.network.dim, config.objective.projected_dim, generator=generator)
        model.network.to(world.device)
        head.to(world.device)
        trained = Trained(model, head, build_optimiser(model.network, head, config=config.optimiser))
        if saved is not None:
            load_training_part(saved.folder, trained)
    raise_in_all(held.error, world)
    assert trained is not None, "no process had an error"
    require_equal_parameters([trained.model.network, trained.head], world)
    return trained


def plan_steps(config: TrainConfig, stream: PairStream) -> Curriculum:
    """How many steps the run has, and which phase each is of."""
    n_steps = config.run.max_steps or config.run.epochs * stream.steps_per_epoch // config.optimiser.accumulate
    curriculum = plan_curriculum(max(n_steps, 1), config.objective.fraction)
    if 0 < config.objective.fraction < 1 and curriculum.n_clean == curriculum.n_steps:
        _LOG.warning("with a single step there is no phase II")
    return curriculum


def _validation(config: TrainConfig, files: ExitStack) -> ValidationPairs:
    assert config.data.val is not None
    pairs = files.enter_context(PairFile(config.data.val))
    optimiser = config.optimiser
    chunk = optimiser.chunk_pairs or optimiser.batch_pairs
    found = ValidationPairs(pairs, config.data.val_pairs, optimiser.batch_pairs, chunk, config.objective.temperature)
    if not found.batches():
        raise DnabertSError("a single pair cannot be contrasted with others", path=config.data.val)
    return found


def _check_negatives(pairs: PairFile, batch_pairs: int) -> None:
    """See that there are rows with which others can be contrasted: rows of one label are never negatives.

    Raises:
        DnabertSError: all rows have one label, as far as a look at many of them shows, or a batch is a single row.
    """
    if batch_pairs < _LEAST_BATCH:
        hint = "use a larger --batch"
        raise DnabertSError("a batch of one pair has no negative: nothing can be learned from it", hint=hint)
    label: str | None = None
    order = np.random.default_rng(defaults.SEED).permutation(len(pairs))[:_LABEL_ROWS]
    for row in order.tolist():
        found = pairs[row].label
        if found is None or (label is not None and found != label):
            return
        label = found
    problem = f"no row has a negative: all {len(order):,} rows looked at have the label '{str(label)[:60]}'"
    raise DnabertSError(problem, path=pairs.path, hint="give pairs of several species; rows of one label attract")


def _check_same_run(saved: SavedRun, config: TrainConfig, *, surroundings: Surroundings) -> None:
    """Raise a `DnabertSError` that says in what way the run there was another one."""
    earlier = saved.surroundings
    differing = settings_that_differ(saved.config, config.as_json())
    if earlier.n_processes != surroundings.n_processes:
        differing.insert(0, f"it had {earlier.n_processes} processes, now {surroundings.n_processes}")
    if earlier.train_digest != surroundings.train_digest:
        differing.insert(0, f"its training pairs differ from those in {config.data.train}")
    if differing:
        raise DnabertSError(
            f"the run cannot be resumed: {'; '.join(differing)}",
            path=saved.folder.parent,
            hint="give the same options as before, or choose another output folder",
        )


def _tokenizer(config: TrainConfig, pairs: PairFile, *, world: World) -> str | None:
    """Text of the tokenizer of a new transformer, found or made by the first process; None for all other models."""
    text: str | None = None
    with held_error() as held:
        if world.is_first:
            text = tokenizer_text(config.model, _sample(pairs))
    raise_in_all(held.error, world)
    return from_first(text, world)


def _sample(pairs: PairFile) -> Iterator[str]:
    """First sequences of rows spread over the file, up to some million bases."""
    n_bp = 0
    order = np.random.default_rng(defaults.SEED).permutation(len(pairs))
    for row in order.tolist():
        sequence = pairs[row].first
        yield sequence
        n_bp += len(sequence)
        if n_bp >= defaults.TOKENIZER_SAMPLE_BP:
            return


def _check_mix_layer(layer: int | None, n_layers: int) -> None:
    if layer is not None and layer >= n_layers:
        hint = f"use 0 to {n_layers - 1}, or random"
        raise DnabertSError(f"the model has no layer {layer} to mix before", hint=hint)
