"""`bin`: an assembly to species bins.

Contigs are checked; depth of the samples is joined to them by name; they are embedded (or their vectors read), and
halves of long ones show how alike one genome is; single-copy genes are found; clusters that are large enough become
bins. What took long is kept meanwhile (`bin_stages`); the output folder appears whole or not at all.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ...errors import DnabertSError, OutputIsComplete
from ...io.bins.reading import read_binning
from ...io.bins.stats import BinStats
from ...io.bins.writing import SpeciesRow
from ...io.depth import JoinedDepth
from ...io.folders import OWN_MARK, atomic_folder, restore_output
from ...io.identity import check_apart
from ...io.names import match_names
from ...io.resume import disk_full_as_error
from ...io.sequences.reading import InputSummary
from ...io.stages import StageFolder, discard_stages
from ..progress import Progress
from ..run_record import Run
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import STDIN, SequenceInput, model_files
from ..vectors.tables import Vectors
from .circular import set_apart
from .clusters import Evidence
from .contigs import Contigs, scan_contigs
from .groups import Bins, bin_by_sample, bin_together
from .naming import open_names
from .outputs import BinnedContigs, BinOptions
from .results.annotated import H5adFile
from .results.joining import Addition
from .results.kept import is_kept
from .results.writing import Own, Place, shared_settings, write_results
from .samples import Samples
from .stages import BinInput, Stages, check_evidence, on_disk_array
from .taxonomy import join_taxonomy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class BinReport:
    """What a finished run did."""

    bins: Sequence[BinStats]
    summary: InputSummary
    min_similarity: float | None
    seconds: float
    species: Sequence[SpeciesRow] | None = None


def bin_contigs(
    source: BinInput,
    output: Path,
    *,
    encoder: EncoderOptions,
    options: BinOptions,
    resume: bool = False,
    force: bool = False,
    argv: Sequence[str] = (),
    progress: Progress,
) -> BinReport:
    """Bin the contigs of `source` into the folder `output`.

    Args:
        resume: continue an unfinished run, if there is one.

    Raises:
        DnabertSError: bad input (all problems together), no such model, existing output, or an unfinished run that was
            made from something else.
    """
    asked = {"source": asdict(source), "encoder": asdict(encoder), "options": asdict(options)}
    run = Run("bin", argv=argv, seed=options.clustering.seed, asked=asked)
    h5ad = H5adFile.of(options.outputs.h5ad, output)
    given = options.outputs.references
    check_apart([output, h5ad.apart], [*source.files(), given, *model_files(encoder.model)])
    adds = resume and not force and _adds_samples(run, output, source=source, h5ad=h5ad)
    if adds and options.outputs.contig_table:
        hint = "leave the option out, or bin all samples again with --force"
        raise DnabertSError("a sample cannot be added with --contig-table", path=output, hint=hint)
    kept = StageFolder(output, resume=resume, force=force or adds)
    h5ad.check(force=force or adds or kept.path.exists())
    check_evidence(source, method=options.clustering.method)
    references = None if given is None else open_names(given)
    with (
        kept,
        atomic_folder(output, force=force or adds, within=kept.path) as folder,
        _on_disk(source.contigs) as contigs,
        disk_full_as_error(kept.path),
    ):
        found, summary = scan_contigs(contigs, separator=source.separator)
        shared = shared_settings(source, encoder, options=options)
        addition = Addition.of(output, found, settings=shared, workplace=kept.path) if adds else None
        whole = Stages(replace(source, contigs=contigs), found, summary, kept, progress, seed=options.clustering.seed)
        stages = whole if addition is None else _of_addition(whole, addition)
        gathered = _gather(stages, encoder, run=run, addition=addition)
        bins = _bin(gathered, stages, options=options)
        run.note("clustering")
        place = Place(
            folder, output.name, h5ad, replace(options, clustering=bins.options), shared, references, progress
        )
        own = Own(
            gathered.binned(bins),
            stages.source,
            gathered.vectors,
            gathered.depth_inputs,
            summary,
            gathered.evidence.halves,
        )
        stats, species = write_results(place, own, addition=addition, run=run)
    return BinReport(stats, summary, bins.options.min_similarity, run.timings_s["total"], species)


def _adds_samples(run: Run, output: Path, *, source: BinInput, h5ad: H5adFile) -> bool:
    """Whether the output is there, complete, and samples are to be added to it.

    Raises:
        OutputIsComplete: this run has been completed.
        DnabertSError: another run made it, to which nothing can be added.
    """
    restore_output(output)
    if not output.is_dir() or not any(output.iterdir()):
        return False
    difference = run.difference(output, output / OWN_MARK)
    if difference is None and h5ad.path is not None and not h5ad.path.is_file():
        raise DnabertSError(f"is complete, but {h5ad.path} is missing", path=output, hint="--force makes both")
    if difference is None:
        discard_stages(output)
        raise OutputIsComplete(output)
    if source.separator is None or not is_kept(output):
        raise difference
    return True


def _of_addition(stages: Stages, addition: Addition) -> Stages:
    """The same stages over the contigs of the samples that are added."""
    own = addition.own_contigs()
    return replace(
        stages,
        source=replace(stages.source, contigs=addition.part_of(stages.source.contigs)),
        contigs=own,
        summary=replace(stages.summary, total_bp=int(own.lengths_bp.sum())),
        is_elsewhere=addition.is_elsewhere,
    )


@contextmanager
def _on_disk(source: SequenceInput) -> Iterator[SequenceInput]:
    """The same input in files that can be read again: standard input is copied to a temporary one."""
    if not source.is_stream:
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder:
        copy = Path(folder) / "stdin"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield replace(source, paths=tuple(copy if str(path) == STDIN else path for path in source.paths))


@dataclass(frozen=True, slots=True, eq=False)
class _Gathered:
    """Everything that is known of the contigs, in one order; `samples` where they are binned sample by sample."""

    contigs: Contigs
    samples: Samples | None
    vectors: Vectors
    evidence: Evidence
    depths: JoinedDepth | None

    def binned(self, bins: Bins) -> BinnedContigs:
        """The contigs in bins."""
        samples = () if self.depths is None else self.depths.samples
        evidence = self.evidence
        return BinnedContigs(self.contigs, bins, evidence.embeddings, evidence.depth, samples, evidence.hits)

    @property
    def depth_inputs(self) -> Sequence[Mapping[str, object]]:
        """What provenance says of the files with depth."""
        return () if self.depths is None else self.depths.inputs


def _gather(stages: Stages, encoder: EncoderOptions, *, run: Run, addition: Addition | None) -> _Gathered:
    """Depth and another tool's bins come first, so that mistakes in them are reported before hours of embedding."""
    read = stages.read_vectors()
    contigs = stages.contigs if read is None else stages.contigs.named(read.table.ids)
    samples = stages.samples(contigs.ids)
    opened = None if read is not None else encoder.open()
    if addition is not None:
        addition.require_encoder(opened.describe() if opened is not None else read.encoder_facts if read else {})
    refined_path = stages.source.refined_path
    given = None if refined_path is None else _given_bins(refined_path, contigs.ids)
    taxonomy_path = stages.source.taxonomy_path
    taxa = None if taxonomy_path is None else join_taxonomy(taxonomy_path, contigs.ids)
    depths = stages.depths(contigs, samples)
    if depths is not None:
        run.note("depth")
    in_memory = samples is None
    vectors, halves = (read, None) if opened is None else stages.embed_vectors(opened, in_memory=in_memory)
    assert vectors is not None, "read or embedded"
    run.note("embedding")
    hits = stages.marker_hits(vectors.table)
    run.note("markers")
    depth = None if depths is None else depths.mean
    table = vectors.table
    evidence = Evidence(
        table.embeddings, table.lengths_bp, halves=halves, depth=depth, hits=hits, given=given, taxa=taxa
    )
    return _Gathered(contigs, samples, vectors, evidence, depths)


def _given_bins(path: Path, ids: Sequence[str]) -> np.ndarray:
    """Another tool's bin of each contig, -1 for none. -> (N,) int64."""
    bin_of = read_binning(path)
    problem = "has only {matched} of {names} contigs by name"
    found = match_names(ids, list(bin_of), path=path, problem=problem, hint="give bins of these contigs", of_fewer=True)
    logger.info("%s: %d of %d contigs are in a bin", path, len(found), len(ids))
    number_of = {name: number for number, name in enumerate(dict.fromkeys(bin_of.values()))}
    return np.array([number_of[bin_of[name]] if name in bin_of else -1 for name in ids], dtype=np.int64)


def _bin(gathered: _Gathered, stages: Stages, *, options: BinOptions) -> Bins:
    """Bins of all contigs together, or of those of each sample."""
    evidence, samples, prefix = gathered.evidence, gathered.samples, options.outputs.name_prefix
    contigs = gathered.contigs
    circular = contigs.is_circular if evidence.given is None else np.zeros_like(contigs.is_circular)
    apart = set_apart(contigs.lengths_bp, circular, hits=evidence.hits, min_bin_bp=options.min_bin_bp)
    if samples is None:
        return bin_together(
            evidence,
            apart,
            options=options.clustering,
            min_bin_bp=options.min_bin_bp,
            prefix=prefix,
            progress=stages.progress,
        )
    return bin_by_sample(
        evidence,
        apart,
        samples=samples,
        options=options.clustering,
        unit=on_disk_array(stages.kept.path, evidence.embeddings.shape),
        min_bin_bp=options.min_bin_bp,
        prefix=prefix,
        progress=stages.progress,
    )
