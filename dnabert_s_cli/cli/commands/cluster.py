"""`dnabert-s cluster`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ... import defaults
from ..console import duration, progress, say
from ..options import common as opt

if TYPE_CHECKING:
    from ...pipelines.cluster.recipe import Clusters

_STDOUT = "-"
_AUTO = "auto"
_FILES = "Output"


@dataclass(frozen=True, slots=True)
class FileFlags:
    """What else is written about the clusters."""

    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="TSV of record id and true label, to score the clusters: ARI, NMI, purity.",
            show_default=False,
            rich_help_panel=_FILES,
        ),
    ] = None
    summary: Annotated[
        Path | None,
        typer.Option(
            "--summary",
            help="TSV to write, with one row per cluster: members, bases, similarity to the centre, representative.",
            show_default=False,
            rich_help_panel=_FILES,
        ),
    ] = None
    representatives: Annotated[
        Path | None,
        typer.Option(
            "--representatives",
            help="FASTA or TSV to write, with the medoid of each cluster.",
            show_default=False,
            rich_help_panel=_FILES,
        ),
    ] = None
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", help="Map of the vectors to draw, .html or .png.", show_default=False, rich_help_panel=_FILES
        ),
    ] = None


def cluster(
    sequences: opt.MaybeSequences = None,
    embeddings: opt.Embeddings = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="TSV to write: id, cluster; - for standard output.")
    ] = Path(_STDOUT),
    method: Annotated[opt.ClusterMethod, typer.Option("--method", help="Clustering method.")] = defaults.CLUSTER_METHOD,
    min_similarity: opt.MinSimilarity = None,
    min_cluster_size: opt.MinClusterSize = defaults.MIN_CLUSTER_SIZE,
    clusters: Annotated[
        str,
        typer.Option("--clusters", "-k", help="Number of clusters (kmeans): a number, or auto.", show_default=False),
    ] = "",
    neighbours: opt.NeighbourCount = defaults.NEIGHBOURS,
    min_length: opt.MinLength = defaults.MIN_LENGTH_BP,
    reference: opt.Reference = None,
    seed: opt.Seed = defaults.SEED,
    *,
    existing: opt.ExistingFlags,
    files: FileFlags,
    encoder: opt.EncoderFlags,
    messages: opt.MessageFlags,
) -> None:
    """Group sequences, or the vectors of a table, into clusters.

    The output has a cluster number for each record; -1 means no cluster.
    """
    messages.start()
    opt.require_one_input(sequences, embeddings)
    from ...pipelines.cluster import files as run
    from ...pipelines.cluster.methods import ClusterOptions
    from ...pipelines.vectors.inputs import SequenceInput

    number, threads = _number(clusters), encoder.threads
    how = ClusterOptions(method, min_similarity, min_cluster_size, number, neighbours, seed=seed, threads=threads)
    wanted = run.ClusterFiles(files.labels, files.summary, files.representatives, files.plot)
    to = run.ClusterOutput(table=output, files=wanted, existing=existing.existing(), stdout=sys.stdout)
    with progress(quiet=messages.quiet) as shown:
        source = embeddings or SequenceInput(tuple(sequences or ()), min_length, reference)
        opened = encoder.options() if embeddings else encoder.announced()
        found, scores = run.make_clusters(source, to, encoder=opened, options=how, argv=sys.argv, progress=shown)
    _show(found, scores)


def _number(text: str) -> int | None:
    """The number of clusters, 0 to choose it, None if it was not given."""
    if text == _AUTO or not text:
        return 0 if text else None
    if not text.isdigit() or int(text) == 0:
        raise typer.BadParameter(f"'{text}' is neither a number from 1 nor {_AUTO}", param_hint="--clusters")
    return int(text)


def _show(found: Clusters, scores: dict[str, float]) -> None:
    threshold = f" at similarity {found.options.min_similarity:.4f}" if found.options.min_similarity else ""
    say(
        f"{found.n_clusters:,} clusters{threshold}; {found.n_unassigned:,} of {len(found.labels):,} records "
        f"unassigned; {duration(found.seconds)}"
    )
    if scores:
        say("against the labels: " + ", ".join(f"{name} {value:.4g}" for name, value in scores.items()))
