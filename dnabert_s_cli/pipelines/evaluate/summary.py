"""Scores to what a person looks at: one table and one plot for each task.

A row is a model (and a protocol, where there is more than one); its numbers are means over sets and seeds.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean

from ...analysis.scores.species_recovery import LEVELS
from ...io.bins.evaluation import Score, Skipped, TextTable
from ...reports.plots import Axis, can_draw, draw_bars, draw_curves
from .protocols import (
    BINNING,
    CLASSIFICATION,
    CLUSTERING,
    COVERAGE,
    NEAREST,
    SPREAD_ARI,
    ProtocolOptions,
    f1_metric,
    level_metric,
)

logger = logging.getLogger(__name__)

_Row = tuple[str, str]  # model and protocol


def summary_tables(
    scores: Sequence[Score], skipped: Sequence[Skipped], *, options: ProtocolOptions
) -> tuple[TextTable, ...]:
    """A table for each task that was run, then those of the models that were skipped, or failed."""
    makers: tuple[tuple[str, Callable[[Sequence[Score]], TextTable]], ...] = (
        (CLUSTERING, _clustering_table),
        (CLUSTERING, _separation_table),
        (CLASSIFICATION, lambda part: _few_shot_table(part, options.shots)),
        (BINNING, _binning_table),
    )
    tables = [make(part) for kind, make in makers if (part := [one for one in scores if one.task == kind])]
    for title, is_failure in (("Skipped", False), ("Failed", True)):
        if rows := tuple((one.model, one.reason) for one in skipped if one.is_failure == is_failure):
            tables.append(TextTable(title, ("model", "reason"), rows, 2))
    return tuple(tables)


def draw_summary(folder: Path, scores: Sequence[Score], *, options: ProtocolOptions) -> None:
    """A PNG for each task that was run; without matplotlib none, and a line in the log."""
    if not can_draw():
        logger.warning("matplotlib is not installed, so there are no plots: pip install matplotlib")
        return
    if part := [one for one in scores if one.task == CLUSTERING]:
        title = "K-means, mean and each set"
        draw_bars(folder / "clustering_ari.png", _ari_by_name(part), title=title, axis=Axis("ARI"))
    if part := [one for one in scores if one.task == CLASSIFICATION]:
        panels = _panels(part, [f1_metric(n_shots) for n_shots in options.shots])
        x = Axis("labelled sequences a species", tuple(map(float, options.shots)), is_log=True)
        draw_curves(folder / "few_shot_f1.png", panels, title="Few-shot classification", x=x, y=Axis("macro F1"))
    if part := [one for one in scores if one.task == BINNING]:
        for what, word in (("f1", "F1"), ("recall", "recall")):
            panels = _panels(part, [level_metric(what, level) for level in LEVELS])
            x, y = Axis(f"{word} above", LEVELS), Axis("species, mean over sets")
            draw_curves(folder / f"binning_{what}.png", panels, title="Binning by k-medoid", x=x, y=y)


def _ari_by_name(scores: Sequence[Score]) -> dict[str, list[float]]:
    """ARI on each set of each model, once where all protocols found the same, else for each protocol."""
    ari = {row: [one.mean for one in _of(scores, row, metric="ari")] for row in _rows(scores)}
    named: dict[str, list[float]] = {}
    for (model, protocol), values in ari.items():
        is_common = all(values == others for (other, _), others in ari.items() if other == model)
        named[model if is_common else f"{model} ({protocol})"] = values
    return named


def _panels(scores: Sequence[Score], metrics: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """The curve of each model over these metrics, in a panel for each protocol; one panel has no heading."""
    protocols = list(dict.fromkeys(one.protocol for one in scores))
    panels: dict[str, dict[str, list[float]]] = {name if len(protocols) > 1 else "": {} for name in protocols}
    for model, protocol in _rows(scores):
        curve = [_mean(scores, (model, protocol), metric=metric) for metric in metrics]
        panels[protocol if len(protocols) > 1 else ""][model] = curve
    return panels


def _clustering_table(scores: Sequence[Score]) -> TextTable:
    sets = list(dict.fromkeys(one.set for one in scores))
    rows = []
    for model, protocol in _rows(scores):
        ari = [one.mean for one in _of(scores, (model, protocol), metric="ari")]
        nmi = _mean(scores, (model, protocol), metric="nmi")
        cells = [f"{value:.3f}" for value in (*ari, fmean(ari), nmi)]
        rows.append((model, protocol, *_filled(cells, len(sets) + 2)))
    columns = ("model", "protocol", *(f"ARI {name}" for name in sets), "mean ARI", "mean NMI")
    return TextTable("Clustering by k-means", columns, tuple(rows), 2)


def _separation_table(scores: Sequence[Score]) -> TextTable:
    """What the starts of k-means do not blur; one row a model, because all protocols find the same."""
    sets = list(dict.fromkeys(one.set for one in scores))
    first_rows = {model: (model, protocol) for model, protocol in reversed(_rows(scores))}
    rows = []
    for model in dict.fromkeys(one.model for one in scores):
        cells = []
        for metric in (NEAREST, SPREAD_ARI):
            values = [one.mean for one in _of(scores, first_rows[model], metric=metric)]
            empty = [""] * (len(sets) - len(values))
            cells += [*(f"{value:.3f}" for value in values), *empty, f"{fmean(values):.3f}"]
        rows.append((model, *cells))
    columns = [f"{what} {name}" for what in ("NN", "ARI") for name in (*sets, "mean")]
    title = "Nearest neighbour's accuracy (NN), and k-means from 20 starts by k-means++ (ARI)"
    return TextTable(title, ("model", *columns), tuple(rows), 1)


def _few_shot_table(scores: Sequence[Score], shots: Sequence[int]) -> TextTable:
    rows = [
        (*row, *(f"{_mean(scores, row, metric=f1_metric(n_shots)):.3f}" for n_shots in shots)) for row in _rows(scores)
    ]
    least, most = (
        max(one.values[0] for one in scores if one.metric == "n_tested_most")
        if worst
        else min(one.values[0] for one in scores if one.metric == "n_tested_least")
        for worst in (False, True)
    )
    n_tests = f"{least:.0f}" if least == most else f"{least:.0f} to {most:.0f}"
    title = f"Few-shot classification: macro F1, mean over sets; tested on {n_tests} sequences of a species"
    return TextTable(title, ("model", "protocol", *(f"{n_shots} shot" for n_shots in shots)), tuple(rows), 2)


def _binning_table(scores: Sequence[Score]) -> TextTable:
    rows = []
    for model, protocol in _rows(scores):
        own = [one for one in scores if (one.model, one.protocol) == (model, protocol)]
        for name in dict.fromkeys(one.set for one in own):
            value = {one.metric: one.mean for one in own if one.set == name}
            counts = [f"{value[level_metric('f1', level)]:.0f}" for level in LEVELS]
            threshold = f"{value['min_similarity']:.4f}"
            rows.append(
                (model, protocol, name, *counts, f"{value['n_species']:.0f}", f"{value[COVERAGE]:.2f}", threshold)
            )
    columns = ("model", "protocol", "set", *(f"F1 > {level}" for level in LEVELS), "species", COVERAGE, "threshold")
    return TextTable("Binning by k-medoid: species recovered", columns, tuple(rows), 3)


def _rows(scores: Sequence[Score]) -> list[_Row]:
    return list(dict.fromkeys((one.model, one.protocol) for one in scores))


def _of(scores: Sequence[Score], row: _Row, *, metric: str) -> list[Score]:
    return [one for one in scores if (one.model, one.protocol, one.metric) == (*row, metric)]


def _mean(scores: Sequence[Score], row: _Row, *, metric: str) -> float:
    return fmean(one.mean for one in _of(scores, row, metric=metric))


def _filled(cells: list[str], n_cells: int) -> list[str]:
    """With empty cells where a model failed on some sets: the means stay last."""
    return [*cells[:-2], *[""] * (n_cells - len(cells)), *cells[-2:]]
