"""Depth of contigs from BAM, CRAM and tables together, for `depth` and `bin`.

Files -> one table each, with what provenance says of its file -> joined by name with the contigs that are binned.
Depth from alignments, which takes long, may be kept sample by sample, for a resumed run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError, raise_together
from ...io.depth import (
    AlignmentFile,
    ContigsOfSample,
    DepthFile,
    DepthOptions,
    DepthTable,
    JoinedDepth,
    check_samples,
    is_alignment_file,
    join_by_sample,
    join_depth,
    open_alignment_files,
    preview_reads,
    read_alignment_depths,
    read_depth_table,
    sample_name,
    sample_names,
    split_names,
    stack_depths,
)
from ...io.embeddings.reading import read_npy
from ...io.files import sha256_file
from ...io.stages import StageFacts, StageFolder
from ...threads import thread_count
from ..progress import Progress
from ..vectors.inputs import reference_files

__all__ = ["DepthInput", "DepthOptions", "read_depth_files", "read_sample_depth"]

logger = logging.getLogger(__name__)

IsElsewhere = Callable[[Sequence[str], np.ndarray], bool]

_STDIN = "-"
AUTO, LONG = "auto", "long"  # values of `DepthInput.reads`; any other leaves the identity as it is
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
        names: names of samples by path, in place of those of the files.
        reads: what reads a BAM holds: "short", "long", or "auto", by the first of them; the identity from which they
            count follows from it. None: as `options` says.
    """

    bam_paths: tuple[str | Path, ...] = ()
    table_paths: tuple[str | Path, ...] = ()
    reference_path: Path | None = None
    options: DepthOptions = field(default_factory=DepthOptions)
    threads: int = defaults.THREADS
    names: Mapping[str, str] = field(default_factory=dict)
    reads: str | None = None

    def with_files(self, bams: Sequence[str], tables: Sequence[str]) -> DepthInput:
        """The same settings with these files, each given as PATH or NAME=PATH."""
        bam_paths, bam_names = split_names(bams)
        table_paths, table_names = split_names(tables)
        names = {**bam_names, **table_names}
        return replace(self, bam_paths=bam_paths, table_paths=table_paths, names=names)

    @property
    def is_empty(self) -> bool:
        """Whether there is no file at all."""
        return not self.bam_paths and not self.table_paths

    def files(self) -> list[str | Path]:
        """Every file that is read, indexes beside them included."""
        indexes = [f"{path}{end}" for path in self.bam_paths for end in (".bai", ".csi", ".crai")]
        return [*self.bam_paths, *indexes, *self.table_paths, *reference_files(self.reference_path)]


def read_sample_depth(
    source: DepthInput,
    names: Sequence[str],
    *,
    lengths_bp: np.ndarray,
    samples: Sequence[ContigsOfSample] = (),
    kept: StageFolder | None = None,
    is_elsewhere: IsElsewhere | None = None,
    progress: Progress,
) -> JoinedDepth | None:
    """Depth of these contigs in all samples, by name: BAM files first, each in the order given.

    Args:
        source: at least one file.
        lengths_bp: (N,) int64, of the contigs.
        samples: the contigs of each assembly, where there are several; depth is NaN where a file does not know those of
            one.
        kept: where depth from alignments is kept, and looked for.
        is_elsewhere: says of the contigs of a file that they are others than these, so that it is left out.

    Returns:
        None if every file was left out.

    Raises:
        DnabertSError: bad input, a sample that comes twice, a file that knows fewer than half of the contigs, or a
            contig of another length; alignments that are not those of the unfinished run.
    """
    files = read_depth_files(source, kept=kept, is_elsewhere=is_elsewhere, progress=progress)
    if not files:
        return None
    if samples:
        joined = [join_by_sample(file, names, lengths_bp=lengths_bp, samples=samples) for file in files]
    else:
        joined = [join_depth(file, names, lengths_bp=lengths_bp) for file in files]
    return stack_depths(joined)


def read_depth_files(
    source: DepthInput,
    *,
    kept: StageFolder | None = None,
    is_elsewhere: IsElsewhere | None = None,
    progress: Progress,
) -> list[DepthFile]:
    """One table for each file, BAM files first; arguments and errors are those of `read_sample_depth`, bad inputs
    reported together.
    """
    opened = open_alignment_files(source.bam_paths, names=source.names, reference_path=source.reference_path)
    tables = _read_tables(source.table_paths, source.names)
    if is_elsewhere is not None:
        opened = [file for file in opened if not _left_out(file.path, file.names, file.lengths_bp, is_elsewhere)]
        tables = [
            file for file in tables if not _left_out(file.path, file.table.names, file.table.lengths_bp, is_elsewhere)
        ]
    alignments = [_with_identity(file, source) for file in opened]
    files = [*_read_samples(source, alignments, kept=kept, progress=progress), *tables]
    check_samples(files)
    return files


def _left_out(  # noqa: PLR0917  a file's name, and what it holds
    path: str | Path, names: Sequence[str], lengths_bp: np.ndarray, is_elsewhere: IsElsewhere
) -> bool:
    found = is_elsewhere(names, lengths_bp)
    if found:
        logger.info("%s: knows earlier samples only, and is left out", path)
    return found


def _with_identity(file: AlignmentFile, source: DepthInput) -> AlignmentFile:
    """The file with the identity that suits its reads, where that was left open."""
    if source.reads not in (AUTO, LONG):
        return file
    seen = preview_reads(file, reference_path=source.reference_path)
    if source.reads == AUTO and not seen.is_long:
        return file
    chosen = seen.min_identity()
    problem = "%s: long reads, %.0f bp at %.1f %% identity (median): those of %g %% and more count"
    logger.info(problem, file.path, seen.median_bp, seen.identity, chosen)
    return replace(file, min_identity=chosen)


def _read_samples(
    source: DepthInput, alignments: Sequence[AlignmentFile], *, kept: StageFolder | None, progress: Progress
) -> list[DepthFile]:
    """Depth in each file, in order; of those that an earlier run has kept, their content alone is compared."""
    sample_of = {}
    made_from: dict[str, Sequence[str]] = {}
    if kept is not None:
        if source.reference_path is not None:
            made_from["sequences in --reference"] = [sha256_file(source.reference_path)]
        found = (_find_sample(source, file, made_from=made_from, kept=kept) for file in alignments)
        sample_of = {str(sample.path): sample for sample in found if sample is not None}
    missing = [file for file in alignments if file.path not in sample_of]
    if missing:
        progress.start("depth from alignments", sum(file.n_bytes for file in missing), unit="B")

    options_of = {file.path: file.options(source.options) for file in missing}

    def keep(sample: DepthFile) -> None:
        sample_of[str(sample.path)] = sample
        if kept is not None:
            _keep_sample(options_of[str(sample.path)], sample, made_from=made_from, kept=kept)

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
) -> DepthFile | None:
    """Depth in this file as an earlier run has kept it, if it has. `made_from`: digests of further inputs."""
    stage = _stage_of(file.sample)
    if not kept.has(stage):
        return None
    digest = sha256_file(file.path)
    options = asdict(file.options(source.options))
    facts = StageFacts({_named_input(file.sample): [digest], **made_from}, options)
    folder = kept.find(stage, facts)
    assert folder is not None, "it has been seen"
    depth = np.array(read_npy(folder / _DEPTH_FILE))
    logger.info("%s: using its depth from the unfinished run", file.path)
    table = DepthTable(file.names, file.lengths_bp, (file.sample,), depth[:, :1], depth[:, 1:])
    return DepthFile(file.path, table, digest)


def _keep_sample(
    options: DepthOptions, sample: DepthFile, *, made_from: Mapping[str, Sequence[str]], kept: StageFolder
) -> None:
    assert sample.table.variance is not None, "alignments tell it"
    assert sample.sha256 is not None, "it is a file"
    (name,) = sample.table.samples
    facts = StageFacts({_named_input(name): [sample.sha256], **made_from}, asdict(options))
    with kept.keep(_stage_of(name), facts) as folder:
        np.save(folder / _DEPTH_FILE, np.concatenate([sample.table.mean, sample.table.variance], axis=1))


def _stage_of(sample: str) -> str:
    """A file name for a sample, whose own may have any length."""
    return f"depth-{sha256(sample.encode(errors='surrogateescape')).hexdigest()[:16]}"


def _named_input(sample: str) -> str:
    return f"alignments in {sample}"


def _read_tables(paths: Sequence[str | Path], names: Mapping[str, str]) -> list[DepthFile]:
    own = [sample_name(path) for path in paths]
    samples = sample_names(paths, names, own=own)
    files: list[DepthFile] = []
    problems: list[DnabertSError] = []
    for path, file_name, sample in zip(paths, own, samples, strict=True):
        is_stream = str(path) == _STDIN
        try:
            if not is_stream and is_alignment_file(path):
                raise DnabertSError("is BAM or CRAM, not a table", path=path, hint="give it with --bam")
            table = read_depth_table(path)
            if str(path) in names or table.samples == (file_name,):
                table = _renamed(table, sample, path=path)
            files.append(DepthFile(path, table, None if is_stream else sha256_file(path)))
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    return files


def _renamed(table: DepthTable, sample: str, *, path: str | Path) -> DepthTable:
    """A table of one sample, under another name.

    Raises:
        DnabertSError: it has several.
    """
    if len(table.samples) != 1:
        hint = "give the file without a name: its columns have their own"
        raise DnabertSError(f"'{sample}' names one sample, but it holds {len(table.samples)}", path=path, hint=hint)
    return replace(table, samples=(sample,))
