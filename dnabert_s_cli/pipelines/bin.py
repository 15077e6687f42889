"""`bin`: an assembly to species bins.

Contigs are checked and embedded (or their vectors read); halves of long contigs show how alike one genome is; depth of
the samples and single-copy genes are joined by name; clusters that are large enough become bins. The output folder
appears whole or not at all.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from .. import defaults
from ..analysis.binning import HalfPairs, assign_bins
from ..analysis.markers import MarkerHits
from ..errors import DnabertSError
from ..io.binnings import read_binning
from ..io.bins import BinStats
from ..io.files import sha256_file
from ..io.folders import OWN_MARK, atomic_folder
from ..io.provenance import describe_run, write_run_json
from ..io.sequences import InputSummary
from ..io.tables import EmbeddingTable
from .bin_outputs import BinnedContigs, OutputOptions, WrittenBins, map_contigs, write_bin_report, write_outputs
from .binning import Clustered, Evidence, cluster_contigs
from .clustering import ClusterOptions
from .depths import ContigDepths, DepthInput, read_sample_depth
from .encoding import STDIN, EncoderOptions, SequenceInput, input_facts
from .markers import open_profiles, search_contigs
from .progress import Progress
from .vectors import Vectors, embed_vectors, read_vectors, select_rows

logger = logging.getLogger(__name__)

_LEAST_MATCHED = 0.5  # share of the contigs that bins to refine must know


@dataclass(frozen=True, slots=True)
class BinInput:
    """What is known of the sample before the start.

    Args:
        embeddings_path: a table that `embed` made from these contigs; the encoder is then not used.
        depth: BAM files and depth tables.
        use_markers: look for single-copy genes.
        markers_path: profiles of the user's own; None for the built-in ones.
        refined_path: contig2bin, biobox or folder of another tool's bins, which are divided and never joined.
    """

    contigs: SequenceInput
    embeddings_path: Path | None = None
    depth: DepthInput = field(default_factory=DepthInput)
    use_markers: bool = True
    markers_path: Path | None = None
    refined_path: Path | None = None


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
    quality: dict[int, tuple[float, float]] | None
    summary: InputSummary
    min_similarity: float | None
    seconds: float


def bin_contigs(
    source: BinInput,
    output: Path,
    *,
    encoder: EncoderOptions,
    options: BinOptions,
    force: bool = False,
    argv: Sequence[str] = (),
    progress: Progress,
) -> BinReport:
    """Bin the contigs of `source` into the folder `output`.

    Raises:
        DnabertSError: bad input (all problems together), no such model, existing output.
    """
    clock = _Clock()
    with atomic_folder(output, force=force) as folder, _on_disk(source.contigs) as contigs:
        source = replace(source, contigs=contigs)
        summary = contigs.scan()
        assert summary is not None, "a stream was put on disk"
        vectors = _vectors(source, encoder, summary=summary, progress=progress)
        halves = _half_pairs(contigs, vectors, seed=options.clustering.seed, progress=progress)
        clock.note("embedding")
        evidence, depths = _evidence(source, vectors, halves=halves, summary=summary, progress=progress)
        clock.note("depth and markers")
        clustered = cluster_contigs(evidence, options.clustering, min_bin_bp=options.min_bin_bp, progress=progress)
        clock.note("clustering")
        binned = _binned(vectors.table, evidence, clustered=clustered, depths=depths, min_bin_bp=options.min_bin_bp)
        written = write_outputs(folder, contigs, binned=binned, options=options.outputs)
        used = replace(options, clustering=clustered.options)
        shown = None
        if used.outputs.report:
            seed, threads = used.clustering.seed, used.clustering.threads
            shown = map_contigs(binned, gc=written.gc, seed=seed, threads=threads, progress=progress)
        clock.note("writing")
        inputs = [
            *vectors.inputs,
            *(depths.inputs if depths else ()),
            *_named(source.refined_path, source.markers_path),
        ]
        run = describe_run(
            argv=argv,
            command="bin",
            seed=used.clustering.seed,
            encoder=vectors.encoder_facts,
            inputs=inputs,
            settings={**asdict(used), "min_contig_bp": contigs.min_length_bp, "markers": source.use_markers},
            timings_s=clock.timings_s,
        )
        write_run_json(folder / OWN_MARK, run)
        if shown is not None:
            write_bin_report(folder, shown, written=written, run=run, title=output.name, summary=summary)
    return _report(written, summary, min_similarity=clustered.options.min_similarity, seconds=clock.timings_s["total"])


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


def _vectors(source: BinInput, encoder: EncoderOptions, *, summary: InputSummary, progress: Progress) -> Vectors:
    """Vectors of the contigs: embedded now, or taken from a table by name."""
    contigs, path = source.contigs, source.embeddings_path
    if path is None:
        return embed_vectors(contigs, encoder, summary=summary, progress=progress)
    made = read_vectors(path)
    names_and_lengths = [(record.id, len(record.sequence)) for record in contigs.records()]
    lengths_bp = np.array([length for _, length in names_and_lengths], dtype=np.int64)
    table = select_rows(made.table, [name for name, _ in names_and_lengths], lengths_bp=lengths_bp, path=path)
    return replace(made, table=table, inputs=[*input_facts(contigs, summary), *made.inputs])


def _half_pairs(contigs: SequenceInput, vectors: Vectors, *, seed: int, progress: Progress) -> HalfPairs | None:
    """Both halves of some long contigs, embedded; None where there is no encoder or no contig long enough."""
    table, encoder = vectors.table, vectors.encoder
    long_enough = np.flatnonzero(table.lengths_bp >= 2 * defaults.MIN_HALF_BP)
    if encoder is None or len(long_enough) == 0:
        return None
    drawn = np.random.default_rng(seed).permutation(long_enough)[: defaults.HALF_PAIRS]
    chosen = {table.ids[row] for row in drawn}
    sequences = [record.sequence for record in contigs.records() if record.id in chosen]
    lengths_bp = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    progress.start("embedding halves of contigs", int(lengths_bp.sum()), unit="bp")
    halves = [sequence[: len(sequence) // 2] for sequence in sequences]
    halves += [sequence[len(sequence) // 2 :] for sequence in sequences]
    vectors_of_halves = encoder.embed_counted(halves, on_progress=progress.advance).embeddings
    return HalfPairs(vectors_of_halves[: len(sequences)], vectors_of_halves[len(sequences) :], lengths_bp)


def _evidence(
    source: BinInput, vectors: Vectors, *, halves: HalfPairs | None, summary: InputSummary, progress: Progress
) -> tuple[Evidence, ContigDepths | None]:
    """Vectors with depth, markers and another tool's bins, all in the order of the table."""
    table = vectors.table
    depths = None
    if not source.depth.is_empty:
        depths = read_sample_depth(source.depth, table.ids, lengths_bp=table.lengths_bp, progress=progress)
    given = None if source.refined_path is None else _given_bins(source.refined_path, table)
    evidence = Evidence(
        table.embeddings,
        table.lengths_bp,
        halves=halves,
        depth=None if depths is None else depths.joined.mean,
        hits=_marker_hits(source, table, summary=summary, progress=progress),
        given=given,
    )
    return evidence, depths


def _marker_hits(
    source: BinInput, table: EmbeddingTable, *, summary: InputSummary, progress: Progress
) -> MarkerHits | None:
    """Single-copy genes on the contigs of the table; None where they are not asked for."""
    if not source.use_markers:
        return None
    profiles = open_profiles(source.markers_path)
    hits = search_contigs(
        source.contigs, profiles, threads=source.depth.threads, total_bp=summary.total_bp, progress=progress
    )
    if hits.n_contigs == len(table.ids):
        return hits
    known = set(table.ids)  # a table may lack contigs of the input
    return hits.of_contigs(np.array([record.id in known for record in source.contigs.records()]))


def _given_bins(path: Path, table: EmbeddingTable) -> np.ndarray:
    """Another tool's bin of each contig, -1 for none. -> (N,) int64."""
    bin_of = read_binning(path)
    n_matched = sum(name in bin_of for name in table.ids)
    if n_matched < _LEAST_MATCHED * min(len(bin_of), len(table.ids)):
        problem = f"knows only {n_matched:,} of {len(table.ids):,} contigs by name"
        raise DnabertSError(problem, path=path, hint="give bins of these contigs")
    logger.info("%s: %d of %d contigs are in a bin", path, n_matched, len(table.ids))
    number_of = {name: number for number, name in enumerate(dict.fromkeys(bin_of.values()))}
    return np.array([number_of[bin_of[name]] if name in bin_of else -1 for name in table.ids], dtype=np.int64)


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


def _report(written: WrittenBins, summary: InputSummary, *, min_similarity: float | None, seconds: float) -> BinReport:
    quality = None if written.quality is None else dict(written.quality)
    return BinReport(written.stats, quality, summary, min_similarity, seconds)


def _named(*paths: Path | None) -> list[dict[str, object]]:
    """What provenance says of further input files."""
    return [
        {"path": str(path), "sha256": sha256_file(path)} if path.is_file() else {"path": str(path)}
        for path in paths
        if path is not None
    ]


class _Clock:
    """Seconds of each stage, and in all, up to the last note."""

    def __init__(self) -> None:
        self.timings_s: dict[str, float] = {}
        self._started = self._last = time.monotonic()

    def note(self, stage: str) -> None:
        """A stage ends."""
        now = time.monotonic()
        self.timings_s[stage] = now - self._last
        self.timings_s["total"] = now - self._started
        self._last = now
