"""`dnabert-s cluster`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import defaults
from . import options as opt
from .console import duration, progress, say, start_logging

_STDOUT = "-"


def cluster(
    sequences: opt.MaybeSequences = None,
    embeddings: opt.Embeddings = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="TSV to write: id, cluster; - for standard output.")
    ] = Path(_STDOUT),
    method: Annotated[opt.ClusterMethod, typer.Option("--method", help="How to cluster.")] = defaults.CLUSTER_METHOD,
    min_similarity: opt.MinSimilarity = None,
    min_cluster_size: opt.MinClusterSize = defaults.MIN_CLUSTER_SIZE,
    clusters: Annotated[
        int | None, typer.Option("--clusters", "-k", min=1, help="Number of clusters (kmeans).", show_default=False)
    ] = None,
    neighbours: opt.NeighbourCount = defaults.NEIGHBOURS,
    model: opt.Model = None,
    device: opt.DeviceName = defaults.DEVICE,
    dtype: opt.DtypeName = defaults.DTYPE,
    window: opt.Window = defaults.WINDOW_BP,
    overlap: opt.Overlap = defaults.OVERLAP_BP,
    strand: opt.StrandName = defaults.STRAND,
    batch_tokens: opt.BatchTokens = defaults.BATCH_TOKENS,
    trust_remote_code: opt.TrustRemoteCode = False,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    seed: opt.Seed = defaults.SEED,
    threads: opt.Threads = defaults.THREADS,
    force: opt.Force = False,
    quiet: opt.Quiet = False,
    verbose: opt.Verbose = False,
) -> None:
    """Group sequences, or vectors embedded before, into clusters; -1 in the output is no cluster."""
    start_logging(quiet=quiet, verbose=verbose)
    opt.require_one_input(sequences, embeddings)
    from ..pipelines.cluster import cluster_sequences, cluster_table, write_cluster_file, write_cluster_stream
    from ..pipelines.clustering import ClusterOptions
    from ..pipelines.encoding import EncoderOptions, SequenceInput

    how = ClusterOptions(method, min_similarity, min_cluster_size, clusters, neighbours, seed=seed, threads=threads)
    with progress(quiet=quiet) as shown:
        if embeddings is not None:
            found = cluster_table(embeddings, how, progress=shown)
        else:
            source = SequenceInput(tuple(sequences or ()), min_length, reference)
            encoder = EncoderOptions(
                model, device, dtype, window, overlap, strand, batch_tokens, threads, trust_remote_code
            )
            found = cluster_sequences(source, encoder, options=how, progress=shown)
    if str(output) == _STDOUT:
        write_cluster_stream(found, sys.stdout)
    else:
        write_cluster_file(found, output, argv=sys.argv, force=force)
    threshold = f" at similarity {found.options.min_similarity:.4f}" if found.options.min_similarity else ""
    say(
        f"{found.n_clusters:,} clusters{threshold}; {found.n_unassigned:,} of {len(found.labels):,} records in none; "
        f"{duration(found.seconds)}"
    )
