"""Genes on contigs, found in process by pyrodigal's metagenomic mode, and their proteins.

Genes may run off both ends of a contig, never across a stretch of N. Each contig is called alone, so the result
depends neither on its neighbours nor on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyrodigal

MIN_PROTEIN = 20  # residues; pyrodigal's shortest gene at an edge


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene: first and last base, counted from 1 on the contig's own strand, and its protein without the stop.

    Attributes:
        strand: 1 or -1.
    """

    start: int
    end: int
    strand: int
    protein: str


def call_genes(
    sequences: Sequence[str], pool: ThreadPoolExecutor, *, on_progress: Callable[[int], object]
) -> Iterator[list[Gene]]:
    """The genes of each sequence, by start, in the order of `sequences`; pyrodigal releases the interpreter's lock.

    Args:
        on_progress: called with the bases of each contig once it is done.
    """
    finder = pyrodigal.GeneFinder(meta=True, mask=True)
    for sequence, genes in zip(sequences, pool.map(lambda one: _genes(finder, one), sequences), strict=True):
        on_progress(len(sequence))
        yield genes


def _genes(finder: pyrodigal.GeneFinder, sequence: str) -> list[Gene]:
    found = finder.find_genes(sequence)
    genes = [Gene(gene.begin, gene.end, gene.strand, gene.translate(include_stop=False)) for gene in found]
    return [gene for gene in genes if len(gene.protein) >= MIN_PROTEIN]
