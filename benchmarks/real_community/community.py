"""Which genomes make a community, and how deep each is sequenced in each sample.

Table of genomes -> species drawn, some with two strains -> depths, log-normal over species and again over samples, some
species missing from some samples -> depths scaled so that all reads together have the bases asked for.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_SPREAD_OF_SPECIES = 0.6  # standard deviation of the logarithm of a genome's depth
_SPREAD_OF_SAMPLES = 0.7  # of a genome's depth from sample to sample
_ABSENT = 0.2  # share of genomes that a sample lacks
_SCALING_STEPS = 60  # halvings of the logarithm of the scale


@dataclass(frozen=True, slots=True)
class Genome:
    """One genome: its species, its name, and its FASTA file, which may be compressed."""

    species: str
    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Design:
    """What is asked for.

    Args:
        n_species: species in all, those with two strains included.
        n_pairs: species with two strains.
        total_bp: bases of reads, all samples together.
        least_depth, most_depth: of a genome in a sample that has it.
    """

    n_species: int
    n_pairs: int
    n_samples: int
    total_bp: float
    least_depth: float
    most_depth: float


def read_genomes(path: Path) -> list[Genome]:
    """The table of genomes: columns species, id and path, relative to the table."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return [Genome(row["species"], row["id"], path.parent / row["path"]) for row in rows]


def draw_genomes(genomes: Sequence[Genome], design: Design, rng: np.random.Generator) -> list[Genome]:
    """Genomes of the community: pairs of strains first, then one genome of each further species.

    Raises:
        ValueError: the table has too few species, or too few with two strains.
    """
    by_species: dict[str, list[Genome]] = {}
    for genome in genomes:
        by_species.setdefault(genome.species, []).append(genome)
    with_strains = sorted(species for species, members in by_species.items() if len(members) > 1)
    if len(with_strains) < design.n_pairs or len(by_species) < design.n_species:
        raise ValueError(f"{len(by_species)} species, {len(with_strains)} of them with two strains, are too few")
    pairs = [with_strains[one] for one in rng.permutation(len(with_strains))[: design.n_pairs]]
    others = sorted(set(by_species) - set(pairs))
    singles = [others[one] for one in rng.permutation(len(others))[: design.n_species - design.n_pairs]]
    drawn = [genome for species in pairs for genome in by_species[species][:2]]
    return drawn + [by_species[species][int(rng.integers(len(by_species[species])))] for species in singles]


def draw_depths(genome_bp: Sequence[int], design: Design, rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean depth of G genomes in S samples, (G, S); 0 where a sample lacks the genome. No genome lacks in all."""
    shape = (len(genome_bp), design.n_samples)
    own = rng.normal(0, _SPREAD_OF_SPECIES, shape[0])
    raw = np.exp(own[:, None] + rng.normal(0, _SPREAD_OF_SAMPLES, shape))
    is_there = rng.random(shape) >= _ABSENT
    is_there[np.arange(shape[0]), rng.integers(design.n_samples, size=shape[0])] = True
    sizes_bp = np.asarray(genome_bp, dtype=np.float64)[:, None]

    def scaled(log_scale: float) -> NDArray[np.float64]:
        depths = np.clip(raw * np.exp(log_scale), design.least_depth, design.most_depth)
        return np.where(is_there, depths, 0.0)

    low, high = -10.0, 10.0
    for _ in range(_SCALING_STEPS):
        middle = (low + high) / 2
        too_many = float((scaled(middle) * sizes_bp).sum()) > design.total_bp
        low, high = (low, middle) if too_many else (middle, high)
    return scaled(low)
