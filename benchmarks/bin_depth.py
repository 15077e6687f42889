"""What each part of `bin`'s treatment of depth gains, with depth as given and with depth made rough.

Contigs are embedded once, with both halves of some; then clusters are made in four ways: neighbours searched among
vectors and depth together or also among vectors alone, and differences in depth unbounded or bounded. Rough depth is
that of a real assembly in some respects: 0.4 times as deep, with counting noise; a tenth of the contigs draw, over a
part of their length and in seven of ten samples, the reads of a contig of another genome; one in twenty loses reads.
Prints genomes at >= 90 % completeness and >= 95 % purity, at >= 50 % and >= 90 %, and the mean F1, without markers, and
one JSON object as the last line.

    python benchmarks/bin_depth.py CONTIGS GOLD DEPTH [--samples 1,3,5] [--min-length 1500]
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import machine_facts
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.binning import contig_space as space_module
from dnabert_s_cli.analysis.binning.assignment import HalfPairs, assign_bins
from dnabert_s_cli.analysis.binning.communities import find_communities
from dnabert_s_cli.analysis.binning.contig_space import ContigSpace, contig_space
from dnabert_s_cli.analysis.binning.point_graph import compared_graph
from dnabert_s_cli.analysis.binning.whitening import fit_whitening, similarity_spread
from dnabert_s_cli.analysis.scores.metrics import score_bins
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.depth.text import read_depth_table
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences.reading import read_sequences

_READ_BP = 150
_DEPTH_LEFT = 0.4
_SHARING, _SHARED_SAMPLES, _LOSING = 0.1, 0.7, 0.05
_UNBOUNDED = 1e30


@dataclass(frozen=True, slots=True, eq=False)
class Contigs:
    """N contigs of the gold standard: names, lengths, unit vectors and how much cosines of one genome scatter."""

    names: list[str]
    lengths_bp: NDArray[np.int64]
    unit: NDArray[np.float32]
    spread: float


def main() -> None:
    """Embed, cluster in all ways, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contigs", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("depth", type=Path)
    parser.add_argument("--samples", default="1,3,5")
    parser.add_argument("--min-length", type=int, default=defaults.CORE_CONTIG_BP)
    arguments = parser.parse_args()
    lengths_bp = {record.id: len(record.sequence) for record in read_sequences([arguments.contigs])}
    gold = {name: label for name, label in read_labels(arguments.gold).items() if name in lengths_bp}
    contigs = embedded(arguments.contigs, min_length_bp=arguments.min_length)
    table = read_depth_table(arguments.depth)
    place = {name: row for row, name in enumerate(table.names)}
    given = table.mean[[place[name] for name in contigs.names]]
    rows: dict[str, object] = {}
    kinds = {"as given": given, "rough": roughened(given, contigs.lengths_bp)}
    for kind, n_samples in itertools.product(kinds, map(int, arguments.samples.split(","))):
        for both_spaces, bounded in itertools.product((False, True), repeat=2):
            labels = clusters(contigs, kinds[kind][:, :n_samples], both_spaces=both_spaces, bounded=bounded)
            name = f"{kind}, {n_samples} samples, {'both searched' if both_spaces else 'one searched'}"
            name += ", bounded" if bounded else ", unbounded"
            rows[name] = scores(contigs, labels, gold=gold, lengths_bp=lengths_bp)
            print(name, rows[name], flush=True)
    facts = machine_facts("scikit-network", "faiss-cpu")
    print(json.dumps({"benchmark": "bin_depth", "n_genomes": len(set(gold.values())), "rows": rows, **facts}))


def embedded(path: Path, *, min_length_bp: int) -> Contigs:
    """The contigs in the geometry of `bin`."""
    records = [record for record in read_sequences([path]) if len(record.sequence) >= min_length_bp]
    lengths_bp = np.array([len(record.sequence) for record in records], dtype=np.int64)
    encoder = load_encoder(defaults.MODEL)
    vectors = encoder.embed([record.sequence for record in records])
    drawn = np.sort(np.random.default_rng(0).permutation(len(records))[: defaults.HALF_PAIRS])
    sequences = [records[row].sequence for row in drawn]
    first = encoder.embed([sequence[: len(sequence) // 2] for sequence in sequences])
    second = encoder.embed([sequence[len(sequence) // 2 :] for sequence in sequences])
    halves = HalfPairs(first, second, lengths_bp[drawn])
    whitening = fit_whitening(vectors, lengths_bp, halves=halves)
    spread = similarity_spread(halves, whitening)
    return Contigs([record.id for record in records], lengths_bp, whitening(vectors), spread)


def roughened(depth: NDArray[np.float32], lengths_bp: NDArray[np.int64]) -> NDArray[np.float32]:
    """Depth as an assembly with shared stretches has it."""
    rng = np.random.default_rng(7)
    less = depth.astype(np.float64) * _DEPTH_LEFT
    n_contigs = len(less)
    other = rng.integers(0, n_contigs, n_contigs)
    part = np.where(rng.random(n_contigs) < _SHARING, rng.random(n_contigs), 0)
    less += part[:, None] * less[other] * (rng.random(less.shape) < _SHARED_SAMPLES)
    less *= np.where(rng.random(n_contigs) < _LOSING, rng.random(n_contigs), 1)[:, None]
    per_read = _READ_BP / lengths_bp[:, None]
    return (rng.poisson(less / per_read) * per_read).astype(np.float32)


def clusters(contigs: Contigs, depth: NDArray[np.float32], *, both_spaces: bool, bounded: bool) -> NDArray[np.int64]:
    """Clusters of the contigs; with both, as `bin` makes them."""
    rng = np.random.default_rng(0)
    space = contig_space(contigs.unit, contigs.lengths_bp, spread=contigs.spread, depth=depth, rng=rng)
    before = space_module.MOST_OF_SAMPLE, space_module.MOST_OF_DEPTH
    if not bounded:
        space_module.MOST_OF_SAMPLE = space_module.MOST_OF_DEPTH = _UNBOUNDED
    try:
        return find_communities(graph_of(space, both_spaces=both_spaces))
    finally:
        space_module.MOST_OF_SAMPLE, space_module.MOST_OF_DEPTH = before


def graph_of(space: ContigSpace, *, both_spaces: bool) -> csr_matrix:
    """The graph of neighbours found in both spaces, or with depth alone."""
    spaces = space.search_spaces()
    searched = spaces if both_spaces else spaces[-1:]
    return compared_graph(searched, space.distances, n_neighbours=defaults.GRAPH_NEIGHBOURS, seed=0, threads=1)


def scores(
    contigs: Contigs, labels: NDArray[np.int64], *, gold: dict[str, str], lengths_bp: dict[str, int]
) -> list[float]:
    """Genomes at 90/95 and at 50/90, and mean F1, over all contigs of the gold standard."""
    bins = assign_bins(labels, contigs.lengths_bp, min_bin_bp=defaults.MIN_BIN_BP)
    bin_of = dict(zip(contigs.names, bins.tolist(), strict=True))
    names = list(gold)
    found = score_bins(
        [gold[name] for name in names],
        [bin_of.get(name, 0) for name in names],
        lengths_bp=np.array([lengths_bp[name] for name in names]),
    )
    return [
        found.n_recovered(min_completeness=0.90, min_purity=0.95),
        found.n_recovered(min_completeness=0.50, min_purity=0.90),
        round(found.mean_f1, 3),
    ]


if __name__ == "__main__":
    main()
