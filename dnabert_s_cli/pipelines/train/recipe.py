"""`train`: a CSV of pairs to a model folder that every command opens.

Processes meet; pairs are opened and the model is made or found again; steps are done, measured and saved; at the end
the curves are drawn. Only the first process writes, and returns a report.
"""

from __future__ import annotations

import logging
import shlex
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ... import __version__
from ...encoders.devices import default_batch_tokens, device_name, resolve_device, use_threads
from ...errors import DnabertSError
from ...io.identity import check_apart
from ...io.labels.evaluation_sets import read_labelled
from ...io.provenance import write_run_json
from ...reports.plots import can_draw, draw_training_curves
from ...threads import usable_cores
from ...training.config import TrainConfig
from ...training.evaluation import Evaluation, Measure
from ...training.loop import Course, Output, train_steps
from ...training.models.card import CardFacts, model_card
from ...training.precision import autocast_dtype
from ...training.processes.agreement import SharedError, held_error, raise_in_all
from ...training.processes.distributed import World, join_world, leave_world
from ...training.processes.environment import local_processes
from ...training.run.checkpoint import SavedRun, Trained, TrainState
from ...training.run.folder import RunFolder
from ...training.run.logs import METRICS, StepRecord, TrainingLog, read_log
from ...training.schedule import Curriculum
from ...training.setup import OpenData, find_saved_run, make_trained, open_data, plan_steps
from ...training.step import StepMaker
from ..launching import is_first_process
from ..progress import Progress
from ..run_record import Run
from ..vectors.inputs import model_files

logger = logging.getLogger(__name__)

_BP_PER_TOKEN = 5  # about, for DNA
_LEAST_LABELLED = 2


@dataclass(frozen=True, slots=True)
class TrainOutput:
    """Where a run is written.

    Args:
        resume: continue from the newest checkpoint there, if there is one.
        force: overwrite an earlier run.
    """

    path: Path
    resume: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a finished run did."""

    state: TrainState
    n_steps: int
    seconds: float


def train(
    config: TrainConfig, output: TrainOutput, *, argv: Sequence[str] = (), progress: Progress
) -> TrainReport | None:
    """Train a model into the folder `output`; None in every process but the first.

    Raises:
        DnabertSError: bad input or options, a model that is not available, existing output, or a loss that is not
            finite.
    """
    use_threads(max((config.run.threads or usable_cores()) // local_processes(), 1))
    if not is_first_process():
        logging.getLogger(__name__.partition(".")[0]).setLevel(logging.ERROR)
    world = join_world(resolve_device(config.run.device))
    try:
        return _train_here(config, output, world=world, argv=argv, progress=progress)
    except SharedError:
        return None
    finally:
        leave_world(world)


def _train_here(
    config: TrainConfig, output: TrainOutput, *, world: World, argv: Sequence[str], progress: Progress
) -> TrainReport | None:
    """The part of one process."""
    run = Run("train", argv=argv, seed=config.run.seed)
    _check_apart(config, output.path)
    products = autocast_dtype(config.run.dtype, world.device)
    named = config.model.base or f"new, with the sizes in {config.model.init}"
    where, numbers = device_name(world.device).replace("cpu", "CPU"), str(products or "float32")
    logger.info("model: %s; %s, %s", named, where, numbers.removeprefix("torch."))
    with ExitStack() as files:
        folder = _open_folder(output, world=world, files=files)
        data = open_data(config, world, files=files)
        measure = _read_measure(config, world=world, batch_bp=_BP_PER_TOKEN * default_batch_tokens(world.device))
        saved = find_saved_run(folder, config, surroundings=data.surroundings, resume=output.resume, world=world)
        trained = make_trained(config, data, saved=saved, world=world)
        if saved is None:
            _clear(folder, world)
        curriculum = plan_steps(config, data.stream)
        state = saved.state if saved is not None else TrainState()
        _announce(curriculum, state, world=world)
        facts = _card_facts(data, trained, argv=argv)
        course = Course(
            StepMaker(config, world, curriculum, config.data.train, products),
            data.stream,
            Evaluation(data.validation, measure),
            data.surroundings,
            _open_output(folder, saved, card=partial(model_card, config, facts, curriculum), files=files),
            _stepper(progress, curriculum, state=state),
        )
        end = train_steps(trained, course, state=state)
    if folder is None:
        return None
    _draw(folder)
    report = TrainReport(end, curriculum.n_steps, run.seconds)
    pairs = {"path": config.data.train, "n_pairs": len(data.pairs), "digest": data.pairs.digest}
    encoder = {"model": config.model.base or config.model.init}
    more = {"steps": end.seconds, "total": report.seconds}
    described = run.describe(inputs=[pairs], settings=config.as_json(), encoder=encoder, more_timings_s=more)
    write_run_json(folder.run_json_path, described)
    return report


def _check_apart(config: TrainConfig, output: Path) -> None:
    """Raise `DnabertSError` if the run would overwrite one of its inputs."""
    data, model = config.data, config.model
    read = [data.train, data.val, data.labelled, *model_files(model.base), model.init, *model_files(model.tokenizer)]
    check_apart(RunFolder(output).outputs(), read)


def _open_folder(output: TrainOutput, *, world: World, files: ExitStack) -> RunFolder | None:
    """The output folder, locked; None in every process but the first."""
    folder = RunFolder(output.path) if world.is_first else None
    with held_error() as held:
        if folder is not None:
            folder.make(may_exist=output.resume or output.force)
            files.enter_context(folder.locked(may_exist=output.resume or output.force))
    raise_in_all(held.error, world)
    return folder


def _clear(folder: RunFolder | None, world: World) -> None:
    """Remove an earlier run, now that nothing keeps this one from starting."""
    with held_error() as held:
        if folder is not None:
            folder.clear()
    raise_in_all(held.error, world)


def _read_measure(config: TrainConfig, *, world: World, batch_bp: int) -> Measure | None:
    """How a network is measured on the labelled sequences; None without them."""
    if config.data.labelled is None:
        return None
    from .measure import measure_network  # late: scikit-learn takes a second to import, in each process

    measure: Measure | None = None
    with held_error() as held:
        products = autocast_dtype(config.run.dtype, world.device)
        labelled = read_labelled(config.data.labelled)
        if len(labelled.labels) < _LEAST_LABELLED:
            raise DnabertSError("a single sequence has no neighbours", path=config.data.labelled)
        measure = partial(measure_network, labelled, batch_bp=batch_bp, products=products)
    raise_in_all(held.error, world)
    return measure


def _announce(curriculum: Curriculum, state: TrainState, *, world: World) -> None:
    """What is about to be done, for the log."""
    where = device_name(world.device)
    several = f"{world.size} processes on {where}" if world.size > 1 else where
    logger.info("%d steps on %s: %s", curriculum.n_steps, several, curriculum.describe())
    if state.step >= curriculum.n_steps:
        logger.info("all %d steps are already done", state.step)
    elif state.step:
        logger.info("resuming after step %d", state.step)


def _card_facts(data: OpenData, trained: Trained, *, argv: Sequence[str]) -> CardFacts:
    n_parameters = sum(parameter.numel() for parameter in trained.model.network.parameters())
    command = shlex.join(["dnabert-s", *argv[1:]])
    return CardFacts(command, __version__, len(data.pairs), data.surroundings.train_digest, n_parameters)


def _open_output(
    folder: RunFolder | None, saved: SavedRun | None, *, card: Callable[[TrainState], str], files: ExitStack
) -> Output | None:
    if folder is None:
        return None
    after_step = saved.state.step if saved is not None else None
    return Output(folder, files.enter_context(TrainingLog(folder.log_path, after_step=after_step)), card)


def _stepper(progress: Progress, curriculum: Curriculum, *, state: TrainState) -> Callable[[StepRecord], object]:
    """Tell every step to `progress`."""
    progress.start("training", curriculum.n_steps, unit="steps")
    if state.step:
        progress.advance(state.step)

    def on_step(record: StepRecord) -> None:
        if record.step:
            progress.advance(1)

    return on_step


def _draw(folder: RunFolder) -> None:
    """Draw loss.png, if matplotlib is there."""
    if can_draw():
        draw_training_curves(folder.plot_path, read_log(folder.log_path), names=METRICS)
    else:
        logger.info("loss.png is not drawn: matplotlib is not installed (pip install matplotlib)")
