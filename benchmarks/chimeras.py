"""How many made chimeras `bin --contig-table` finds, and how many whole contigs it takes for some, by length.

Contigs with a gold standard -> their genomes as bins -> pieces of two genomes joined between a quarter and three
quarters of the length, and as many pieces of one genome -> their joints, as `bin` looks for them. Prints one JSON
object as the last line.

    python benchmarks/chimeras.py CONTIGS GOLD [--each 250] [--seed 5]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from machine import machine_facts

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.binning.assignment import HalfPairs
from dnabert_s_cli.analysis.binning.chimeras import find_joint, window_ends
from dnabert_s_cli.analysis.binning.whitening import Whitening, fit_whitening
from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.encoders.embedder import Encoder
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences.reading import read_sequences

_LENGTHS_BP = (10_000, 20_000, 40_000, 80_000)
_SHARES = (0.25, 0.75)


def main() -> None:
    """Make, look, count, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("contigs", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--each", type=int, default=250, help="chimeras, and whole contigs, of each length")
    parser.add_argument("--seed", type=int, default=5)
    arguments = parser.parse_args()
    genome_of = read_labels(arguments.gold)
    records = [
        (record.id, record.sequence)
        for record in read_sequences([arguments.contigs], min_length_bp=defaults.MIN_CONTIG_BP)
        if record.id in genome_of
    ]
    names = sorted({genome_of[name] for name, _ in records})
    genomes = np.array([names.index(genome_of[name]) for name, _ in records])
    sequences = [sequence for _, sequence in records]
    rows = measure(sequences, genomes, each=arguments.each, seed=arguments.seed)
    for length_bp, row in rows.items():
        print(length_bp, row, flush=True)
    print(json.dumps({"benchmark": "chimeras", "n_genomes": len(names), "rows": rows, **machine_facts()}))


def measure(sequences: list[str], genomes: np.ndarray, *, each: int, seed: int) -> dict[int, dict[str, float]]:
    """For each length: shares found and falsely found, and the median error of the place, in bases."""
    rng = np.random.default_rng(seed)
    encoder = load_encoder(defaults.MODEL)
    lengths_bp = np.array([len(one) for one in sequences], dtype=np.int64)
    embeddings = encoder.embed(sequences)
    drawn = np.sort(rng.permutation(np.flatnonzero(lengths_bp >= 2 * defaults.MIN_HALF_BP))[: defaults.HALF_PAIRS])
    first = encoder.embed([sequences[row][: lengths_bp[row] // 2] for row in drawn])
    second = encoder.embed([sequences[row][lengths_bp[row] // 2 :] for row in drawn])
    geometry = fit_whitening(embeddings, lengths_bp, halves=HalfPairs(first, second, lengths_bp[drawn]))
    unit = geometry(embeddings)
    n_genomes = int(genomes.max()) + 1
    members = [genomes == genome for genome in range(n_genomes)]
    centres = l2_normalize(np.array([np.average(unit[one], axis=0, weights=lengths_bp[one]) for one in members]))
    found: dict[int, dict[str, float]] = {}
    for length_bp in _LENGTHS_BP:
        long_enough = [np.flatnonzero(one & (lengths_bp >= length_bp)) for one in members]
        whole = [genome for genome in range(n_genomes) if len(long_enough[genome])]
        made = [_chimera(sequences, members, lengths_bp, length_bp=length_bp, rng=rng) for _ in range(each)]
        pieces = [_piece(sequences, long_enough[rng.choice(whole)], length_bp=length_bp, rng=rng) for _ in range(each)]
        places = [_place(one, encoder, geometry, centres) for one, _ in made]
        false = [_place(one, encoder, geometry, centres) for one in pieces]
        errors = [abs(place - truth) for place, (_, truth) in zip(places, made, strict=True) if place]
        found[length_bp] = {
            "found": float(np.mean([place > 0 for place in places])),
            "falsely_found": float(np.mean([place > 0 for place in false])),
            "median_error_bp": float(np.median(errors)) if errors else float("nan"),
        }
    return found


def _chimera(
    sequences: list[str], members: list[np.ndarray], lengths_bp: np.ndarray, *, length_bp: int, rng: np.random.Generator
) -> tuple[str, int]:
    """A joined contig, and the base after which its second genome begins."""
    while True:
        place = int(length_bp * rng.uniform(*_SHARES))
        one, other = rng.choice(len(members), 2, replace=False)
        parts = []
        for genome, n_bp in ((one, place), (other, length_bp - place)):
            rows = np.flatnonzero(members[genome] & (lengths_bp >= n_bp))
            parts += [_piece(sequences, rows, length_bp=n_bp, rng=rng)] if len(rows) else []
        if len(parts) == 2:
            return "".join(parts), place


def _piece(sequences: list[str], rows: np.ndarray, *, length_bp: int, rng: np.random.Generator) -> str:
    sequence = sequences[int(rng.choice(rows))]
    start = int(rng.integers(0, len(sequence) - length_bp + 1))
    return sequence[start : start + length_bp]


def _place(sequence: str, encoder: Encoder, geometry: Whitening, centres: np.ndarray) -> int:
    """The base after which the contig changes genome, 0 for none."""
    ends = window_ends(len(sequence)).tolist()
    windows = [sequence[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    joint = find_joint(geometry(encoder.embed(windows)) @ centres.T)
    return 0 if joint is None else ends[joint.n_before - 1]


if __name__ == "__main__":
    main()
