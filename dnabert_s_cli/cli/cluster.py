"""`dnabert-s cluster`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import defaults
from . import options as opt
from .console import duration, progress, say

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
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    seed: opt.Seed = defaults.SEED,
    force: opt.Force = False,
    *,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Group sequences, or vectors embedded before, into clusters; -1 in the output is no cluster."""
    messages.start()
    opt.require_one_input(sequences, embeddings)
    from ..pipelines.cluster import cluster_sequences, cluster_table, write_cluster_file, write_cluster_stream
    from ..pipelines.clustering import ClusterOptions
    from ..pipelines.encoding import SequenceInput

    how = ClusterOptions(
        method, min_similarity, min_cluster_size, clusters, neighbours, seed=seed, threads=encoder.threads
    )
    with progress(quiet=messages.quiet) as shown:
        if embeddings is not None:
            found = cluster_table(embeddings, how, progress=shown)
        else:
            source = SequenceInput(tuple(sequences or ()), min_length, reference)
            found = cluster_sequences(source, encoder.options(), options=how, progress=shown)
    if str(output) == _STDOUT:
        write_cluster_stream(found, sys.stdout)
    else:
        write_cluster_file(found, output, argv=sys.argv, force=force)
    threshold = f" at similarity {found.options.min_similarity:.4f}" if found.options.min_similarity else ""
    say(
        f"{found.n_clusters:,} clusters{threshold}; {found.n_unassigned:,} of {len(found.labels):,} records in none; "
        f"{duration(found.seconds)}"
    )
