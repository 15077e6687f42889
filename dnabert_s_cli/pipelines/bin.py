"""`bin`: an assembly to species bins.

Contigs are checked and embedded (or their vectors read); halves of long contigs show how alike one species is; from
that follow the geometry and the threshold; clusters that are large enough become bins. The output folder appears
whole or not at all.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from .. import defaults
from ..analysis.binning import HalfPairs, assign_bins, choose_min_similarity, prepare_features
from ..io.bins import BinStats, write_bin_table, write_bins, write_biobox, write_contig2bin
from ..io.folders import OWN_MARK, atomic_folder
from ..io.provenance import describe_run, write_run_json
from ..io.sequences import InputSummary
from ..io.tables import EmbeddingTable
from .clustering import KMEDOID, ClusterOptions, cluster_vectors
from .encoding import STDIN, EncoderOptions, SequenceInput, input_facts
from .progress import Progress
from .vectors import Vectors, embed_vectors, read_vectors, select_rows


@dataclass(frozen=True, slots=True)
class BinOptions:
    """How contigs become bins, and what is written.

    Args:
        clustering: method, threshold and seed.
        min_bin_bp: bases from which a cluster is a bin.
        gzip: compress the bins' FASTA files.
        unbinned: also write the contigs of no bin.
        biobox: also write CAMI's binning format, with this `sample_id`.
    """

    clustering: ClusterOptions
    min_bin_bp: int = defaults.MIN_BIN_BP
    gzip: bool = False
    unbinned: bool = False
    biobox: bool = False
    sample_id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class BinReport:
    """What a finished run did."""

    bins: Sequence[BinStats]
    summary: InputSummary
    min_similarity: float | None
    seconds: float


def bin_contigs(
    source: SequenceInput,
    output: Path,
    *,
    encoder: EncoderOptions,
    options: BinOptions,
    embeddings_path: Path | None = None,
    force: bool = False,
    argv: Sequence[str] = (),
    progress: Progress,
) -> BinReport:
    """Bin the contigs of `source` into the folder `output`.

    Args:
        embeddings_path: a table that `embed` made from these contigs; `encoder` is then not used.

    Raises:
        DnabertSError: bad input (all problems together), no such model, existing output.
    """
    started = time.monotonic()
    with atomic_folder(output, force=force) as folder, _on_disk(source) as contigs:
        summary = contigs.scan()
        assert summary is not None, "a stream was put on disk"
        vectors = _vectors(contigs, encoder, summary=summary, embeddings_path=embeddings_path, progress=progress)
        bins, used = _bin(contigs, vectors, options=options, progress=progress)
        stats = _write_outputs(folder, contigs, table=vectors.table, bins=bins, options=used)
        seconds = time.monotonic() - started
        run = describe_run(
            argv=argv,
            command="bin",
            seed=used.clustering.seed,
            encoder=vectors.encoder_facts,
            inputs=vectors.inputs,
            settings={**asdict(used), "min_contig_bp": source.min_length_bp},
            timings_s={"total": seconds},
        )
        write_run_json(folder / OWN_MARK, run)
    return BinReport(stats, summary, used.clustering.min_similarity, seconds)


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


def _vectors(
    contigs: SequenceInput,
    encoder: EncoderOptions,
    *,
    summary: InputSummary,
    embeddings_path: Path | None,
    progress: Progress,
) -> Vectors:
    """Vectors of the contigs: embedded now, or taken from a table by name."""
    if embeddings_path is None:
        return embed_vectors(contigs, encoder, summary=summary, progress=progress)
    made = read_vectors(embeddings_path)
    names_and_lengths = [(record.id, len(record.sequence)) for record in contigs.records()]
    lengths_bp = np.array([length for _, length in names_and_lengths], dtype=np.int64)
    table = select_rows(
        made.table, [name for name, _ in names_and_lengths], lengths_bp=lengths_bp, path=embeddings_path
    )
    return replace(made, table=table, inputs=[*input_facts(contigs, summary), *made.inputs])


def _bin(
    contigs: SequenceInput, vectors: Vectors, *, options: BinOptions, progress: Progress
) -> tuple[np.ndarray, BinOptions]:
    """Bin of each contig, (N,) int64, 0 for none; and the options with the threshold that was used."""
    table, clustering = vectors.table, options.clustering
    generator = np.random.default_rng(clustering.seed)
    halves = _half_pairs(contigs, vectors, generator=generator, progress=progress)
    features = prepare_features(table.embeddings, table.lengths_bp, halves=halves, rng=generator)
    if clustering.method == KMEDOID and clustering.min_similarity is None:
        chosen = choose_min_similarity(features, table.lengths_bp, rng=generator)
        clustering = replace(clustering, min_similarity=chosen)
    progress.start(f"clustering {len(table.ids):,} contigs by {clustering.method}", None, unit="contigs")
    labels = cluster_vectors(features.unit, clustering)
    bins = assign_bins(labels, table.lengths_bp, min_bin_bp=options.min_bin_bp)
    return bins, replace(options, clustering=clustering)


def _half_pairs(
    contigs: SequenceInput, vectors: Vectors, *, generator: np.random.Generator, progress: Progress
) -> HalfPairs | None:
    """Both halves of some long contigs, embedded; None where there is no encoder or no contig long enough."""
    table, encoder = vectors.table, vectors.encoder
    long_enough = np.flatnonzero(table.lengths_bp >= 2 * defaults.MIN_HALF_BP)
    if encoder is None or len(long_enough) == 0:
        return None
    drawn = generator.permutation(long_enough)[: defaults.HALF_PAIRS]
    chosen = {table.ids[row] for row in drawn}
    sequences = [record.sequence for record in contigs.records() if record.id in chosen]
    lengths_bp = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    progress.start("embedding halves of contigs", int(lengths_bp.sum()), unit="bp")
    halves = [sequence[: len(sequence) // 2] for sequence in sequences]
    halves += [sequence[len(sequence) // 2 :] for sequence in sequences]
    vectors_of_halves = encoder.embed_counted(halves, on_progress=progress.advance).embeddings
    return HalfPairs(vectors_of_halves[: len(sequences)], vectors_of_halves[len(sequences) :], lengths_bp)


def _write_outputs(
    folder: Path, contigs: SequenceInput, *, table: EmbeddingTable, bins: np.ndarray, options: BinOptions
) -> list[BinStats]:
    """Bins, tables and what else was asked for, into `folder`."""
    pairs = [(name, number) for name, number in zip(table.ids, bins.tolist(), strict=True) if number]
    pairs.sort(key=lambda pair: pair[1])  # stable: input order within a bin
    everything = replace(contigs, min_length_bp=0).records()
    stats = write_bins(
        folder,
        ((record.id, record.sequence) for record in everything),
        bin_of=dict(pairs),
        gzip=options.gzip,
        unbinned=options.unbinned,
    )
    write_contig2bin(folder / "contig2bin.tsv", pairs)
    write_bin_table(folder / "bins.tsv", stats)
    if options.biobox:
        write_biobox(folder / "bins.biobox.tsv", pairs, sample_id=options.sample_id)
    return stats
