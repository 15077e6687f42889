"""The training loop: steps from where a run stands to its end, with evaluations, checkpoints and the log.

    batches, prepared one ahead by a thread
      -> agree with the other processes: an error? asked to stop?
      -> step -> evaluate, where it is time -> log -> save, where it is time

Steps are counted over the whole run. All processes walk through this together; the first one alone writes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..errors import DnabertSError
from ..threads import one_ahead
from .collator import PairStream, SequenceBatch
from .evaluation import Evaluation, describe_metrics
from .objective.contrastive import prepare_batch
from .processes.agreement import SharedError, held_error, launcher_is_gone, raise_in_all, stop_in_all
from .processes.interruption import Interruption
from .run.checkpoint import Surroundings, Trained, TrainState, write_checkpoint
from .run.folder import BEST, LAST, RunFolder, step_folder
from .run.logs import StepRecord, TrainingLog
from .schedule import CLEAN
from .step import ReadyBatch, StepMaker, StepOutcome

_LOG = logging.getLogger(__name__)
_PHASES = {0: "the start", 1: "phase I", 2: "phase II"}

OnStep = Callable[[StepRecord], object]


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Where the first process writes, and the model card for a state."""

    folder: RunFolder
    log: TrainingLog
    card: Callable[[TrainState], str]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a run is made of, apart from the weights.

    Args:
        output: None in every process but the first.
        on_step: called with every finished step.
    """

    maker: StepMaker
    stream: PairStream
    evaluation: Evaluation
    surroundings: Surroundings
    output: Output | None
    on_step: OnStep

    @property
    def n_steps(self) -> int:
        """Steps of the whole run."""
        return self.maker.curriculum.n_steps


def train_steps(trained: Trained, course: Course, *, state: TrainState) -> TrainState:
    """Do all steps after `state`; every process must call this. Returns the state at the end.

    SIGINT and SIGTERM end it between two steps: `last` is written, then the signal is raised again.

    Raises:
        DnabertSError: a row is no pair, or loss or gradient is not finite.
    """
    loop = _Loop(trained, course, state=state)
    trained.model.network.train()
    trained.head.train()
    with Interruption() as interruption, closing(_ready_batches(trained, course, start_step=state.step)) as batches:
        loop.begin()
        while not loop.is_over:
            loop.advance(batches, interruption)
    return loop.state


class _Loop:
    """The state of a run on its way."""

    def __init__(self, trained: Trained, course: Course, *, state: TrainState) -> None:
        self.state = state
        self._trained = trained
        self._course = course
        self._config = course.maker.config
        self._warned = False

    @property
    def is_over(self) -> bool:
        """Whether no step is left, or the evaluations have been worse for too long."""
        patience = self._config.run.patience
        return self.state.step >= self._course.n_steps or bool(patience and self.state.n_worse >= patience)

    def begin(self) -> None:
        """Measure what a new run starts from."""
        if self.state.step == 0 and self.state.best_value is None and self._course.evaluation.decides is not None:
            metrics = self._evaluate()
            self._record(StepRecord(0, 1, 0, metrics=metrics))
            self._save((BEST, LAST))

    def advance(self, batches: Iterator[ReadyBatch], interruption: Interruption) -> None:
        """One step, and what is due after it."""
        started = time.monotonic()
        found: list[ReadyBatch] = []
        with held_error() as held:
            if launcher_is_gone():
                raise DnabertSError("the process that started this one has ended")
            found = [next(batches) for _ in range(self._config.optimiser.accumulate)]
        if stop_in_all(interruption.requested is not None, held.error, world=self._course.maker.world):
            self._save((LAST,) if self.state.best_value is not None else (BEST, LAST))
            interruption.deliver()
        step = self.state.step
        self._announce_phase(step)
        outcome = self._make(step, found)
        seconds = time.monotonic() - started
        self.state = replace(
            self.state,
            step=step + 1,
            phase=self._course.maker.curriculum.phase(step),
            seconds=self.state.seconds + seconds,
            n_tokens=self.state.n_tokens + outcome.n_tokens,
        )
        self._follow_up(outcome, seconds)

    def _make(self, step: int, batches: list[ReadyBatch]) -> StepOutcome:
        """The step; what is not finite is so in every process, and the first one tells."""
        maker = self._course.maker
        try:
            return maker.make(self._trained, step, batches=batches)
        except DnabertSError as error:
            if maker.world.is_first:
                raise
            raise SharedError(error.problem, path=error.path, hint=error.hint) from error

    def _follow_up(self, outcome: StepOutcome, seconds: float) -> None:
        """Evaluation, log and checkpoints after a step."""
        run, step = self._config.run, self.state.step
        ends = step == self._course.n_steps or step == self._course.maker.curriculum.n_clean
        metrics = self._evaluate() if ends or step % run.eval_every == 0 else {}
        self._record(
            StepRecord(
                step=step,
                epoch=(step - 1) * self._config.optimiser.accumulate // self._course.stream.steps_per_epoch + 1,
                phase=self.state.phase,
                loss=outcome.loss,
                lr=outcome.lr,
                grad_norm=outcome.grad_norm,
                tokens_per_s=outcome.n_tokens / max(seconds, 1e-9),
                n_truncated=outcome.n_truncated,
                seconds=self.state.seconds,
                metrics=metrics,
            )
        )
        is_due = step % run.save_every == 0
        is_best = self.state.best_step == step if self.state.best_value is not None else ends or is_due
        names = [BEST] * is_best + [LAST] * (ends or is_due or self.is_over)
        names += [step_folder(step)] * bool(is_due and run.save_total_limit)
        if names:
            self._save(names)

    def _evaluate(self) -> Mapping[str, float]:
        """Measure, and note whether it is the best."""
        maker, evaluation = self._course.maker, self._course.evaluation
        metrics = evaluation.run(self._trained, world=maker.world, autocast_dtype=maker.autocast_dtype)
        self.state = evaluation.judged(self.state, metrics)
        if metrics:
            is_best = " (best so far)" if self.state.best_step == self.state.step else ""
            _LOG.info("step %d: %s%s", self.state.step, describe_metrics(metrics), is_best)
        return metrics

    def _record(self, record: StepRecord) -> None:
        """Write a step to the log, and report it."""
        if self._course.output is not None:
            self._course.output.log.write(record)
        self._course.on_step(record)
        if record.loss is not None and (record.step % self._config.run.log_every == 0 or self.is_over):
            _LOG.info(
                "step %d of %d, epoch %d, %s: loss %.4f, learning rate %.3g, %.0f tokens/s",
                *(record.step, self._course.n_steps, record.epoch, _PHASES[record.phase]),
                *(record.loss, record.lr, record.tokens_per_s),
            )
        if record.n_truncated and not self._warned:
            self._warned = True
            most = self._config.model.max_tokens
            _LOG.warning(
                "%d sequences of this step are truncated to %d tokens (--max-tokens)", record.n_truncated, most
            )

    def _announce_phase(self, step: int) -> None:
        phase = self._course.maker.curriculum.phase(step)
        if phase != self.state.phase:
            what = "clean views" if phase == CLEAN else f"mixed views, weights of {_PHASES[self.state.phase]} kept"
            _LOG.info("step %d: %s begins (%s)", step + 1, _PHASES[phase], what)

    def _save(self, names: tuple[str, ...] | list[str]) -> None:
        """Write a checkpoint under these names; the other processes wait, and fail if it fails."""
        with held_error() as held:
            if self._course.output is not None:
                self._course.output.folder.save(partial(self._write, self._course.output), names)
                self._course.output.folder.prune(self._config.run.save_total_limit)
        raise_in_all(held.error, self._course.maker.world)

    def _write(self, output: Output, folder: Path) -> None:
        write_checkpoint(
            folder,
            self._trained,
            state=self.state,
            surroundings=self._course.surroundings,
            config=self._config,
            card=output.card(self.state),
        )


def _ready_batches(trained: Trained, course: Course, *, start_step: int) -> Generator[ReadyBatch, None, None]:
    """This rank's batches from a step on, the next one in the making while one is in use."""
    optimiser = course.maker.config.optimiser
    batches = course.stream.batches(
        start_step=start_step * optimiser.accumulate, end_step=course.n_steps * optimiser.accumulate
    )

    def make(batch: SequenceBatch) -> ReadyBatch:
        prepared = prepare_batch(trained.model.network, batch, chunk_rows=optimiser.chunk_pairs or None)
        return ReadyBatch(prepared, batch.rows)

    with closing(batches), closing(one_ahead(map(make, batches))) as ready:  # type: ignore[type-var]  # a generator, declared as an iterator
        yield from ready
