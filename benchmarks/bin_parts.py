"""What each part of `dnabert-s bin` gives: an assembly whose truth is known, binned with one part left out at a time.

Prints genomes at >= 90 % completeness and >= 95 % purity, at >= 50 % and >= 90 %, and the mean F1, without depth, with
the first sample and with all; ends with one JSON object.

    python benchmarks/bin_parts.py CONTIGS GOLD [--depth TABLE]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
from machine import machine_facts
from numpy.typing import NDArray

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.binning import marker_refinement
from dnabert_s_cli.analysis.binning.assignment import HalfPairs, assign_bins
from dnabert_s_cli.analysis.binning.contig_space import ContigSpace, contig_space
from dnabert_s_cli.analysis.markers.search import find_markers
from dnabert_s_cli.analysis.scores.metrics import score_bins
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.depth.text import read_depth_table
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences.reading import read_sequences
from dnabert_s_cli.pipelines.bin import clusters
from dnabert_s_cli.pipelines.bin.clusters import LOUVAIN, Evidence, cluster_contigs
from dnabert_s_cli.pipelines.bin.markers import open_profiles
from dnabert_s_cli.pipelines.cluster.methods import ClusterOptions

_LEAST_BP = 1_000

Part = Callable[[], AbstractContextManager[object]]


class _NoProgress:
    """Tells nobody."""

    def start(self, what: str, total: int | None, *, unit: str) -> None:
        """Nothing."""

    def advance(self, done: int) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """Names of N contigs that are long enough, what is known of them, and the truth of all contigs."""

    names: list[str]
    evidence: Evidence
    gold: Mapping[str, str]
    lengths_bp: Mapping[str, int]

    def scores(self, labels: NDArray[np.int64]) -> list[float]:
        """Genomes at 90/95 and at 50/90, and mean F1, over all contigs of the gold standard."""
        bins = assign_bins(labels, self.evidence.lengths_bp, min_bin_bp=defaults.MIN_BIN_BP)
        bin_of = dict(zip(self.names, bins.tolist(), strict=True))
        names = [name for name in self.gold if name in self.lengths_bp]
        found = score_bins(
            [self.gold[name] for name in names],
            [bin_of.get(name, 0) for name in names],
            lengths_bp=np.array([self.lengths_bp[name] for name in names]),
        )
        return [
            found.n_recovered(min_completeness=0.90, min_purity=0.95),
            found.n_recovered(min_completeness=0.50, min_purity=0.90),
            round(found.mean_f1, 3),
        ]


def main() -> None:
    """Gather the evidence once, bin in all ways, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contigs", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--depth", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    assembly = gathered(arguments)
    depth = assembly.evidence.depth
    n_samples = 0 if depth is None else depth.shape[1]
    options = ClusterOptions(method=LOUVAIN, n_neighbours=defaults.GRAPH_NEIGHBOURS, threads=arguments.threads)
    rows: dict[str, dict[str, list[float]]] = {}
    for name, part in PARTS.items():
        rows[name] = {}
        for n_used in sorted({0, min(1, n_samples), n_samples}):
            evidence = replace(assembly.evidence, depth=None if depth is None or not n_used else depth[:, :n_used])
            with part():
                found = cluster_contigs(evidence, options, min_bin_bp=defaults.MIN_BIN_BP, progress=_NoProgress())
            rows[name][f"{n_used} samples"] = assembly.scores(found.labels)
        print(name, rows[name], flush=True)
    facts = {"n_genomes": len(set(assembly.gold.values())), "n_contigs": len(assembly.names)}
    print(json.dumps({"benchmark": "bin_parts", **facts, "rows": rows, **machine_facts("scikit-network", "faiss-cpu")}))


def gathered(arguments: argparse.Namespace) -> Assembly:
    """Vectors, halves, depth and marker genes of the contigs, as `bin` has them."""
    records = list(read_sequences([arguments.contigs]))
    lengths_bp = {record.id: len(record.sequence) for record in records}
    kept = [record for record in records if len(record.sequence) >= _LEAST_BP]
    names, sequences = [record.id for record in kept], [record.sequence for record in kept]
    own_bp = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    encoder = load_encoder(defaults.MODEL)
    vectors = encoder.embed(sequences)
    long_enough = np.flatnonzero(own_bp >= 2 * defaults.MIN_HALF_BP)
    drawn = np.sort(np.random.default_rng(defaults.SEED).permutation(long_enough)[: defaults.HALF_PAIRS])
    first = encoder.embed([sequences[row][: own_bp[row] // 2] for row in drawn])
    second = encoder.embed([sequences[row][own_bp[row] // 2 :] for row in drawn])
    hits = find_markers(sequences, open_profiles(), threads=arguments.threads, on_progress=lambda _: None)
    depth = None
    if arguments.depth is not None:
        table = read_depth_table(arguments.depth)
        place = {name: row for row, name in enumerate(table.names)}
        depth = table.mean[[place[name] for name in names]]
    halves = HalfPairs(first, second, own_bp[drawn])
    evidence = Evidence(vectors, own_bp, halves=halves, depth=depth, hits=hits)
    return Assembly(names, evidence, read_labels(arguments.gold), lengths_bp)


def _even_noise(*args: object, **settings: object) -> ContigSpace:
    """The space in which the depth of every contig says the same."""
    space = contig_space(*args, **settings)  # type: ignore[arg-type]  # passed on as they are
    return replace(space, variances=np.full_like(space.variances, 0.5))


def _unchanged(_: object, labels: NDArray[np.int64], **__: object) -> NDArray[np.int64]:
    return labels


def _nothing_removed(community: marker_refinement.Community, _: ContigSpace) -> NDArray[np.int64]:
    return np.zeros(len(community.members), dtype=np.int64)


@contextmanager
def _without_markers() -> Iterator[None]:
    with patch.object(clusters, "divide_contaminated", _unchanged), patch.object(clusters, "join_unmarked", _unchanged):
        yield


PARTS: dict[str, Part] = {
    "all parts": nullcontext,
    "depth of all contigs alike": lambda: patch.object(clusters, "contig_space", _even_noise),
    "no marker genes": _without_markers,
    "no islands joined": lambda: patch.object(clusters, "join_unmarked", _unchanged),
    "nothing divided": lambda: patch.object(clusters, "divide_contaminated", _unchanged),
    "no single contigs removed": lambda: patch.object(marker_refinement, "_cleaned", _nothing_removed),
    "short contigs like long ones": lambda: patch.object(defaults, "CORE_CONTIG_BP", 0),
}


if __name__ == "__main__":
    main()
