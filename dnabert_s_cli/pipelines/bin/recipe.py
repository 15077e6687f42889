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
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from ... import defaults
from ...analysis.binning.assignment import assign_bins
from ...io.bins.reading import read_binning
from ...io.bins.writing import BinName, BinStats
from ...io.embeddings.reading import EmbeddingTable
from ...io.folders import OWN_MARK, atomic_folder
from ...io.identity import check_apart
from ...io.names import match_names
from ...io.provenance import write_run_json
from ...io.resume import disk_full_as_error
from ...io.sequences.reading import InputSummary
from ...io.stages import StageFolder
from ..cluster.methods import ClusterOptions
from ..depth.samples import ContigDepths
from ..progress import Progress
from ..run_record import Run, file_facts
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import STDIN, SequenceInput, model_files
from ..vectors.tables import Vectors
from .clusters import Clustered, Evidence, TaxonLabels, cluster_contigs
from .naming import name_bins
from .outputs import BinnedContigs, OutputOptions, map_contigs, write_bin_report, write_outputs
from .stages import BinInput, ContigNames, Stages, check_evidence
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
    quality: Mapping[int, tuple[float, float]] | None
    summary: InputSummary
    min_similarity: float | None
    seconds: float
    names: Mapping[int, BinName] | None = None


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
    check_apart([output], [*source.files(), *model_files(encoder.model)])
    kept = StageFolder(output, resume=resume, force=force)
    if resume and not force:
        _end_if_complete(run, output, kept=kept)
    check_evidence(source, method=options.clustering.method)
    with (
        kept,
        atomic_folder(output, force=force, within=kept.path) as folder,
        _on_disk(source.contigs) as contigs,
        disk_full_as_error(kept.path),
    ):
        summary = contigs.scan()
        assert summary is not None, "a stream was put on disk"
        stages = Stages(replace(source, contigs=contigs), summary, kept, progress)
        vectors, evidence, depths = _gather(stages, encoder, seed=options.clustering.seed, run=run)
        clustered = cluster_contigs(evidence, options.clustering, min_bin_bp=options.min_bin_bp, progress=progress)
        run.note("clustering")
        binned = _binned(vectors.table, evidence, clustered=clustered, depths=depths, min_bin_bp=options.min_bin_bp)
        names = None
        if options.outputs.names:
            threads = options.clustering.threads
            names = name_bins(contigs, binned, vectors=vectors, threads=threads, progress=progress)
            run.note("naming")
        written = write_outputs(folder, contigs, binned=binned, options=options.outputs, names=names)
        used = replace(options, clustering=clustered.options)
        shown = None
        if used.outputs.report:
            seed, threads = used.clustering.seed, used.clustering.threads
            shown = map_contigs(binned, gc=written.gc, seed=seed, threads=threads, progress=progress)
        run.note("writing")
        described = _describe(run, stages.source, vectors=vectors, depths=depths, options=used)
        write_run_json(folder / OWN_MARK, described)
        if shown is not None:
            write_bin_report(folder, shown, written=written, run=described, title=output.name, summary=summary)
    return BinReport(
        written.stats, written.quality, summary, clustered.options.min_similarity, run.timings_s["total"], names
    )


def _end_if_complete(run: Run, output: Path, *, kept: StageFolder) -> None:
    """Raise `OutputIsComplete` if this run has been completed, and an error if another one has."""
    if output.is_dir() and any(output.iterdir()) and not kept.path.exists():
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


def _gather(
    stages: Stages, encoder: EncoderOptions, *, seed: int, run: Run
) -> tuple[Vectors, Evidence, ContigDepths | None]:
    """Everything that is known of the contigs."""
    read = stages.read_vectors()
    opened = None if read is not None else encoder.open()
    given, taxa, depths = _join(stages, read)
    run.note("depth")
    vectors = read if opened is None else stages.embed_vectors(opened)
    assert vectors is not None, "read or embedded"
    halves = stages.half_pairs(vectors, seed=seed)
    run.note("embedding")
    hits = stages.marker_hits(vectors.table)
    run.note("markers")
    depth = None if depths is None else depths.joined.mean
    table = vectors.table
    evidence = Evidence(
        table.embeddings, table.lengths_bp, halves=halves, depth=depth, hits=hits, given=given, taxa=taxa
    )
    return vectors, evidence, depths


def _join(stages: Stages, read: Vectors | None) -> tuple[np.ndarray | None, TaxonLabels | None, ContigDepths | None]:
    """Another tool's bins and labels, and depth, by name; before embedding, so that mistakes are found early."""
    refined_path, taxonomy_path = stages.source.refined_path, stages.source.taxonomy_path
    if refined_path is None and taxonomy_path is None and stages.source.depth.is_empty:
        return None, None, None
    names = stages.names() if read is None else ContigNames(read.table.ids, read.table.lengths_bp)
    given = None if refined_path is None else _given_bins(refined_path, names.ids)
    taxa = None if taxonomy_path is None else join_taxonomy(taxonomy_path, names.ids)
    return given, taxa, stages.depths(names)


def _given_bins(path: Path, ids: Sequence[str]) -> np.ndarray:
    """Another tool's bin of each contig, -1 for none. -> (N,) int64."""
    bin_of = read_binning(path)
    problem = "has only {matched} of {names} contigs by name"
    found = match_names(ids, list(bin_of), path=path, problem=problem, hint="give bins of these contigs", of_fewer=True)
    logger.info("%s: %d of %d contigs are in a bin", path, len(found), len(ids))
    number_of = {name: number for number, name in enumerate(dict.fromkeys(bin_of.values()))}
    return np.array([number_of[bin_of[name]] if name in bin_of else -1 for name in ids], dtype=np.int64)


def _binned(
    table: EmbeddingTable, evidence: Evidence, *, clustered: Clustered, depths: ContigDepths | None, min_bin_bp: int
) -> BinnedContigs:
    """Clusters that are large enough, numbered by size."""
    return BinnedContigs(
        table.ids,
        table.lengths_bp,
        assign_bins(clustered.labels, table.lengths_bp, min_bin_bp=min_bin_bp),
        clustered.unit,
        depth=evidence.depth,
        samples=() if depths is None else depths.joined.samples,
        hits=evidence.hits,
    )


def _describe(
    run: Run, source: BinInput, *, vectors: Vectors, depths: ContigDepths | None, options: BinOptions
) -> dict[str, object]:
    """The content of run.json; `options` as used."""
    named = file_facts(source.refined_path, source.markers_path, source.taxonomy_path)
    return run.describe(
        inputs=[*vectors.inputs, *(depths.inputs if depths else ()), *named],
        settings={**asdict(options), "min_contig_bp": source.contigs.min_length_bp, "markers": source.use_markers},
        encoder=vectors.encoder_facts,
    )
