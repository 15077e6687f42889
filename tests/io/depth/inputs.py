"""Small BAM files made by hand, and their depth by a loop over single bases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pysam

from tests.locations import PROJECT

FOLDER = PROJECT / "tests" / "data" / "bam"
BAMS = (FOLDER / "sample1.bam", FOLDER / "sample2.bam")
JGI_TABLE = FOLDER / "jgi_depth.tsv"


@dataclass(frozen=True, slots=True)
class Read:
    """One aligned read; its bases are all A, its length follows from the CIGAR. `edits` is the tag NM."""

    contig: int = 0
    start: int = 300
    cigar: str = "100M"
    edits: int | None = 0
    flag: int = 0
    mapq: int = 60


def write_bam(path: Path, reads: Iterable[Read], lengths_bp: Sequence[int] = (1000,), *, kind: str = "wb") -> Path:
    """A BAM file (or, by pysam's letters, another) of reads in the order given; contigs are named c0, c1, ..."""
    header = pysam.AlignmentHeader.from_references([f"c{n}" for n in range(len(lengths_bp))], list(lengths_bp))
    with pysam.AlignmentFile(str(path), kind, header=header) as file:  # type: ignore[arg-type]  # the kind is a literal there
        for number, read in enumerate(reads):
            file.write(segment(read, header, name=f"r{number}"))
    return path


def segment(read: Read, header: pysam.AlignmentHeader, *, name: str = "r") -> pysam.AlignedSegment:
    """A read as pysam has it."""
    one = pysam.AlignedSegment(header)
    one.query_name, one.flag, one.mapping_quality = name, read.flag, read.mapq
    one.reference_id, one.reference_start, one.cigarstring = read.contig, read.start, read.cigar
    one.query_sequence = "A" * one.infer_query_length()
    if read.edits is not None:
        one.set_tag("NM", read.edits)
    return one


def random_reads(n_reads: int, lengths_bp: Sequence[int], *, seed: int) -> list[Read]:
    """Sorted reads of all kinds: gaps, clips, =, X, N, flags, edits and mapping qualities."""
    generator = np.random.default_rng(seed)
    cigars = ("100M", "30M", "20S80M", "40M3D60M", "50M2I50M", "60=1X39=", "10H50M40N50M", "30M5P30M", "1M1D1M1I97M")
    reads = [
        Read(
            contig=int(generator.integers(len(lengths_bp))),
            start=0,
            cigar=str(generator.choice(cigars)),
            edits=int(generator.integers(7)),
            flag=int(generator.choice([0, 16, 99, 4, 0x100, 0x200, 0x400, 0x800])),
            mapq=int(generator.choice([0, 20, 60])),
        )
        for _ in range(n_reads)
    ]
    placed = [
        Read(
            one.contig, int(generator.integers(lengths_bp[one.contig] - 150)), one.cigar, one.edits, one.flag, one.mapq
        )
        for one in reads
    ]
    return sorted(placed, key=lambda one: (one.contig, one.start))


def plain_depth(
    path: Path, *, min_identity: float = 97.0, end_bp: int = 75, min_mapq: int = 0
) -> list[tuple[float, float]]:
    """Mean and variance of each contig, base by base; edges of `end_bp` whatever the length of reads."""
    with pysam.AlignmentFile(str(path), check_sq=False) as file:
        depth = [[0] * length for length in file.lengths]
        for one in file:
            skipped = one.is_unmapped or one.is_secondary or one.is_qcfail or one.is_duplicate
            if skipped or one.mapping_quality < min_mapq or _identity(one) < np.float32(min_identity / 100):
                continue
            _cover(depth[one.reference_id], one)
    return [_mean_and_variance(bases, end_bp=end_bp) for bases in depth]


def _cover(bases: list[int], one: pysam.AlignedSegment) -> None:
    for query, reference in one.get_aligned_pairs():
        if query is not None and reference is not None and reference < len(bases):
            bases[reference] += 1


def _identity(one: pysam.AlignedSegment) -> float:
    bp = [0] * 10
    for kind, length in one.cigartuples or []:
        bp[kind] += length
    aligned, gaps, mismatches = bp[0] + bp[7] + bp[8], bp[1] + bp[2], bp[8]
    if bp[0] and one.has_tag("NM") and int(one.get_tag("NM")) >= gaps:
        mismatches = int(one.get_tag("NM")) - gaps
    return float(np.float32(max(aligned - mismatches, 0)) / np.float32(aligned + gaps))


def _mean_and_variance(bases: list[int], *, end_bp: int) -> tuple[float, float]:
    kept = bases[end_bp : len(bases) - end_bp] if len(bases) > 2 * end_bp else bases
    mean = sum(kept) / len(kept)
    return mean, sum((one - mean) ** 2 for one in kept) / max(len(kept) - 1, 1)
