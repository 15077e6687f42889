"""How far the completeness and contamination that marker genes state are from the truth.

Genomes are cut into contigs, whose marker genes are searched once. A made bin then holds some of the contigs of one
genome, drawn until a given share of its bases is reached, and contigs of a genome of another species, drawn until
they have a given share of the first one's bases: these shares are the true completeness and contamination. Prints the
mean absolute error and the bias (stated minus true, in points of percent) of clean bins, which hold a part of one
genome and nothing else, and of whole genomes with any contamination: all, by phylum, by true completeness and by true
contamination. Ends with one JSON object.

    python benchmarks/bin_quality.py GENOMES.tsv [--trials 4] [--median 10000]

GENOMES.tsv has the columns species, id and path, and phylum if there is to be a table by phylum.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import machine_facts
from numpy.typing import NDArray

from dnabert_s_cli.analysis.binning.quality import bin_quality
from dnabert_s_cli.analysis.markers.search import MarkerHits, find_markers
from dnabert_s_cli.io.sequences.reading import read_sequences
from dnabert_s_cli.pipelines.bin.markers import open_profiles

_COMPLETE = tuple(range(10, 101, 10))  # percent
_CONTAMINATED = tuple(range(0, 51, 10))
_SPREAD = 0.9  # standard deviation of the logarithm of a contig's length
_LEAST_BP = 1_000


@dataclass(frozen=True, slots=True)
class Genome:
    """One genome of the table: its species, its phylum or "all", and its FASTA file."""

    species: str
    phylum: str
    path: Path


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Genomes cut into N contigs: genome (N,) and length (N,) of each, and their marker genes."""

    genomes: Sequence[Genome]
    genome_of: NDArray[np.int64]
    lengths_bp: NDArray[np.int64]
    hits: MarkerHits


@dataclass(frozen=True, slots=True)
class Made:
    """A made bin: phylum of its genome, true and stated percentages."""

    phylum: str
    complete: int
    contaminated: int
    true: tuple[float, float]
    stated: tuple[float, float]


def main() -> None:
    """Cut, search, mix, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genomes", type=Path)
    parser.add_argument("--trials", type=int, default=4, help="made bins for each genome and share")
    parser.add_argument("--median", type=int, default=10_000, help="median length of the contigs, bp")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    cut = cut_genomes(read_table(arguments.genomes), arguments.median, rng=rng, threads=arguments.threads)
    made = list(made_bins(cut, n_trials=arguments.trials, rng=rng))
    rows = {name: errors(chosen) for name, chosen in groups(made)}
    for name, row in rows.items():
        print(f"{name:32s}", row, flush=True)
    facts = {"n_genomes": len(cut.genomes), "n_contigs": len(cut.lengths_bp), "median_bp": arguments.median}
    print(json.dumps({"benchmark": "bin_quality", **facts, "rows": rows, **machine_facts("pyhmmer")}))


def read_table(path: Path) -> list[Genome]:
    """The genomes; paths are relative to the table."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [Genome(row["species"], row.get("phylum") or "all", path.parent / row["path"]) for row in rows]


def cut_genomes(genomes: Sequence[Genome], median_bp: int, *, rng: np.random.Generator, threads: int) -> Cut:
    """Contigs of log-normal length; what is left of a record below 1 kb is dropped."""
    contigs: list[str] = []
    genome_of: list[int] = []
    for number, genome in enumerate(genomes):
        for record in read_sequences([genome.path]):
            start = 0
            while len(record.sequence) - start >= _LEAST_BP:
                length_bp = max(_LEAST_BP, int(rng.lognormal(np.log(median_bp), _SPREAD)))
                contigs.append(record.sequence[start : start + length_bp].upper())
                genome_of.append(number)
                start += length_bp
    hits = find_markers(contigs, open_profiles(), threads=threads, on_progress=lambda _: None)
    return Cut(genomes, np.array(genome_of), np.array([len(one) for one in contigs]), hits)


def made_bins(cut: Cut, *, n_trials: int, rng: np.random.Generator) -> Iterable[Made]:
    """A part of every genome, and every genome with some of another."""
    for number, genome in enumerate(cut.genomes):
        own = np.flatnonzero(cut.genome_of == number)
        whole_bp = int(cut.lengths_bp[own].sum())
        others = [one for one, other in enumerate(cut.genomes) if other.species != genome.species]
        for complete, contaminated, _ in itertools.product(_COMPLETE, _CONTAMINATED, range(n_trials)):
            if complete < 100 and contaminated:
                continue
            kept = drawn(own, cut.lengths_bp, complete / 100 * whole_bp, rng)
            foreign = np.flatnonzero(cut.genome_of == rng.choice(others)) if others else own[:0]
            foreign = drawn(foreign, cut.lengths_bp, contaminated / 100 * whole_bp, rng)
            shares = [100 * int(cut.lengths_bp[rows].sum()) / whole_bp for rows in (kept, foreign)]
            is_in = np.zeros(len(cut.lengths_bp), dtype=bool)
            is_in[np.concatenate([kept, foreign])] = True
            hits = cut.hits.of_contigs(is_in)
            quality = bin_quality(hits, np.zeros(hits.n_contigs, dtype=np.int64))
            stated = float(quality.completeness[0]), float(quality.contamination[0])
            yield Made(genome.phylum, complete, contaminated, (shares[0], shares[1]), stated)


def drawn(
    rows: NDArray[np.int64], lengths_bp: NDArray[np.int64], wanted_bp: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Contigs in random order, as many as come nearest to the bases wanted."""
    order = rng.permutation(rows)
    sums = np.concatenate([[0], np.cumsum(lengths_bp[order])])
    return order[: int(np.argmin(np.abs(sums - wanted_bp)))]


def groups(made: Sequence[Made]) -> Iterable[tuple[str, list[Made]]]:
    """The made bins in groups with names."""
    clean = [one for one in made if one.contaminated == 0]
    whole = [one for one in made if one.complete == 100]
    yield "all clean", clean
    yield "all whole", whole
    for phylum in sorted({one.phylum for one in made}):
        yield f"{phylum}, clean", [one for one in clean if one.phylum == phylum]
        yield f"{phylum}, whole", [one for one in whole if one.phylum == phylum]
    for share in _COMPLETE:
        yield f"completeness {share}", [one for one in made if one.complete == share and one.contaminated == 0]
    for share in _CONTAMINATED:
        yield f"contamination {share}", [one for one in made if one.contaminated == share and one.complete == 100]


def errors(made: Sequence[Made]) -> dict[str, float]:
    """Mean absolute error and bias of both, in points of percent, and the number of bins."""
    differences = np.array([one.stated for one in made]) - np.array([one.true for one in made])
    found: dict[str, float] = {"n": len(made)}
    for column, name in enumerate(("completeness", "contamination")):
        found[f"{name}_error"] = round(float(np.abs(differences[:, column]).mean()), 2)
        found[f"{name}_bias"] = round(float(differences[:, column].mean()), 2)
    return found


if __name__ == "__main__":
    main()
