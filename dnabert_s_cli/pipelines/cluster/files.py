"""What `cluster` reports in addition to the assignments: a summary, representatives, a map, and scores.

Clusters with their unit vectors -> figures of each cluster -> the files that are wanted. Labels, joined by name -> how
well the clusters agree with them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

from ...analysis.clustering.representatives import describe_clusters
from ...analysis.projection import project_2d
from ...analysis.scores.metrics import clustering_scores, purity
from ...errors import DnabertSError
from ...io.bins.clusters import (
    ClusterRow,
    write_cluster_summary,
    write_clusters,
    write_representative_ids,
    write_representative_sequences,
)
from ...io.identity import check_apart
from ...io.labels.reading import read_labels
from ...io.names import match_names
from ...io.outputs import OutputFiles
from ...io.sequences import is_sequence_file
from ...reports.columns import MapContigs
from ...reports.maps import write_map_html, write_map_png
from ...reports.plots import can_draw
from ..progress import Progress
from ..run_record import Existing, Run, run_json_beside
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import STDIN, SequenceInput, model_files, table_files
from .methods import ClusterOptions
from .recipe import Clusters, find_clusters

logger = logging.getLogger(__name__)

_PNG, _HTML = ".png", ".html"


@dataclass(frozen=True, slots=True)
class ClusterFiles:
    """Files in addition to the assignments; None for those not wanted.

    Args:
        labels_path: TSV of record id and true label, to score against.
        summary_path: TSV, one line a cluster.
        representatives_path: FASTA, or TSV of id and cluster.
        plot_path: map of the vectors, .png or .html.
    """

    labels_path: Path | None = None
    summary_path: Path | None = None
    representatives_path: Path | None = None
    plot_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOutput:
    """What is written: the assignments ("-" to `stdout`), and files beside them."""

    table: Path
    files: ClusterFiles
    existing: Existing
    stdout: TextIO

    @property
    def run_path(self) -> Path | None:
        """Provenance of the assignments (clusters.tsv -> clusters.tsv.run.json); None where they are no file."""
        return None if str(self.table) == STDIN else run_json_beside(self.table)

    @property
    def named(self) -> tuple[Path | None, ...]:
        """Every file that the user named."""
        return self.table, self.files.summary_path, self.files.representatives_path, self.files.plot_path


def make_clusters(
    source: SequenceInput | Path,
    output: ClusterOutput,
    *,
    encoder: EncoderOptions,
    options: ClusterOptions,
    argv: Sequence[str] = (),
    progress: Progress,
) -> tuple[Clusters, dict[str, float]]:
    """Cluster sequences, or a table of vectors, and write everything; with scores, if there are labels.

    Raises:
        DnabertSError: bad input, no such model, existing output, an output that is an input, or one that cannot be
            made of this input.
    """
    files, run_path = output.files, output.run_path
    if isinstance(source, SequenceInput):
        asked, inputs = {**asdict(source), **asdict(encoder)}, [*source.files(), *model_files(encoder.model)]
    else:
        asked, inputs = {"table": source}, [*table_files(source)]
    asked |= {"output": output.table, **asdict(files), **asdict(options)}
    run = Run("cluster", argv=argv, seed=options.seed, asked=asked)
    check_apart((*output.named, run_path), [*inputs, files.labels_path])
    _check_files(files, source)
    when_there = None if run_path is None else run.if_complete(output.table, run_path, existing=output.existing)
    sides = [] if run_path is None else [run_path]
    with OutputFiles(output.named, sides=sides, force=output.existing.force, on_existing=when_there) as made:
        found = find_clusters(source, encoder, options=options, run=run, progress=progress)
        scores = _score(found, files.labels_path)
        _write_files(found, files, made=made, source=source, progress=progress)
        _write_assignments(found, output, made=made)
        if run_path is not None:
            facts, settings = found.vectors.encoder_facts, asdict(found.options)
            described = run.describe(inputs=found.vectors.inputs, settings=settings, encoder=facts)
            made.record(run_path, {**described, "scores": scores} if scores else described)
    return found, scores


def _write_assignments(found: Clusters, output: ClusterOutput, *, made: OutputFiles) -> None:
    """TSV: id, cluster; with a header."""
    ids = found.vectors.table.ids
    if output.run_path is None:
        write_clusters(output.stdout, ids, labels=found.labels)
        return
    with made.at(output.table).open("w", encoding="utf-8", newline="\n") as stream:
        write_clusters(stream, ids, labels=found.labels)


def _check_files(files: ClusterFiles, source: SequenceInput | Path) -> None:
    """See that all can be made, before any work.

    Raises:
        DnabertSError: a file has a suffix that says nothing, or needs what is not there.
    """
    if files.plot_path is not None:
        _check_plot(files.plot_path)
    path = files.representatives_path
    if path is not None and is_sequence_file(path) and (not isinstance(source, SequenceInput) or source.is_stream):
        hint = "name a .tsv for their ids, or give the sequences as files"
        raise DnabertSError("FASTA needs the sequences, which cannot be read again", path=path, hint=hint)
    if files.labels_path is not None:
        read_labels(files.labels_path)


def _score(clusters: Clusters, labels_path: Path | None) -> dict[str, float]:
    """Agreement with the labels of the records that have one; empty without labels.

    Records in no cluster count as one more cluster, but for `purity`, which is of those in one.

    Raises:
        DnabertSError: fewer than half of the records have a label.
    """
    if labels_path is None:
        return {}
    label_of = read_labels(labels_path)
    ids = clusters.vectors.table.ids
    problem = "has a label for only {matched} of {names} records"
    hint = "its first column holds the first words of the headers"
    matched = match_names(ids, list(label_of), path=labels_path, problem=problem, hint=hint, at_least=1)
    rows = matched.places.tolist()
    if matched.n_missing:
        n_missing = matched.n_missing
        logger.warning("%s: %d of %d records have no label and are not scored", labels_path, n_missing, len(ids))
    truth = [label_of[ids[row]] for row in rows]
    found = clusters.labels[rows]
    scores = asdict(clustering_scores(truth, found))
    return {**scores, "purity": purity(truth, found), "clustered": float(np.mean(found > 0)), "n_scored": len(rows)}


def _write_files(
    clusters: Clusters, files: ClusterFiles, *, made: OutputFiles, source: SequenceInput | Path, progress: Progress
) -> None:
    """Write the files that are wanted."""
    rows = _rows(clusters) if files.summary_path or files.representatives_path else []
    if files.summary_path is not None:
        write_cluster_summary(made.at(files.summary_path), rows)
    if files.representatives_path is not None:
        _write_representatives(made.at(files.representatives_path), rows, source=source)
    if files.plot_path is not None:
        _draw(made.at(files.plot_path), clusters, progress=progress)


def _check_plot(path: Path) -> None:
    if path.suffix.lower() not in (_PNG, _HTML):
        raise DnabertSError(f"a map is {_PNG} or {_HTML}, not '{path.suffix}'", path=path, hint="name it map.html")
    if path.suffix.lower() == _PNG and not can_draw():
        hint = "pip install matplotlib, or name it map.html"
        raise DnabertSError("a PNG needs matplotlib, which is not installed", path=path, hint=hint)


def _rows(clusters: Clusters) -> list[ClusterRow]:
    table = clusters.vectors.table
    figures = describe_clusters(clusters.unit, clusters.labels, lengths_bp=table.lengths_bp)
    columns = (figures.numbers, figures.sizes, figures.total_bp, figures.mean_similarity, figures.medoids)
    return [
        ClusterRow(number, size, total_bp, similarity, table.ids[medoid])
        for number, size, total_bp, similarity, medoid in zip(*(column.tolist() for column in columns), strict=True)
    ]


def _write_representatives(path: Path, rows: Sequence[ClusterRow], *, source: SequenceInput | Path) -> None:
    if not is_sequence_file(path):
        write_representative_ids(path, rows)
        return
    assert isinstance(source, SequenceInput), "checked before"
    wanted = frozenset(row.representative for row in rows)
    sequences = {record.id: record.sequence for record in source.records() if record.id in wanted}
    write_representative_sequences(path, rows, sequence_of=sequences)


def _draw(path: Path, clusters: Clusters, *, progress: Progress) -> None:
    table, options = clusters.vectors.table, clusters.options
    progress.start("laying out the map", None, unit="steps")
    xy = project_2d(clusters.unit, np.maximum(table.lengths_bp, 1), seed=options.seed, threads=options.threads)
    places = MapContigs(table.ids, table.lengths_bp, clusters.labels, xy)
    if path.suffix.lower() == _PNG:
        write_map_png(path, places)
    else:
        title = f"{clusters.n_clusters:,} clusters of {len(table.ids):,} sequences"
        write_map_html(path, places, title=title, subtitle=options.method, seed=options.seed)
