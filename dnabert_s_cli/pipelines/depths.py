"""Depth of contigs from BAM, CRAM and tables together, for `depth` and `bin`.

Files -> one table each, with what provenance says of its file -> joined by name with the contigs that are binned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .. import defaults
from ..analysis.blocks import thread_count
from ..errors import DnabertSError, raise_together
from ..io.depth import (
    DepthOptions,
    JoinedDepth,
    Source,
    check_samples,
    is_alignment_file,
    join_depth,
    open_alignment_files,
    read_alignment_depths,
    read_depth_table,
    stack_depths,
)
from ..io.files import sha256_file
from .progress import Progress

__all__ = ["ContigDepths", "DepthInput", "DepthOptions", "DepthSources", "read_depth_sources", "read_sample_depth"]

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class DepthInput:
    """Files that hold depth, one call's.

    Args:
        bam_paths: BAM or CRAM, sorted; a sample each.
        table_paths: any depth table, each of one or more samples; "-" is standard input.
        reference_path: the FASTA that a CRAM was aligned to.
        options: which reads of a BAM count.
        threads: 0 for all cores.
    """

    bam_paths: tuple[str | Path, ...] = ()
    table_paths: tuple[str | Path, ...] = ()
    reference_path: Path | None = None
    options: DepthOptions = field(default_factory=DepthOptions)
    threads: int = defaults.THREADS

    @property
    def is_empty(self) -> bool:
        """Whether there is no file at all."""
        return not self.bam_paths and not self.table_paths


@dataclass(frozen=True, slots=True, eq=False)
class DepthSources:
    """A table for each file, BAM files first, and what provenance says of the files."""

    tables: Sequence[Source]
    inputs: Sequence[dict[str, object]]


@dataclass(frozen=True, slots=True, eq=False)
class ContigDepths:
    """Depth of the contigs that were asked for, and what provenance says of the files it is from."""

    joined: JoinedDepth
    inputs: Sequence[dict[str, object]]


def read_sample_depth(
    source: DepthInput, names: Sequence[str], *, lengths_bp: np.ndarray, progress: Progress
) -> ContigDepths:
    """Depth of these contigs in all samples, by name: BAM files first, each in the order given.

    Args:
        source: at least one file.
        lengths_bp: (N,) int64, of the contigs.

    Raises:
        DnabertSError: bad input, a sample that comes twice, a file that knows fewer than half of the contigs, or a
            contig of another length.
    """
    sources = read_depth_sources(source, progress=progress)
    joined = [join_depth(table, names, lengths_bp=lengths_bp, path=path) for path, table in sources.tables]
    return ContigDepths(stack_depths(joined), sources.inputs)


def read_depth_sources(source: DepthInput, *, progress: Progress) -> DepthSources:
    """One table for each file.

    Raises:
        DnabertSError: bad input, as far as can be all problems together, or a sample that comes twice.
    """
    alignments = open_alignment_files(source.bam_paths, reference_path=source.reference_path)
    tables, inputs = _read_tables(source.table_paths)
    if alignments:
        progress.start("depth from alignments", sum(file.n_bytes for file in alignments), unit="B")
    samples = read_alignment_depths(
        alignments,
        source.options,
        threads=thread_count(source.threads),
        reference_path=source.reference_path,
        on_bytes=progress.advance,
    )
    tables = [*((sample.path, sample.table) for sample in samples), *tables]
    read: list[dict[str, object]] = [{"path": sample.path, "sha256": sample.sha256} for sample in samples]
    inputs = [*read, *inputs]
    check_samples(tables)
    return DepthSources(tables, inputs)


def _read_tables(paths: Sequence[str | Path]) -> tuple[list[Source], list[dict[str, object]]]:
    tables: list[Source] = []
    inputs: list[dict[str, object]] = []
    problems: list[DnabertSError] = []
    for path in paths:
        try:
            if str(path) != _STDIN and is_alignment_file(path):
                raise DnabertSError("is BAM or CRAM, not a table", path=path, hint="give it with --bam")
            tables.append((path, read_depth_table(path)))
            inputs.append(
                {"path": str(path)} if str(path) == _STDIN else {"path": str(path), "sha256": sha256_file(path)}
            )
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    return tables, inputs
