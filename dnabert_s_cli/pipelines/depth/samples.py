"""Depth of contigs from BAM, CRAM and tables together, for `depth` and `bin`.

Files -> one table each, with what provenance says of its file -> joined by name with the contigs that are binned.
Depth from alignments, which takes long, may be kept sample by sample, for a resumed run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError, raise_together
from ...io.depth import (
    AlignmentFile,
    DepthOptions,
    DepthTable,
    JoinedDepth,
    SampleDepth,
    Source,
    check_samples,
    is_alignment_file,
    join_depth,
    open_alignment_files,
    read_alignment_depths,
    read_depth_table,
    stack_depths,
)
from ...io.embeddings.reading import read_npy
from ...io.files import sha256_file
from ...io.stages import StageFacts, StageFolder
from ...threads import thread_count
from ..progress import Progress
from ..run_record import file_facts
from ..vectors.inputs import reference_files

__all__ = ["ContigDepths", "DepthInput", "DepthOptions", "DepthSources", "read_depth_sources", "read_sample_depth"]

logger = logging.getLogger(__name__)

_STDIN = "-"
_DEPTH_FILE = "depth.npy"  # mean and variance of each contig in the file's header, (contigs, 2) float32


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

    def files(self) -> list[str | Path]:
        """Every file that is read, indexes beside them included."""
        indexes = [f"{path}{end}" for path in self.bam_paths for end in (".bai", ".csi", ".crai")]
        return [*self.bam_paths, *indexes, *self.table_paths, *reference_files(self.reference_path)]


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
    source: DepthInput,
    names: Sequence[str],
    *,
    lengths_bp: np.ndarray,
    kept: StageFolder | None = None,
    progress: Progress,
) -> ContigDepths:
    """Depth of these contigs in all samples, by name: BAM files first, each in the order given.

    Args:
        source: at least one file.
        lengths_bp: (N,) int64, of the contigs.
        kept: where depth from alignments is kept, and looked for.

    Raises:
        DnabertSError: bad input, a sample that comes twice, a file that knows fewer than half of the contigs, or a
            contig of another length; alignments that are not those of the unfinished run.
    """
    sources = read_depth_sources(source, kept=kept, progress=progress)
    joined = [join_depth(table, names, lengths_bp=lengths_bp, path=path) for path, table in sources.tables]
    return ContigDepths(stack_depths(joined), sources.inputs)


def read_depth_sources(source: DepthInput, *, kept: StageFolder | None = None, progress: Progress) -> DepthSources:
    """One table for each file; arguments and errors are those of `read_sample_depth`, bad inputs reported together."""
    alignments = open_alignment_files(source.bam_paths, reference_path=source.reference_path)
    tables, inputs = _read_tables(source.table_paths)
    samples = _read_samples(source, alignments, kept=kept, progress=progress)
    tables = [*((sample.path, sample.table) for sample in samples), *tables]
    read: list[dict[str, object]] = [{"path": sample.path, "sha256": sample.sha256} for sample in samples]
    inputs = [*read, *inputs]
    check_samples(tables)
    return DepthSources(tables, inputs)


def _read_samples(
    source: DepthInput, alignments: Sequence[AlignmentFile], *, kept: StageFolder | None, progress: Progress
) -> list[SampleDepth]:
    """Depth in each file, in order; of those that an earlier run has kept, their content alone is compared."""
    sample_of = {}
    made_from: dict[str, Sequence[str]] = {}
    if kept is not None:
        if source.reference_path is not None:
            made_from["sequences in --reference"] = [sha256_file(source.reference_path)]
        found = (_find_sample(source, file, made_from=made_from, kept=kept) for file in alignments)
        sample_of = {sample.path: sample for sample in found if sample is not None}
    missing = [file for file in alignments if file.path not in sample_of]
    if missing:
        progress.start("depth from alignments", sum(file.n_bytes for file in missing), unit="B")

    def keep(sample: SampleDepth) -> None:
        sample_of[sample.path] = sample
        if kept is not None:
            _keep_sample(source, sample, made_from=made_from, kept=kept)

    read_alignment_depths(
        missing,
        source.options,
        threads=thread_count(source.threads),
        reference_path=source.reference_path,
        on_bytes=progress.advance,
        on_sample=keep,
    )
    return [sample_of[file.path] for file in alignments]


def _find_sample(
    source: DepthInput, file: AlignmentFile, *, made_from: Mapping[str, Sequence[str]], kept: StageFolder
) -> SampleDepth | None:
    """Depth in this file as an earlier run has kept it, if it has. `made_from`: digests of further inputs."""
    stage = _stage_of(file.path)
    if not kept.has(stage):
        return None
    digest = sha256_file(file.path)
    facts = StageFacts({_named_input(file.path): [digest], **made_from}, asdict(source.options))
    folder = kept.find(stage, facts)
    assert folder is not None, "it has been seen"
    depth = np.array(read_npy(folder / _DEPTH_FILE))
    logger.info("%s: using its depth from the unfinished run", file.path)
    table = DepthTable(file.names, file.lengths_bp, (Path(file.path).name,), depth[:, :1], depth[:, 1:])
    return SampleDepth(file.path, table, digest)


def _keep_sample(
    source: DepthInput, sample: SampleDepth, *, made_from: Mapping[str, Sequence[str]], kept: StageFolder
) -> None:
    assert sample.table.variance is not None, "alignments tell it"
    facts = StageFacts({_named_input(sample.path): [sample.sha256], **made_from}, asdict(source.options))
    with kept.keep(_stage_of(sample.path), facts) as folder:
        np.save(folder / _DEPTH_FILE, np.concatenate([sample.table.mean, sample.table.variance], axis=1))


def _stage_of(path: str) -> str:
    """A file name for a sample, whose own may have any length."""
    return f"depth-{sha256(Path(path).name.encode(errors='surrogateescape')).hexdigest()[:16]}"


def _named_input(path: str) -> str:
    return f"alignments in {Path(path).name}"


def _read_tables(paths: Sequence[str | Path]) -> tuple[list[Source], list[dict[str, object]]]:
    tables: list[Source] = []
    inputs: list[dict[str, object]] = []
    problems: list[DnabertSError] = []
    for path in paths:
        try:
            if str(path) != _STDIN and is_alignment_file(path):
                raise DnabertSError("is BAM or CRAM, not a table", path=path, hint="give it with --bam")
            tables.append((path, read_depth_table(path)))
            inputs += file_facts(path)
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    return tables, inputs
