"""Depths joined by the names of contigs, never by their order: tables with one another, and tables with sequences."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ...errors import DnabertSError
from ..names import match_names
from .table import DepthTable, JoinedDepth, same_length

_LOG = logging.getLogger(__name__)

Source = tuple[str | Path, DepthTable]  # a table and the file it is from


def merge_depths(sources: Sequence[Source]) -> DepthTable:
    """One table of all contigs, in order of first appearance, and all samples; 0 where a file lacks a contig.

    How many contigs each file lacks is logged. Variances are kept if every file has them.

    Raises:
        DnabertSError: a sample comes twice, or a contig has two lengths.
    """
    check_samples(sources)
    row_of: dict[str, int] = {}
    for _, table in sources:
        for name in table.names:
            row_of.setdefault(name, len(row_of))
    n_contigs = len(row_of)
    rows_of_sources = [_rows_of(row_of, table.names) for _, table in sources]
    for (path, table), rows in zip(sources, rows_of_sources, strict=True):
        if len(rows) < n_contigs:
            problem = "%s: has %d of %d contigs; depth is 0 for the other %d"
            _LOG.warning(problem, path, len(table.names), n_contigs, n_contigs - len(rows))
    has_variance = all(table.variance is not None for _, table in sources)
    parts = zip(sources, rows_of_sources, strict=True)
    columns = [_spread(table, rows, n_contigs=n_contigs) for (_, table), rows in parts]
    return DepthTable(
        names=list(row_of),
        lengths_bp=_common_lengths(sources, rows_of_sources, n_contigs=n_contigs),
        samples=tuple(sample for _, table in sources for sample in table.samples),
        mean=np.concatenate([mean for mean, _ in columns], axis=1),
        variance=np.concatenate([variance for _, variance in columns], axis=1) if has_variance else None,
    )


def join_depth(table: DepthTable, names: Sequence[str], *, lengths_bp: np.ndarray, path: str | Path) -> JoinedDepth:
    """Depth of these contigs, by name; what is matched, missing and extra is logged unless all match.

    Raises:
        DnabertSError: fewer than half of the contigs are in the table, or one has another length there.
    """
    hint = "give depths of these contigs; names are compared up to the first blank"
    problem = "has only {matched} of {names} contigs by name"
    found = match_names(names, table.names, path=path, problem=problem, hint=hint)
    places, rows = found.places, found.rows
    if found.n_missing or found.n_extra:
        # extra ones are, as a rule, the short contigs left out
        level = logging.WARNING if found.n_missing else logging.INFO
        counts = (len(rows), found.n_missing, found.n_extra)
        _LOG.log(level, "%s: %d contigs matched, %d missing, %d extra", path, *counts)
    there_bp = table.lengths_bp[rows]
    for place in np.flatnonzero((there_bp > 0) & (there_bp != lengths_bp[places])):
        own_bp = int(lengths_bp[places[place]])
        if not same_length(int(there_bp[place]), own_bp):
            problem = f"is {there_bp[place]:,} bp long here, {own_bp:,} bp in the sequences"
            raise DnabertSError(problem, path=path, record=names[places[place]], hint=hint)
    known = np.zeros(len(names), dtype=np.bool_)
    known[places] = True
    chosen = DepthTable(
        [names[place] for place in places],
        there_bp,
        table.samples,
        table.mean[rows],
        None if table.variance is None else table.variance[rows],
    )
    mean, variance = _spread(chosen, places, n_contigs=len(names))
    return JoinedDepth(table.samples, mean, variance if table.variance is not None else None, known)


def stack_depths(joined: Sequence[JoinedDepth]) -> JoinedDepth:
    """The samples of several sources, joined with the same contigs, side by side."""
    variances = [one.variance for one in joined if one.variance is not None]
    return JoinedDepth(
        samples=tuple(sample for one in joined for sample in one.samples),
        mean=np.concatenate([one.mean for one in joined], axis=1),
        variance=np.concatenate(variances, axis=1) if len(variances) == len(joined) else None,
        known=np.all([one.known for one in joined], axis=0),
    )


def check_samples(sources: Iterable[Source]) -> None:
    """Raise `DnabertSError` if two files hold a sample of the same name."""
    path_of: dict[str, str | Path] = {}
    for path, table in sources:
        for sample in table.samples:
            if sample in path_of:
                problem = f"its sample '{sample}' is also one of {path_of[sample]}"
                raise DnabertSError(problem, path=path, hint="rename the file or the column")
            path_of[sample] = path


def _rows_of(row_of: dict[str, int], names: Sequence[str]) -> np.ndarray:
    return np.fromiter(map(row_of.__getitem__, names), np.int64, len(names))


def _spread(table: DepthTable, rows: np.ndarray, *, n_contigs: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance with the table's rows at `rows` of `n_contigs`, 0 elsewhere."""
    mean = np.zeros((n_contigs, len(table.samples)), dtype=np.float32)
    variance = np.zeros_like(mean)
    mean[rows] = table.mean
    if table.variance is not None:
        variance[rows] = table.variance
    return mean, variance


def _common_lengths(sources: Sequence[Source], rows_of_sources: Sequence[np.ndarray], *, n_contigs: int) -> np.ndarray:
    """The length of each contig, (n_contigs,) int64, the most exact one that a file states; 0 where none does.

    Raises:
        DnabertSError: two files state different ones.
    """
    lengths_bp = np.zeros(n_contigs, dtype=np.int64)
    for (path, table), rows in zip(sources, rows_of_sources, strict=True):
        before_bp, here_bp = lengths_bp[rows], table.lengths_bp
        for row in np.flatnonzero((before_bp > 0) & (here_bp > 0) & (before_bp != here_bp)).tolist():
            first_bp, second_bp = int(before_bp[row]), int(here_bp[row])
            if not same_length(first_bp, second_bp):
                problem = f"is {second_bp:,} bp long here, {first_bp:,} bp in a file before"
                raise DnabertSError(problem, path=path, record=table.names[row], hint="give depths of one assembly")
        is_rounded = np.array([float(f"{length:.6g}") == length for length in before_bp.tolist()], dtype=np.bool_)
        lengths_bp[rows] = np.where((here_bp > 0) & is_rounded, here_bp, before_bp)
    return lengths_bp
