"""Time, peak memory and quality of the method of `bin` on many synthetic contigs, stage by stage.

Seeded species, genomes of skewed sizes, lengths as of an assembly -> unit vectors, optionally depths -> points ->
graph of neighbours -> communities, as `bin` makes them -> seconds and peak memory of each stage, the adjusted Rand
index with the truth, and a hash of the labels. The last line of stdout is one JSON object.

Of several numbers of contigs each is a process of its own, those that are searched exactly a second one with the
approximate search; before them stands the check that labels are the same bytes twice, with one thread and with two.

    python benchmarks/bin_scale.py --contigs 10000 100000 1000000
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import machine_facts, peak_memory_mb
from numpy.typing import NDArray

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.binning import point_graph
from dnabert_s_cli.analysis.binning.communities import find_communities
from dnabert_s_cli.analysis.binning.contig_space import contig_space
from dnabert_s_cli.analysis.blocks import row_blocks
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.analysis.scores.metrics import clustering_scores
from dnabert_s_cli.threads import thread_count

_SIZES_SPREAD = 1.0  # of the logarithm of a species' share of the contigs
_MEDIAN_BP, _LENGTHS_SPREAD, _LEAST_BP, _MOST_BP = 3_500, 0.9, 1_500, 2_000_000
_NOISE_2_KB, _NOISE_POWER = 0.786, 0.6  # cosine within a species .56 at 2 kb, .72 at 7 kb, .87 at 30 kb, as kmer-s
_FALL = 2.0  # of the spectrum of variances 1 / (i + _FALL): cosines between species scatter by .15
_GROUP_SPECIES, _IN_GROUP = 5, 0.35  # species in a group, and how alike their centres are
_COMMON = 0.02  # cosine that all share
_DEPTH_SPREAD, _DEPTH_NOISE = 1.2, 0.15  # of log depth between species, of a contig around its species
_BLOCK_ROWS = 8_192
_STAGES = ("points", "neighbours", "communities")
_PER_SPECIES = 100  # contigs, where the number of species is not given
_REPEATED = 20_000  # contigs whose labels are compared
_WORTH_BOTH = 100_000  # contigs from which the exact search is compared with the other


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """N synthetic contigs: unit (N, D) float32, species (N,), lengths_bp (N,) int64, depth (N, S) or None."""

    unit: NDArray[np.float32]
    species: NDArray[np.int64]
    lengths_bp: NDArray[np.int64]
    depth: NDArray[np.float32] | None


def synthetic_sample(n_contigs: int, dim: int, *, n_species: int, n_samples: int, seed: int) -> Sample:
    """Contigs around the centres of their species, the farther the shorter they are."""
    rng = np.random.default_rng(seed)
    shares = rng.lognormal(sigma=_SIZES_SPREAD, size=n_species)
    species = rng.choice(n_species, size=n_contigs, p=shares / shares.sum())
    drawn = rng.lognormal(np.log(_MEDIAN_BP), _LENGTHS_SPREAD, size=2 * n_contigs + 100)
    lengths_bp = np.resize(drawn[(drawn >= _LEAST_BP) & (drawn < _MOST_BP)], n_contigs).astype(np.int64)
    scales = _scales(dim)
    centres = _centres(n_species, scales, rng)
    unit = np.empty((n_contigs, dim), dtype=np.float32)
    for block in row_blocks(n_contigs, _BLOCK_ROWS):
        noise = rng.standard_normal((block.stop - block.start, dim), dtype=np.float32) * scales
        sizes = np.sqrt(_NOISE_2_KB * (lengths_bp[block] / 2_000) ** -_NOISE_POWER).astype(np.float32)
        unit[block] = l2_normalize(centres[species[block]] + sizes[:, None] * noise)
    depth = None
    if n_samples:
        means = rng.normal(np.log(10), _DEPTH_SPREAD, size=(n_species, n_samples))
        scatter = rng.normal(scale=_DEPTH_NOISE, size=(n_contigs, n_samples))
        scatter *= np.maximum(np.sqrt(5_000 / lengths_bp), 0.3)[:, None]
        depth = np.exp(means[species] + scatter).astype(np.float32)
    return Sample(unit, species, lengths_bp, depth)


def _scales(dim: int) -> NDArray[np.float32]:
    """Standard deviation along each direction, (D,), of rows whose expected squared length is 1."""
    variances = 1 / (np.arange(dim) + _FALL)
    scales: NDArray[np.float32] = np.sqrt(variances / variances.sum()).astype(np.float32)
    return scales


def _centres(n_species: int, scales: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Unit centres (species, D), those of one group alike."""
    dim = len(scales)
    groups = l2_normalize(rng.standard_normal((n_species // _GROUP_SPECIES + 1, dim), dtype=np.float32) * scales)
    own = l2_normalize(rng.standard_normal((n_species, dim), dtype=np.float32) * scales)
    common = np.full(dim, np.sqrt(_COMMON / dim), dtype=np.float32)
    group = rng.integers(len(groups), size=n_species)
    return l2_normalize(common + np.sqrt(_IN_GROUP) * groups[group] + np.sqrt(1 - _IN_GROUP) * own)


def cosines(sample: Sample, rng: np.random.Generator) -> dict[str, float]:
    """Cosines of pairs of one species by length, and of two species, so that they can be held against real ones."""
    order = np.lexsort((sample.lengths_bp, sample.species))
    first, second = order[:-1], order[1:]
    alike = np.einsum("ij,ij->i", sample.unit[first[:200_000]], sample.unit[second[:200_000]])
    shorter = sample.lengths_bp[first[:200_000]]
    same = (sample.species[first] == sample.species[second])[:200_000]
    result = {}
    for name, least, most in (("2_kb", 1_800, 2_200), ("7_kb", 6_500, 7_500), ("30_kb", 25_000, 40_000)):
        chosen = same & (shorter >= least) & (shorter < most)
        result[f"same_species_{name}"] = round(float(alike[chosen].mean()), 3) if chosen.any() else float("nan")
    one, other = rng.integers(len(order), size=(2, 100_000))
    apart = sample.species[one] != sample.species[other]
    unlike = np.einsum("ij,ij->i", sample.unit[one[apart]], sample.unit[other[apart]])
    return {**result, "two_species": round(float(unlike.mean()), 3), "two_species_sd": round(float(unlike.std()), 3)}


class Stages:
    """Seconds and peak memory of stages, one after another."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, float]] = {}
        self._started = 0.0
        self._before_mb = 0.0

    def start(self) -> None:
        """A stage begins; the peak so far is forgotten where the system allows it."""
        forget = Path("/proc/self/clear_refs")
        if forget.exists():
            forget.write_text("5")
        self._before_mb = _peak_mb()
        self._started = time.perf_counter()

    def end(self, name: str) -> None:
        """It ends; say what it took."""
        seconds = time.perf_counter() - self._started
        peak_mb = _peak_mb()
        self.rows[name] = {
            "seconds": round(seconds, 1),
            "before_mb": round(self._before_mb),
            "peak_mb": round(peak_mb),
        }
        print(name, self.rows[name], flush=True)


def _peak_mb() -> float:
    """Largest resident size since it was last forgotten, in MB."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_memory_mb()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def measure(arguments: argparse.Namespace, n_contigs: int) -> dict[str, object]:
    """One run in this process."""
    n_species = arguments.species or max(n_contigs // _PER_SPECIES, 1)
    stages = Stages()
    stages.start()
    sample = synthetic_sample(
        n_contigs, arguments.dim, n_species=n_species, n_samples=arguments.samples, seed=arguments.seed
    )
    stages.end("synthesis")
    result = {"contigs": n_contigs, "species": n_species, "dim": arguments.dim, "samples": arguments.samples}
    result["cosines"] = cosines(sample, np.random.default_rng(1))
    return {**result, **cluster(sample, stages, seed=arguments.seed, threads=arguments.threads)}


def cluster(sample: Sample, stages: Stages, *, seed: int, threads: int) -> dict[str, object]:
    """What `bin` does with vectors, and what it took."""
    stages.start()
    space = contig_space(sample.unit, sample.lengths_bp, depth=sample.depth, rng=np.random.default_rng(seed))
    spaces = space.search_spaces()
    stages.end("points")
    size = point_graph.graph_size(len(sample.unit), spaces[-1].shape[1], n_neighbours=defaults.GRAPH_NEIGHBOURS)
    stages.start()
    graph = point_graph.compared_graph(
        spaces, space.distances, n_neighbours=defaults.GRAPH_NEIGHBOURS, seed=seed, threads=threads
    )
    stages.end("neighbours")
    stages.start()
    labels = find_communities(graph)
    stages.end("communities")
    taken = [stages.rows[name] for name in _STAGES]
    peak_mb = max(row["peak_mb"] for row in taken)
    return {
        "threads": thread_count(threads),
        "exact": size.is_exact,
        "stages": stages.rows,
        "seconds": round(sum(row["seconds"] for row in taken), 1),
        "peak_mb": peak_mb,
        "graph_mb": peak_mb - stages.rows["neighbours"]["before_mb"],
        "graph_mb_estimated": round(size.n_bytes / 1e6),
        "edges": graph.nnz // 2,
        "communities": int(labels.max()) + 1,
        "ari": round(clustering_scores(sample.species, labels).ari, 4),
        "sha256": hashlib.sha256(labels.tobytes()).hexdigest(),
    }


def run_in_process(argv: list[str]) -> dict[str, object]:
    """The same in a fresh process."""
    finished = subprocess.run([sys.executable, __file__, *argv], check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, object] = json.loads(finished.stdout.splitlines()[-1])
    print({name: value for name, value in result.items() if name not in ("sha256", "stages")}, flush=True)
    return result


def is_repeatable(shared: list[str]) -> bool:
    """Whether labels are the same bytes twice with two threads, and with one."""
    hashes = {
        run_in_process([*shared, "--contigs", str(_REPEATED), "--threads", threads])["sha256"]
        for threads in ("2", "2", "1")
    }
    return len(hashes) == 1


def measure_all(arguments: argparse.Namespace) -> dict[str, object]:
    """Every number of contigs in a process of its own, and the check of the bytes."""
    shared = ["--dim", str(arguments.dim), "--samples", str(arguments.samples), "--seed", str(arguments.seed)]
    identical = {"exact": is_repeatable(shared), "approximate": is_repeatable([*shared, "--exact-rows", "0"])}
    shared += ["--threads", str(arguments.threads)]
    if arguments.species is not None:
        shared += ["--species", str(arguments.species)]
    runs = []
    for n_contigs in arguments.contigs:
        runs.append(run_in_process([*shared, "--contigs", str(n_contigs)]))
        if _WORTH_BOTH <= n_contigs <= point_graph.EXACT_ROWS:
            runs.append(run_in_process([*shared, "--contigs", str(n_contigs), "--exact-rows", "0"]))
    return {"identical_twice_and_with_1_and_2_threads": identical, "runs": runs}


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    """What to measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contigs", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--species", type=int, help="default: one for 100 contigs")
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--samples", type=int, default=0, help="of depth")
    parser.add_argument("--exact-rows", type=int, help="contigs up to which neighbours are exact")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    """Measure, and end with one JSON object."""
    arguments = parse_arguments(argv)
    if arguments.exact_rows is not None:
        point_graph.EXACT_ROWS = arguments.exact_rows
    if len(arguments.contigs) == 1:
        print(json.dumps(measure(arguments, arguments.contigs[0])))
        return
    facts = machine_facts("faiss-cpu", "scipy", "scikit-network")
    print(json.dumps({"benchmark": "bin_scale", **measure_all(arguments), **facts}))


if __name__ == "__main__":
    main(sys.argv[1:])
