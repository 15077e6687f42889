"""`evaluate clustering`, `classification`, `binning` and `all`: models against labelled sets, by the paper's protocols.

All sets are read and checked first. Then model by model: opened, its vectors of each set made or taken from the cache,
each task measured. A model that is not available is skipped, with the reason, and the others continue; likewise where
the code of a model breaks, which is a failure. Tables, JSON and plots go into one folder, which appears whole or not at
all.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...errors import DnabertSError
from ...io.bins.evaluation import Score, Skipped, TextTable, write_markdown, write_results_json, write_scores
from ...io.embeddings.cache import VectorCache
from ...io.folders import OWN_MARK, atomic_folder
from ...io.identity import check_apart
from ...io.provenance import write_run_json
from ..progress import Progress
from ..run_record import KEEP, Existing, Run
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import model_files
from .protocols import BINNING, CLASSIFICATION, CLUSTERING, ProtocolOptions, Task, binned_part, check_set, measure_model
from .sets import FoundSets, SetSource, read_set, set_facts
from .summary import draw_summary, summary_tables
from .systems import PAPER, CannotRunError, ModelFailedError, NamedModel, VectorSource, open_system, system_name


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is measured on what.

    Args:
        tasks: clustering, classification, binning; those without a set are left out.
        protocols: paper, sound or both.
        encoder: how sequences are read; its `model` is not used.
        cache_folder: where vectors are kept; None keeps none.
    """

    tasks: tuple[str, ...]
    models: tuple[NamedModel, ...]
    sets: FoundSets
    protocols: tuple[str, ...]
    options: ProtocolOptions
    encoder: EncoderOptions
    cache_folder: Path | None

    def files(self) -> list[str | Path | None]:
        """Every file that is read."""
        sets = [path for one in self.sets.every for path in one.files()]
        return [*sets, *(path for model in self.models for path in model_files(model.model))]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """What a finished evaluation found; `skipped` are models without all of their scores, failed ones among them."""

    scores: tuple[Score, ...]
    skipped: tuple[Skipped, ...]
    tables: tuple[TextTable, ...]
    seconds: float


def evaluate_models(
    evaluation: Evaluation,
    output: Path | None,
    *,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> EvaluationReport:
    """Measure every model, and write the results into the folder `output`, if there is one.

    Raises:
        DnabertSError: a set that cannot be read or does not suit its task, existing output, or no model that runs.
    """
    if output is None:
        return _measure_all(evaluation, progress=progress)[0]
    settings = {"protocols": evaluation.protocols, **asdict(evaluation.options)}
    asked = {**asdict(evaluation.encoder), **settings, "models": [asdict(model) for model in evaluation.models]}
    sets = [asdict(one) for one in evaluation.sets.every]
    command = f"evaluate {' '.join(evaluation.tasks)}"
    run = Run(command, argv=argv, seed=evaluation.options.seed, asked={**asked, "sets": sets})
    check_apart([output], evaluation.files())
    when_there = run.if_complete(output, output / OWN_MARK, existing=existing)
    with atomic_folder(output, force=existing.force, on_existing=when_there) as folder:
        report, facts = _measure_all(evaluation, progress=progress)
        more = {"total": report.seconds, **facts.seconds}
        described = run.describe(inputs=facts.sets, settings=settings, encoder=facts.models, more_timings_s=more)
        write_scores(folder / "results.tsv", report.scores, skipped=report.skipped)
        write_results_json(folder / "results.json", report.scores, skipped=report.skipped, provenance=described)
        write_markdown(folder / "results.md", report.tables)
        draw_summary(folder, report.scores, options=evaluation.options)
        write_run_json(folder / OWN_MARK, described)
    return report


@dataclass(frozen=True, slots=True)
class _Facts:
    """For provenance: facts of each system and set, and how long each model took."""

    sets: Sequence[Mapping[str, object]]
    models: dict[str, object]
    seconds: dict[str, float]


def _measure_all(evaluation: Evaluation, *, progress: Progress) -> tuple[EvaluationReport, _Facts]:
    """All models, one after the other."""
    started = time.monotonic()
    facts = _Facts(_checked_sets(evaluation, progress=progress), {}, {})
    scores: list[Score] = []
    skipped: list[Skipped] = []
    for model in evaluation.models:
        begun = time.monotonic()
        try:
            for score in _scores_of(model, evaluation, facts=facts, progress=progress):
                scores.append(score)
        except CannotRunError as error:
            skipped.append(Skipped(model.label, str(error), isinstance(error, ModelFailedError)))
        facts.seconds[model.label] = time.monotonic() - begun
    if not scores:
        reasons = "; ".join(f"{one.model}: {one.reason}" for one in skipped)
        raise DnabertSError(f"none of the models could run ({reasons})", hint="see `dnabert-s models list`")
    order = {kind: place for place, kind in enumerate(evaluation.tasks)}
    scores.sort(key=lambda one: order[one.task])  # stable
    tables = summary_tables(scores, skipped, options=evaluation.options)
    return EvaluationReport(tuple(scores), tuple(skipped), tables, time.monotonic() - started), facts


def _scores_of(model: NamedModel, evaluation: Evaluation, *, facts: _Facts, progress: Progress) -> Iterator[Score]:
    """Scores of one model, set by set; a system that serves both protocols is opened once."""
    cache = VectorCache(evaluation.cache_folder)
    sources: dict[str, VectorSource] = {}
    for protocol in evaluation.protocols:
        name = system_name(model.model, protocol)
        if name not in sources:
            system = open_system(name, evaluation.encoder, seed=evaluation.options.seed)
            sources[name] = VectorSource(model.label, system, cache, progress)
            facts.models[model.label if name == model.model else f"{model.label} ({protocol})"] = system.facts
        for kind, source in _jobs(evaluation):
            task = _task(kind, source, protocol=protocol, options=evaluation.options)
            yield from measure_model(sources[name], task)


def _jobs(evaluation: Evaluation) -> Iterator[tuple[str, SetSource]]:
    """Each task with each of its sets."""
    of_kind = {
        CLUSTERING: evaluation.sets.labelled,
        CLASSIFICATION: evaluation.sets.labelled,
        BINNING: evaluation.sets.binning,
    }
    return ((kind, source) for kind in evaluation.tasks for source in of_kind[kind])


def _task(kind: str, source: SetSource, *, protocol: str, options: ProtocolOptions) -> Task:
    """The set, read; for binning only what it keeps, and for the published threshold its labelled set."""
    on, threshold_set = read_set(source), None
    if kind == BINNING:
        on = binned_part(on, options)
        threshold_set = read_set(source.threshold_set) if source.threshold_set and protocol == PAPER else None
    return Task(kind, protocol, on, threshold_set, options)


def _checked_sets(evaluation: Evaluation, *, progress: Progress) -> list[dict[str, object]]:
    """Facts of every set; errors now rather than after hours."""
    jobs = list(_jobs(evaluation))
    if not jobs:
        raise DnabertSError("no set for this task", hint="name files, or a --data-dir that holds such sets")
    progress.start("checking the sets", len(jobs), unit="sets")
    facts: dict[Path, dict[str, object]] = {}
    for kind, source in jobs:
        read = read_set(source)
        check_set(kind, read, path=source.path, options=evaluation.options)
        facts[source.path] = set_facts(source, read)
        if kind == BINNING and PAPER in evaluation.protocols:
            labelled = source.threshold_set
            if labelled is None:
                hint = "give --threshold-set FILE, a TSV of sequence and bin_id, or use --protocol sound"
                raise DnabertSError("the published threshold needs a labelled set", path=source.path, hint=hint)
            facts.setdefault(labelled.path, set_facts(labelled, read_set(labelled)))
        progress.advance(1)
    return list(facts.values())
