"""`refine`: several binners' bins of one assembly to the best set.

Contigs are checked, sets of bins read and matched to them by name; depth is joined, contigs are embedded, single-copy
genes found, each stage kept as in `bin`; the best set of bins is chosen and written as `bin` writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ...errors import DnabertSError, OutputIsComplete, raise_together
from ...io.bins.reading import binning_files
from ...io.bins.several import BinSet, read_bin_set
from ...io.bins.stats import BinStats
from ...io.depth import JoinedDepth, sample_names, split_names
from ...io.folders import OWN_MARK, atomic_folder, restore_output
from ...io.identity import check_apart
from ...io.resume import disk_full_as_error
from ...io.sequences import file_label
from ...io.sequences.reading import InputSummary
from ...io.stages import StageFolder, discard_stages
from ..bin.clusters import LOUVAIN, Evidence
from ..bin.contigs import Contigs, scan_contigs
from ..bin.groups import Bins
from ..bin.outputs import BinnedContigs, BinOptions
from ..bin.results.annotated import H5adFile
from ..bin.results.writing import Own, Place, write_results
from ..bin.stages import BinInput, Stages, check_evidence
from ..progress import Progress
from ..run_record import KEEP, Existing, Run, file_facts
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import SequenceInput, model_files
from ..vectors.tables import Vectors
from .joint import join_sets

LEAST_SETS = 2


@dataclass(frozen=True, slots=True)
class SetFiles:
    """Where each set of bins is, a table or a folder, and its name."""

    paths: tuple[str, ...]
    names: tuple[str, ...]

    def files(self) -> list[str | Path]:
        """Every file that is read."""
        return [file for path in self.paths for file in binning_files(path)]


@dataclass(frozen=True, slots=True)
class RefineReport:
    """What a finished run did."""

    bins: Sequence[BinStats]
    summary: InputSummary
    seconds: float


def find_sets(words: Sequence[str]) -> SetFiles:
    """Sets as PATH or NAME=PATH; without a name they are named after file or folder.

    Raises:
        DnabertSError: there is no such file or folder, or only one, or a name comes twice.
    """
    paths, given = split_names(words)
    problems = [
        DnabertSError("no such file or folder", path=path, hint="give a table of contig and bin, or a folder of bins")
        for path in paths
        if not Path(path).exists()
    ]
    raise_together(problems)
    if len(paths) < LEAST_SETS:
        hint = "to divide the bins of one binner, use bin --refine"
        raise DnabertSError("one set of bins cannot be refined by another", path=paths[0], hint=hint)
    own = [Path(path).name if Path(path).is_dir() else file_label(path) for path in paths]
    names = sample_names(paths, given, own=own)
    for place, name in enumerate(names):
        if name in names[:place]:
            raise DnabertSError(f"two sets are named '{name}'", path=paths[place], hint="name them: NAME=PATH")
    return SetFiles(paths, tuple(names))


def refine_bins(
    sets: SetFiles,
    source: BinInput,
    *,
    output: Path,
    encoder: EncoderOptions,
    options: BinOptions,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> RefineReport:
    """Write the best bins that can be made of `sets` into the folder `output`.

    Args:
        source: the contigs and what is known of them.
        options: seed, threads, least size of a bin, and what is written.
        existing: what becomes of a finished output, and of an unfinished run.

    Raises:
        DnabertSError: bad input, existing output, or an unfinished run that was made from something else.
        OutputIsComplete: the same run has been completed.
    """
    asked = {
        "sets": asdict(sets),
        "source": asdict(source),
        "encoder": asdict(encoder),
        "options": asdict(options),
    }
    run = Run("refine", argv=argv, seed=options.clustering.seed, asked=asked)
    check_apart([output], [*source.files(), *sets.files(), *model_files(encoder.model)])
    if existing.resume and not existing.force:
        _end_if_complete(run, output)
    check_evidence(source, method=LOUVAIN)
    kept = StageFolder(output, resume=existing.resume, force=existing.force)
    with kept, atomic_folder(output, force=existing.force, within=kept.path) as folder, disk_full_as_error(kept.path):
        contigs, summary = scan_contigs(source.contigs)
        read = _read_sets(sets, contigs, source=source.contigs)
        stages = Stages(source, contigs, summary, kept, progress, seed=options.clustering.seed)
        known = _gather(stages, encoder, run=run)
        bins = join_sets(
            read,
            known.contigs.ids,
            evidence=known.evidence,
            options=options.clustering,
            min_bin_bp=options.min_bin_bp,
            prefix=options.outputs.name_prefix,
            progress=progress,
        )
        run.note("choosing")
        place = Place(folder, output.name, H5adFile.of(None, output), options, {}, None, progress)
        stats, _ = write_results(place, known.own(bins, stages, sets=sets), addition=None, run=run)
    return RefineReport(stats, summary, run.timings_s["total"])


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """Everything that is known of the contigs, in one order."""

    contigs: Contigs
    vectors: Vectors
    evidence: Evidence
    depths: JoinedDepth | None

    def own(self, bins: Bins, stages: Stages, *, sets: SetFiles) -> Own:
        """The contigs in bins, and from what they were made."""
        evidence, depths = self.evidence, self.depths
        samples = () if depths is None else depths.samples
        binned = BinnedContigs(self.contigs, bins, evidence.embeddings, evidence.depth, samples, evidence.hits)
        inputs = [*(() if depths is None else depths.inputs), *file_facts(*sets.files())]
        return Own(binned, stages.source, self.vectors, inputs, stages.summary, evidence.halves)


def _end_if_complete(run: Run, output: Path) -> None:
    """Raise `OutputIsComplete` if this run has been completed, and an error if another one has."""
    restore_output(output)
    if not output.is_dir() or not any(output.iterdir()):
        return
    difference = run.difference(output, output / OWN_MARK)
    if difference is not None:
        raise difference
    discard_stages(output)
    raise OutputIsComplete(output)


def _read_sets(sets: SetFiles, contigs: Contigs, *, source: SequenceInput) -> list[BinSet]:
    """All sets, problems of all of them together."""
    names = _Names(contigs, source)
    found: list[BinSet] = []
    problems: list[DnabertSError] = []
    for path, name in zip(sets.paths, sets.names, strict=True):
        try:
            found.append(read_bin_set(path, name=name, contigs=names))
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    return found


class _Names(Collection[str]):
    """Names of all contigs; those of contigs that are too short are read only once one of them is asked for."""

    def __init__(self, contigs: Contigs, source: SequenceInput) -> None:
        self._known = set(contigs.ids)
        self._source = source
        self._has_short = source.min_length_bp == 0

    def __contains__(self, name: object) -> bool:
        if name not in self._known and not self._has_short:
            everything = replace(self._source, min_length_bp=0)
            self._known.update(record.id for record in everything.records())
            self._has_short = True
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _gather(stages: Stages, encoder: EncoderOptions, *, run: Run) -> _Known:
    """Depth, vectors and markers of the contigs."""
    read = stages.read_vectors()
    contigs = stages.contigs if read is None else stages.contigs.named(read.table.ids)
    opened = None if read is not None else encoder.open()
    depths = stages.depths(contigs, None)
    if depths is not None:
        run.note("depth")
    vectors, halves = (read, None) if opened is None else stages.embed_vectors(opened)
    assert vectors is not None, "read or embedded"
    run.note("embedding")
    hits = stages.marker_hits(vectors.table)
    run.note("markers")
    depth = None if depths is None else depths.mean
    evidence = Evidence(vectors.table.embeddings, vectors.table.lengths_bp, halves=halves, depth=depth, hits=hits)
    return _Known(contigs, vectors, evidence, depths)
