"""What each contig of an assembly is, by aligning it to the genomes that the reads came from.

PAF of contigs against genomes -> for each contig and species the bases that its alignments cover, each base counted
once -> the species with most matching bases; a contig of which no species covers nine tenths is chimeric.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_WHOLE = 0.9  # share of a contig that one species must cover, or it is chimeric
_NAME, _START, _END, _TARGET, _MATCHES = 0, 2, 3, 5, 9  # columns of PAF


@dataclass(frozen=True, slots=True)
class Source:
    """Where a contig is from.

    Attributes:
        species: of most matching bases.
        genome: the strain of it with most.
        covered: share of the contig that alignments to the species cover.
        is_chimeric: no species covers it as good as whole.
    """

    species: str
    genome: str
    covered: float
    is_chimeric: bool


@dataclass(frozen=True, slots=True)
class _Aligned:
    """A stretch of a contig, [start, end), and the share of its bases that match."""

    start: int
    end: int
    identity: float


def contig_sources(paf: Path, *, lengths_bp: Mapping[str, int], species_of: Mapping[str, str]) -> dict[str, Source]:
    """The source of each contig that aligns at all.

    Args:
        lengths_bp: of the contigs.
        species_of: species of each genome; records of genomes are named GENOME|NUMBER.
    """
    found: dict[str, dict[str, list[_Aligned]]] = {}
    with paf.open(encoding="utf-8") as file:
        for line in file:
            columns = line.split("\t")
            start, end, matches = int(columns[_START]), int(columns[_END]), int(columns[_MATCHES])
            genome = columns[_TARGET].rpartition("|")[0]
            aligned = _Aligned(start, end, min(1.0, matches / max(1, end - start)))
            found.setdefault(columns[_NAME], {}).setdefault(genome, []).append(aligned)
    return {name: _source(found[name], lengths_bp[name], species_of) for name in lengths_bp if name in found}


def _source(by_genome: Mapping[str, list[_Aligned]], length_bp: int, species_of: Mapping[str, str]) -> Source:
    by_species: dict[str, list[_Aligned]] = {}
    for genome, stretches in by_genome.items():
        by_species.setdefault(species_of[genome], []).extend(stretches)
    covers = {species: _cover(stretches) for species, stretches in by_species.items()}
    best = max(sorted(covers), key=lambda species: covers[species][1])
    strains = sorted(genome for genome in by_genome if species_of[genome] == best)
    strain = max(strains, key=lambda genome: _cover(by_genome[genome])[1])
    is_chimeric = max(covered for covered, _ in covers.values()) < _WHOLE * length_bp
    return Source(best, strain, covers[best][0] / length_bp, is_chimeric)


def _cover(stretches: Iterable[_Aligned]) -> tuple[int, float]:
    """Bases covered and bases that match, where each base counts for the alignment of greatest identity."""
    taken: list[tuple[int, int]] = []
    covered, matches = 0, 0.0
    for one in sorted(stretches, key=lambda one: (-one.identity, one.start - one.end, one.start)):
        for start, end in _free(one.start, one.end, taken):
            covered += end - start
            matches += one.identity * (end - start)
        taken = _joined([*taken, (one.start, one.end)])
    return covered, matches


def _free(start: int, end: int, taken: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of [start, end) is in none of the taken stretches, which are sorted and apart."""
    for first, last in taken:
        if first >= end:
            break
        if last <= start:
            continue
        if first > start:
            yield start, first
        start = max(start, last)
    if start < end:
        yield start, end


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same stretches sorted, with those that touch put together."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
