"""`depth`: BAM, CRAM and tables of depth to one table in the form of MetaBAT2's jgi_summarize_bam_contig_depths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from ... import defaults
from ...io.depth import DepthFile, DepthTable, is_alignment_file, merge_depths, split_names, write_depth
from ...io.identity import check_apart
from ...io.outputs import OutputFiles
from ..progress import Progress
from ..run_record import KEEP, Existing, Run, run_json_beside
from .samples import DepthInput, read_depth_files

_STDOUT = "-"


@dataclass(frozen=True, slots=True)
class DepthReport:
    """What a finished run did."""

    n_contigs: int
    n_short: int
    n_unknown_lengths: int
    n_samples: int
    has_variance: bool
    seconds: float


def sort_inputs(words: Sequence[str | Path], settings: DepthInput) -> DepthInput:
    """`settings` with these files, some as NAME=PATH, those that are BAM or CRAM told from tables by their first bytes.

    Raises:
        DnabertSError: there is no such file.
    """
    paths, names = split_names(words)
    is_alignment = [is_alignment_file(path) for path in paths]
    return replace(
        settings,
        bam_paths=tuple(path for path, yes in zip(paths, is_alignment, strict=True) if yes),
        table_paths=tuple(path for path, yes in zip(paths, is_alignment, strict=True) if not yes),
        names=names,
    )


def make_depth_table(
    source: DepthInput,
    output: Path,
    *,
    min_length_bp: int = defaults.MIN_LENGTH_BP,
    stdout: TextIO,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> DepthReport:
    """Write the depth of all contigs in all samples, and depth.tsv.run.json next to depth.tsv.

    Args:
        output: "-" writes to `stdout`, and no run.json.
        min_length_bp: shorter contigs are left out; those of unknown length stay.

    Raises:
        DnabertSError: bad input, existing output, or a sample that comes twice.
    """
    settings = {**asdict(source), "min_length_bp": min_length_bp}
    run = Run("depth", argv=argv, asked=settings)
    if str(output) == _STDOUT:
        _, report, table = _measured(source, min_length_bp, run=run, progress=progress)
        write_depth(stdout, table)
        return report
    run_path = run_json_beside(output)
    check_apart((output, run_path), source.files())
    when_there = run.if_complete(output, run_path, existing=existing)
    with OutputFiles([output], sides=[run_path], force=existing.force, on_existing=when_there) as files:
        read, report, table = _measured(source, min_length_bp, run=run, progress=progress)
        with files.at(output).open("w", encoding="utf-8", newline="\n") as stream:
            write_depth(stream, table)
        files.record(run_path, run.describe(inputs=[file.facts() for file in read], settings=settings))
    return report


def _measured(
    source: DepthInput, min_length_bp: int, *, run: Run, progress: Progress
) -> tuple[list[DepthFile], DepthReport, DepthTable]:
    """What was read, what is told of it, and the table to write."""
    files = read_depth_files(source, progress=progress)
    table, n_short = _long_contigs(merge_depths(files), min_length_bp)
    report = DepthReport(
        n_contigs=len(table.names),
        n_short=n_short,
        n_unknown_lengths=int(np.count_nonzero(table.lengths_bp == 0)),
        n_samples=len(table.samples),
        has_variance=table.variance is not None,
        seconds=run.seconds,
    )
    return files, report, table


def _long_contigs(table: DepthTable, min_length_bp: int) -> tuple[DepthTable, int]:
    """The contigs that are long enough or of unknown length, and how many are not."""
    rows = np.flatnonzero((table.lengths_bp >= min_length_bp) | (table.lengths_bp == 0))
    chosen = DepthTable(
        names=[table.names[row] for row in rows.tolist()],
        lengths_bp=table.lengths_bp[rows],
        samples=table.samples,
        mean=table.mean[rows],
        variance=None if table.variance is None else table.variance[rows],
    )
    return chosen, len(table.names) - len(rows)
