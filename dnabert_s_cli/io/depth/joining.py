"""Depths joined by the names of contigs, never by their order: tables with one another, and tables with sequences."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DnabertSError
from ..names import LEAST_MATCHED, match_names
from .table import DepthFile, DepthTable, JoinedDepth, same_length

_LOG = logging.getLogger(__name__)


def merge_depths(files: Sequence[DepthFile]) -> DepthTable:
    """One table of all contigs, in order of first appearance, and all samples; 0 where a file lacks a contig.

    How many contigs each file lacks is logged. Variances are kept if every file has them.

    Raises:
        DnabertSError: a sample comes twice, or a contig has two lengths.
    """
    check_samples(files)
    row_of: dict[str, int] = {}
    for file in files:
        for name in file.table.names:
            row_of.setdefault(name, len(row_of))
    n_contigs = len(row_of)
    rows_of_files = [_rows_of(row_of, file.table.names) for file in files]
    for file, rows in zip(files, rows_of_files, strict=True):
        if len(rows) < n_contigs:
            problem = "%s: has %d of %d contigs; depth is 0 for the other %d"
            _LOG.warning(problem, file.path, len(rows), n_contigs, n_contigs - len(rows))
    variances = [
        _spread(file.table.variance, rows, n_contigs=n_contigs)
        for file, rows in zip(files, rows_of_files, strict=True)
        if file.table.variance is not None
    ]
    means = [
        _spread(file.table.mean, rows, n_contigs=n_contigs) for file, rows in zip(files, rows_of_files, strict=True)
    ]
    return DepthTable(
        names=list(row_of),
        lengths_bp=_common_lengths(files, rows_of_files, n_contigs=n_contigs),
        samples=tuple(sample for file in files for sample in file.table.samples),
        mean=np.concatenate(means, axis=1),
        variance=np.concatenate(variances, axis=1) if len(variances) == len(files) else None,
    )


@dataclass(frozen=True, slots=True, eq=False)
class ContigsOfSample:
    """Contigs of one sample: rows among all, and their own names, as the sample's assembly has them."""

    name: str
    rows: np.ndarray
    own_names: Sequence[str]


def join_depth(file: DepthFile, names: Sequence[str], *, lengths_bp: np.ndarray, is_part: bool = False) -> JoinedDepth:
    """Depth of these contigs, by name; what is matched, missing and extra is logged unless all match.

    Raises:
        DnabertSError: fewer than half of the contigs are in the table, or one has another length there.
    """
    table, path = file.table, file.path
    hint = "give depths of these contigs; names are compared up to the first blank"
    problem = "has only {matched} of {names} contigs by name"
    found = match_names(names, table.names, path=path, problem=problem, hint=hint)
    places, rows = found.places, found.rows
    if found.n_missing or found.n_extra:
        # extra ones are, as a rule, the short contigs left out
        level = logging.WARNING if found.n_missing else logging.DEBUG if is_part else logging.INFO
        counts = (len(rows), found.n_missing, found.n_extra)
        _LOG.log(level, "%s: %d contigs matched, %d missing, %d extra", path, *counts)
    there_bp = table.lengths_bp[rows]
    for place in np.flatnonzero((there_bp > 0) & (there_bp != lengths_bp[places])):
        own_bp = int(lengths_bp[places[place]])
        if not same_length(int(there_bp[place]), own_bp):
            problem = f"is {there_bp[place]:,} bp long here, {own_bp:,} bp in the sequences"
            raise DnabertSError(problem, path=path, record=names[places[place]], hint=hint)
    mean = _spread(table.mean[rows], places, n_contigs=len(names))
    return JoinedDepth(table.samples, mean, [file.facts()])


def join_by_sample(
    file: DepthFile, names: Sequence[str], *, lengths_bp: np.ndarray, samples: Sequence[ContigsOfSample]
) -> JoinedDepth:
    """Depth of the contigs of several assemblies: a file holds those of all, or of some; the others get NaN.

    Raises:
        DnabertSError: the file knows fewer than half of the contigs of each assembly, or one has another length there.
    """
    length_of = dict(zip(file.table.names, file.table.lengths_bp.tolist(), strict=True))
    found = [names_in(length_of, names, sample=sample, lengths_bp=lengths_bp) for sample in samples]
    known = [(sample, there) for sample, there in zip(samples, found, strict=True) if there is not None]
    if not known:
        return join_depth(file, names, lengths_bp=lengths_bp)
    if len(known) < len(samples):
        missing = ", ".join(sample.name for sample, there in zip(samples, found, strict=True) if there is None)
        _LOG.info("%s: knows the contigs of %d of %d samples, not %s", file.path, len(known), len(samples), missing)
    mean = np.full((len(names), len(file.table.samples)), np.nan, dtype=np.float32)
    for sample, there in known:
        part = join_depth(file, there, lengths_bp=lengths_bp[sample.rows], is_part=True)
        mean[sample.rows] = part.mean
    return JoinedDepth(file.table.samples, mean, [file.facts()])


def stack_depths(joined: Sequence[JoinedDepth]) -> JoinedDepth:
    """The samples of several files, joined with the same contigs, side by side."""
    return JoinedDepth(
        samples=tuple(sample for one in joined for sample in one.samples),
        mean=np.concatenate([one.mean for one in joined], axis=1),
        inputs=[facts for one in joined for facts in one.inputs],
    )


def check_samples(files: Iterable[DepthFile]) -> None:
    """Raise `DnabertSError` if two files hold a sample of the same name."""
    path_of: dict[str, str | Path] = {}
    for file in files:
        for sample in file.table.samples:
            if sample in path_of:
                problem = f"its sample '{sample}' is also one of {path_of[sample]}"
                raise DnabertSError(problem, path=file.path, hint="rename the file or the column")
            path_of[sample] = file.path


def names_in(
    length_of: Mapping[str, int], names: Sequence[str], *, sample: ContigsOfSample, lengths_bp: np.ndarray
) -> Sequence[str] | None:
    """The names that a file has for the contigs of a sample: those of the catalogue, or their own; None for neither.

    Contigs of several assemblies may share their own names, so these count only where all lengths agree.
    """
    full = [names[row] for row in sample.rows]
    n_least = max(1, LEAST_MATCHED * len(full))
    if sum(name in length_of for name in full) >= n_least:
        return full
    known = [
        (length_of[name], int(lengths_bp[row]))
        for name, row in zip(sample.own_names, sample.rows, strict=True)
        if name in length_of
    ]
    if len(known) >= n_least and all(there == 0 or same_length(there, own) for there, own in known):
        return sample.own_names
    return None


def _rows_of(row_of: dict[str, int], names: Sequence[str]) -> np.ndarray:
    return np.fromiter(map(row_of.__getitem__, names), np.int64, len(names))


def _spread(values: np.ndarray, rows: np.ndarray, *, n_contigs: int) -> np.ndarray:
    """(n, S) values at `rows` of `n_contigs`, 0 elsewhere. -> (n_contigs, S) float32."""
    spread = np.zeros((n_contigs, values.shape[1]), dtype=np.float32)
    spread[rows] = values
    return spread


def _common_lengths(files: Sequence[DepthFile], rows_of_files: Sequence[np.ndarray], *, n_contigs: int) -> np.ndarray:
    """The length of each contig, (n_contigs,) int64, the most exact one that a file states; 0 where none does.

    Raises:
        DnabertSError: two files state different ones.
    """
    lengths_bp = np.zeros(n_contigs, dtype=np.int64)
    for file, rows in zip(files, rows_of_files, strict=True):
        before_bp, here_bp = lengths_bp[rows], file.table.lengths_bp
        for row in np.flatnonzero((before_bp > 0) & (here_bp > 0) & (before_bp != here_bp)).tolist():
            first_bp, second_bp = int(before_bp[row]), int(here_bp[row])
            if not same_length(first_bp, second_bp):
                problem = f"is {second_bp:,} bp long here, {first_bp:,} bp in a file before"
                hint = "give depths of one assembly"
                raise DnabertSError(problem, path=file.path, record=file.table.names[row], hint=hint)
        is_rounded = np.array([float(f"{length:.6g}") == length for length in before_bp.tolist()], dtype=np.bool_)
        lengths_bp[rows] = np.where((here_bp > 0) & is_rounded, here_bp, before_bp)
    return lengths_bp
