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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError
from ...io.bins.reading import read_binning
from ...io.bins.stats import BinStats
from ...io.bins.writing import SpeciesRow
from ...io.depth import JoinedDepth
from ...io.folders import OWN_MARK, atomic_folder
from ...io.identity import check_apart
from ...io.names import match_names
from ...io.provenance import write_run_json
from ...io.resume import disk_full_as_error
from ...io.sequences.reading import InputSummary
from ...io.stages import StageFolder
from ..cluster.methods import ClusterOptions
from ..progress import Progress
from ..run_record import Run, file_facts
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import STDIN, SequenceInput, model_files
from ..vectors.tables import Vectors
from .annotated import H5adFile, annotated_contigs
from .circular import set_apart
from .clusters import Evidence
from .contigs import Contigs, scan_contigs
from .groups import Bins, bin_by_sample, bin_together
from .naming import BinNamer
from .outputs import BinnedContigs, OutputOptions, map_contigs, write_bin_report, write_multiqc_files, write_outputs
from .samples import Samples
from .species import link_species
from .stages import BinInput, Stages, check_evidence
from .taxonomy import join_taxonomy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BinOptions:
    """How contigs become bins, and what is written.

    Args:
        clustering: method, threshold and seed.
        min_bin_bp: bases from which a cluster is a bin.
    """

    clustering: ClusterOptions
    min_bin_bp: int = defaults.MIN_BIN_BP
    outputs: OutputOptions = field(default_factory=OutputOptions)


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
    check_apart([output, h5ad.apart], [*source.files(), *model_files(encoder.model)])
    kept = StageFolder(output, resume=resume, force=force)
    if resume and not force:
        _end_if_complete(run, output, kept=kept, h5ad=h5ad)
    h5ad.check(force=force or kept.path.exists())
    check_evidence(source, method=options.clustering.method)
    with (
        kept,
        atomic_folder(output, force=force, within=kept.path) as folder,
        _on_disk(source.contigs) as contigs,
        disk_full_as_error(kept.path),
    ):
        found, summary = scan_contigs(contigs, separator=source.separator)
        stages = Stages(replace(source, contigs=contigs), found, summary, kept, progress, options.clustering.seed)
        gathered = _gather(stages, encoder, run=run)
        bins = _bin(gathered, stages, options=options)
        run.note("clustering")
        binned = gathered.binned(bins)
        stats, species = _with_species(binned, gathered, seed=options.clustering.seed)
        namer, written = _namer(binned, gathered, options=options, progress=progress), options.outputs
        stats = write_outputs(
            folder, contigs, binned=binned, stats=stats, species=species, namer=namer, options=written
        )
        write_multiqc_files(folder, binned, stats=stats, options=written, summary=summary)
        shown = None
        if written.report or h5ad.path is not None:
            seed, threads = bins.options.seed, bins.options.threads
            shown = map_contigs(binned, seed=seed, threads=threads, progress=progress)
        run.note("writing")
        facts = _describe(run, stages.source, gathered=gathered, options=replace(options, clustering=bins.options))
        write_run_json(folder / OWN_MARK, facts)
        if shown is not None and written.report:
            write_bin_report(folder, shown, stats=stats, run=facts, title=output.name, summary=summary)
        if shown is not None:
            annotated = annotated_contigs(binned, gathered.evidence.embeddings, shown=shown, stats=stats, run=facts)
            h5ad.write(annotated, folder)
    return BinReport(stats, summary, bins.options.min_similarity, run.timings_s["total"], species)


def _end_if_complete(run: Run, output: Path, *, kept: StageFolder, h5ad: H5adFile) -> None:
    """Raise `OutputIsComplete` if this run has been completed, and an error if another one has."""
    if output.is_dir() and any(output.iterdir()) and not kept.path.exists():
        if h5ad.path is not None and not h5ad.path.is_file():
            problem = f"is complete, but {h5ad.path} is missing"
            raise DnabertSError(problem, path=output, hint="--force makes both")
        run.require_complete(output, output / OWN_MARK)


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
        return BinnedContigs(self.contigs, bins, self.evidence.depth, samples, self.evidence.hits)


def _gather(stages: Stages, encoder: EncoderOptions, *, run: Run) -> _Gathered:
    """Depth and another tool's bins come first, so that mistakes in them are reported before hours of embedding."""
    read = stages.read_vectors()
    contigs = stages.contigs if read is None else stages.contigs.named(read.table.ids)
    samples = stages.samples(contigs.ids)
    opened = None if read is not None else encoder.open()
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
        unit=stages.on_disk_array(evidence.embeddings.shape),
        min_bin_bp=options.min_bin_bp,
        prefix=prefix,
        progress=stages.progress,
    )


def _with_species(
    binned: BinnedContigs, gathered: _Gathered, *, seed: int
) -> tuple[list[BinStats], list[SpeciesRow] | None]:
    """What each bin adds up to; where there are samples, with species that link them."""
    stats = binned.stats()
    if gathered.samples is None:
        return stats, None
    embeddings, lengths_bp = gathered.evidence.embeddings, gathered.contigs.lengths_bp
    return link_species(stats, embeddings, bins=binned.bins.of_contigs, lengths_bp=lengths_bp, seed=seed)


def _namer(binned: BinnedContigs, gathered: _Gathered, *, options: BinOptions, progress: Progress) -> BinNamer | None:
    """What says what the bins are; None where that is not asked for."""
    if not options.outputs.names:
        return None
    numbers, threads = binned.bins.of_contigs, options.clustering.threads
    return BinNamer(gathered.contigs, numbers, vectors=gathered.vectors, threads=threads, progress=progress)


def _describe(run: Run, source: BinInput, *, gathered: _Gathered, options: BinOptions) -> dict[str, object]:
    """The content of run.json; `options` as used."""
    depths, vectors = gathered.depths, gathered.vectors
    settings = {**asdict(options), "min_contig_bp": source.contigs.min_length_bp, "markers": source.use_markers}
    if gathered.samples is not None:
        settings |= {"separator": gathered.samples.separator, "samples": list(gathered.samples.names)}
    return run.describe(
        encoder=vectors.encoder_facts,
        inputs=[
            *vectors.inputs,
            *(depths.inputs if depths else ()),
            *file_facts(source.refined_path, source.markers_path, source.taxonomy_path),
        ],
        settings=settings,
    )
