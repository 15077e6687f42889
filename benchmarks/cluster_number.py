"""Numbers of clusters that `cluster -k auto` chooses, against how many species there are.

Labelled tables -> vectors -> for each number of species some draws of that many -> the number chosen. The last line of
stdout is one JSON object.

    python benchmarks/cluster_number.py clustering_0.tsv.gz clustering_1.tsv.gz --models kmer-s,tnf-c
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from machine import machine_facts
from numpy.typing import NDArray

from dnabert_s_cli.analysis.clustering.number import choose_n_clusters
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.labels.evaluation_sets import read_labelled

NEAR = 0.2  # of the true number


def main() -> None:
    """Read, embed, choose, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+", help="TSV with columns sequence and bin_id")
    parser.add_argument("--models", default="kmer-s,tnf-c")
    parser.add_argument("--species", default="1,2,3,5,10,20,40,50")
    parser.add_argument("--draws", type=int, default=3)
    arguments = parser.parse_args()
    numbers = [int(word) for word in arguments.species.split(",")]
    results: list[dict[str, object]] = []
    near: dict[str, float] = {}
    for model in arguments.models.split(","):
        every = []
        encoder = load_encoder(model)
        for path in arguments.tables:
            table = read_labelled(path)
            unit, labels = l2_normalize(encoder.embed(table.sequences)), np.array(table.labels)
            chosen = {number: chosen_numbers(unit, labels, number, n_draws=arguments.draws) for number in numbers}
            every.append(chosen)
            results.append({"model": model, "table": path.name, "chosen": chosen})
            print(model, path.name, chosen, flush=True)
        near[model] = near_share(every)
    facts = {"benchmark": "cluster_number", "results": results, "within_a_fifth": near}
    print(json.dumps({**facts, **machine_facts("faiss-cpu", "scikit-network")}))


def chosen_numbers(unit: NDArray[np.float32], labels: NDArray[np.str_], n_species: int, *, n_draws: int) -> list[int]:
    """What is chosen for the rows of some species, in several draws of these; one draw where all are taken."""
    names = np.unique(labels)
    draws = 1 if n_species >= len(names) else n_draws
    picks = [np.random.default_rng((n_species, draw)).permutation(names)[:n_species] for draw in range(draws)]
    return [choose_n_clusters(unit[np.isin(labels, pick)], seed=0) for pick in picks]


def near_share(chosen: list[dict[int, list[int]]]) -> float:
    """Share of all choices that are within a fifth of the truth."""
    near = [abs(found - number) <= NEAR * number for one in chosen for number, every in one.items() for found in every]
    return round(float(np.mean(near)), 3)


if __name__ == "__main__":
    main()
