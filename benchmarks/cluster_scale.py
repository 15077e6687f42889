"""Time, peak memory and repeatability of k-medoid and HDBSCAN on many vectors.

Each run is a process of its own, so that its peak memory is its own: seeded synthetic vectors (clusters of skewed
sizes and scattered noise) -> labels -> their hash, the adjusted Rand index with the truth, seconds, MiB. Every method
runs twice; the hashes must agree. The last line of stdout is one JSON object.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import platform
import subprocess
import sys
import time
from importlib.metadata import version

import numpy as np
from machine import cpu_model, peak_memory_mb
from numpy.typing import NDArray

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.clustering.density import hdbscan_clusters
from dnabert_s_cli.analysis.clustering.kmedoid import kmedoid
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.analysis.scores.metrics import clustering_scores
from dnabert_s_cli.threads import thread_count

METHODS = ("kmedoid", "hdbscan")
SPREAD = 0.7  # noise of a member, relative to its centre of length 1: cosine .82 to the centre, .67 between members
NOISE_SHARE = 0.05
MIN_SIMILARITY = 0.5
PACKAGES = ("numpy", "scipy", "scikit-learn", "hdbscan", "threadpoolctl")


def synthetic_vectors(
    n_rows: int, dim: int, *, n_clusters: int, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit rows (N, D) float32 and their true clusters (N,), 0 for noise; sizes are log-normal, order is random."""
    rng = np.random.default_rng(seed)
    shares = rng.lognormal(sigma=1.0, size=n_clusters)
    truth = rng.choice(np.arange(1, n_clusters + 1), size=n_rows, p=shares / shares.sum())
    truth[rng.random(n_rows) < NOISE_SHARE] = 0
    centres = rng.standard_normal((n_clusters + 1, dim), dtype=np.float32)
    centres[0] = 0
    vectors = np.empty((n_rows, dim), dtype=np.float32)
    for start in range(0, n_rows, 4096):
        block = slice(start, start + 4096)
        scatter = rng.standard_normal((len(truth[block]), dim), dtype=np.float32)
        vectors[block] = l2_normalize(centres[truth[block]] + np.float32(SPREAD) * scatter)
    return vectors, truth


def run_once(method: str, arguments: argparse.Namespace) -> dict[str, object]:
    """Cluster in this process and measure it."""
    vectors, truth = synthetic_vectors(
        arguments.rows, arguments.dim, n_clusters=arguments.clusters, seed=arguments.seed
    )
    start = time.perf_counter()
    if method == "kmedoid":
        labels = kmedoid(
            vectors,
            min_similarity=MIN_SIMILARITY,
            min_cluster_size=defaults.MIN_CLUSTER_SIZE,
            rounds=defaults.KMEDOID_ROUNDS,
            max_clusters=2 * arguments.clusters,
            threads=arguments.threads,
        )
    else:
        labels = hdbscan_clusters(
            vectors,
            min_cluster_size=defaults.MIN_CLUSTER_SIZE,
            n_neighbours=defaults.NEIGHBOURS,
            threads=arguments.threads,
        )
    seconds = time.perf_counter() - start
    return {
        "method": method,
        "seconds": round(seconds, 1),
        "peak_mib": round(peak_memory_mb() * 1e6 / 2**20),
        "n_clusters": int(max(labels.max(), 0)),
        "assigned": round(float(np.mean(labels > 0)), 4),
        "ari": round(clustering_scores(truth, labels).ari, 4),
        "sha256": hashlib.sha256(labels.tobytes()).hexdigest(),
    }


def run_in_process(method: str, argv: list[str]) -> dict[str, object]:
    """The same as `run_once`, in a fresh process."""
    command = [sys.executable, __file__, *argv, "--once", method]
    finished = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, object] = json.loads(finished.stdout.splitlines()[-1])
    return result


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=768)
    parser.add_argument("--clusters", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--once", choices=METHODS, help="one method, once, in this process")
    return parser.parse_args(argv)


def main(argv: list[str]) -> None:
    arguments = parse_arguments(argv)
    if arguments.once:
        print(json.dumps(run_once(arguments.once, arguments)))
        return
    runs = []
    for method in METHODS:
        for _ in range(2):
            runs.append(run_in_process(method, argv))
            print({name: value for name, value in runs[-1].items() if name != "sha256"}, flush=True)
    hashes = {method: {run["sha256"] for run in runs if run["method"] == method} for method in METHODS}
    summary = {
        "benchmark": "cluster_scale",
        "date": datetime.date.today().isoformat(),
        "cpu": cpu_model(),
        "threads": thread_count(arguments.threads),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in PACKAGES},
        "rows": arguments.rows,
        "dim": arguments.dim,
        "clusters": arguments.clusters,
        "runs": runs,
        "identical": {method: len(found) == 1 for method, found in hashes.items()},
    }
    print(json.dumps(summary))


if __name__ == "__main__":
    main(sys.argv[1:])
