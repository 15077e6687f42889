"""`dnabert-s evaluate clustering | classification | binning | all`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from ... import defaults
from ..console import duration, print_table, progress, say, show_table, warn
from ..examples import epilog
from ..options import common as opt
from ..options import evaluate as own
from ..parsing import Group, add_command

if TYPE_CHECKING:
    from ...pipelines.evaluate.protocols import ProtocolOptions
    from ...pipelines.evaluate.recipe import EvaluationReport
    from ...pipelines.evaluate.sets import FoundSets

evaluate = typer.Typer(
    cls=Group,
    epilog=epilog("evaluate"),
    help="Measure models and bins against a known truth.",
    no_args_is_help=True,
)


def clustering(
    sets: own.SetFlags,
    models: own.ModelFlags,
    result: own.ResultFlags,
    seeds: own.Seeds = defaults.PROTOCOL_SEEDS,
    *,
    messages: opt.MessageFlags,
) -> None:
    """Measure models by k-means with the true number of species: ARI, NMI, homogeneity, completeness."""
    messages.start()
    from ...pipelines.evaluate.protocols import CLUSTERING, ProtocolOptions
    from ...pipelines.evaluate.sets import FoundSets

    found = FoundSets(labelled=(*sets.found().labelled, *sets.named()))
    options = ProtocolOptions(n_seeds=seeds, seed=models.seed, threads=models.threads)
    _show(_run((CLUSTERING,), found, models, result, options, messages), result, messages)


def classification(
    sets: own.SetFlags,
    models: own.ModelFlags,
    result: own.ResultFlags,
    few: own.ShotFlags,
    seeds: own.Seeds = defaults.PROTOCOL_SEEDS,
    *,
    messages: opt.MessageFlags,
) -> None:
    """Measure models by logistic regression on a few labelled sequences per species: macro F1."""
    messages.start()
    from ...pipelines.evaluate.protocols import CLASSIFICATION, ProtocolOptions
    from ...pipelines.evaluate.sets import FoundSets

    found = FoundSets(labelled=(*sets.found().labelled, *sets.named()))
    options = ProtocolOptions(seeds, few.numbers(), few.tests, seed=models.seed, threads=models.threads)
    _show(_run((CLASSIFICATION,), found, models, result, options, messages), result, messages)


def binning(
    sets: own.SetFlags,
    models: own.ModelFlags,
    result: own.ResultFlags,
    binned: own.BinnedFlags,
    *,
    messages: opt.MessageFlags,
) -> None:
    """Measure models by the modified k-medoid: number of species with an F1, and a recall, above 0.1 to 0.9."""
    messages.start()
    from ...pipelines.evaluate.protocols import BINNING, ProtocolOptions
    from ...pipelines.evaluate.sets import FoundSets, with_threshold_set

    every = (*sets.found().binning, *sets.named())
    found = FoundSets(binning=with_threshold_set(every, binned.threshold_set))
    options = ProtocolOptions(
        min_length_bp=binned.min_length,
        min_sequences=binned.min_sequences,
        seed=models.seed,
        threads=models.threads,
    )
    _show(_run((BINNING,), found, models, result, options, messages), result, messages)


def every_task(
    folder: own.WholeFolder,
    models: own.ModelFlags,
    result: own.ResultFlags,
    few: own.ShotFlags,
    binned: own.BinnedFlags,
    max_length: own.CutLength = None,
    seeds: own.Seeds = defaults.PROTOCOL_SEEDS,
    *,
    messages: opt.MessageFlags,
) -> None:
    """Run all three tasks on every set in a folder; each model embeds a set once."""
    messages.start()
    from ...pipelines.evaluate.protocols import BINNING, CLASSIFICATION, CLUSTERING, ProtocolOptions
    from ...pipelines.evaluate.sets import FoundSets, find_sets, with_threshold_set

    found = find_sets(folder, cut_bp=max_length)
    found = FoundSets(found.labelled, with_threshold_set(found.binning, binned.threshold_set))
    kept = (binned.min_length, binned.min_sequences)
    options = ProtocolOptions(seeds, few.numbers(), few.tests, *kept, seed=models.seed, threads=models.threads)
    tasks = (CLUSTERING, CLASSIFICATION, BINNING)
    _show(_run(tasks, found, models, result, options, messages), result, messages)


def _run(  # by position: the groups of flags of every command here, in their order
    tasks: tuple[str, ...],
    found: FoundSets,
    models: own.ModelFlags,
    result: own.ResultFlags,
    options: ProtocolOptions,
    messages: opt.MessageFlags,
) -> EvaluationReport:
    """The evaluation, with its progress shown."""
    from ...pipelines.evaluate.recipe import Evaluation, evaluate_models
    from ...pipelines.evaluate.systems import parse_models

    named = parse_models(models.models)
    encoder, cache = models.encoder(), models.cache_folder()
    evaluation = Evaluation(tasks, named, found, models.protocols(), options, encoder, cache)
    with progress(quiet=messages.quiet) as shown:
        return evaluate_models(evaluation, result.output, existing=result.existing(), argv=sys.argv, progress=shown)


def _show(report: EvaluationReport, result: own.ResultFlags, messages: opt.MessageFlags) -> None:  # as `_run`
    """The tables: on standard output, or, if they are in a folder, on standard error; exit code 1 if one failed."""
    for one in report.skipped:
        warn(f"{one.model} {'failed' if one.is_failure else 'was skipped'}: {one.reason}")
    for table in report.tables:
        if result.output is None:
            print_table(table.columns, table.rows)
        elif not messages.quiet:
            show_table(table.title, table.columns, rows=table.rows, left=table.n_words)
    n_run = len({one.model for one in report.scores})
    say(f"{n_run} models, {len(report.scores):,} scores, {duration(report.seconds)}")
    if any(one.is_failure for one in report.skipped):
        raise typer.Exit(1)


add_command(evaluate, "evaluate clustering", run=clustering)
add_command(evaluate, "evaluate classification", run=classification)
add_command(evaluate, "evaluate binning", run=binning)
add_command(evaluate, "evaluate all", run=every_task)
