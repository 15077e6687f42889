"""Depth by `dnabert-s depth --reads auto` against the truth, on simulated HiFi, R10 and old Nanopore reads.

The contigs of the example are put end to end, species by species, as a genome would hold them, so that reads reach
over the ends of contigs. Reads are drawn evenly at a depth for each species, with errors of each kind (mismatches,
insertions and deletions; the latter two more often in runs of one letter), and mapped to the contigs with minimap2.
The truth of a contig is how many reads were drawn over each of its bases, without those at its ends that `depth`
leaves out. What the same reads give with the identity for short ones is measured as well. The last line is one JSON
object.

    python benchmarks/long_read_depth.py [--megabases 4] [--minimap2 minimap2] [--samtools samtools]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from machine import machine_facts

from dnabert_s_cli import defaults
from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.io.depth import read_depth_table
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences import read_sequences

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DEPTHS = (24.0, 4.0, 12.0, 7.0)  # of the species, in the order of their first contigs
LEAST_BP = 5_000
WITHIN = 0.05
LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)
RUN_FACTOR = 4.0  # how much likelier an insertion or deletion is next to an equal letter
SHORTEST_READ_BP = 500


@dataclass(frozen=True, slots=True)
class ReadKind:
    """One kind of reads: preset of minimap2, log-normal lengths, rates of errors, and how they vary among reads."""

    preset: str
    median_bp: int
    log_sd: float
    mismatches: float
    insertions: float
    deletions: float
    rate_sd: float


KINDS = {
    "HiFi": ReadKind("map-hifi", 14_000, 0.25, 0.0004, 0.0006, 0.0006, 0.5),
    "R10": ReadKind("map-ont", 8_000, 0.8, 0.006, 0.004, 0.006, 0.4),
    "Nanopore of 2018": ReadKind("map-ont", 6_000, 0.9, 0.035, 0.03, 0.045, 0.25),
}


@dataclass(frozen=True, slots=True, eq=False)
class Genome:
    """Contigs of one species end to end: letters, and where each contig begins and ends."""

    depth: float
    letters: np.ndarray
    names: Sequence[str]
    starts: np.ndarray
    ends: np.ndarray


def main() -> None:
    """Measure, print, and end with one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabases", type=float, default=4.0, help="of contigs")
    parser.add_argument("--minimap2", default="minimap2")
    parser.add_argument("--samtools", default="samtools")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    genomes = read_genomes(int(options.megabases * 1e6))
    report: dict[str, object] = {
        "benchmark": "long_read_depth",
        "megabases": round(sum(len(one.letters) for one in genomes) / 1e6, 2),
        "n_contigs": sum(len(one.names) for one in genomes),
        "depths": [one.depth for one in genomes],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        contigs = folder / "contigs.fa"
        write_contigs(contigs, genomes)
        for kind_name, kind in KINDS.items():
            rng = np.random.default_rng(options.seed)
            truth = simulate(genomes, kind, folder / "reads.fa", rng=rng)
            bam = map_reads(contigs, folder, kind=kind, minimap2=options.minimap2, samtools=options.samtools)
            report[kind_name] = {
                reads: compare(truth, genomes, measure(bam, folder, reads=reads)) for reads in ("auto", "short")
            }
            print(kind_name, json.dumps(report[kind_name]), file=sys.stderr, flush=True)
    print(json.dumps({**report, "machine": machine_facts()}))


def read_genomes(most_bp: int) -> list[Genome]:
    """The longest contigs of each species of the example, up to so many bases in all."""
    species_of = read_labels(EXAMPLES / "gold.tsv")
    contigs: dict[str, list[tuple[str, str]]] = {}
    for record in read_sequences([EXAMPLES / "contigs.fa.gz"]):
        if record.id in species_of and len(record.sequence) >= LEAST_BP:
            contigs.setdefault(species_of[record.id], []).append((record.id, record.sequence))
    genomes = []
    for depth, own in zip(DEPTHS, contigs.values(), strict=True):
        left_bp, kept = most_bp // len(DEPTHS), []
        for name, sequence in own:
            if len(sequence) <= left_bp:
                kept.append((name, sequence))
                left_bp -= len(sequence)
        ends = np.cumsum([len(sequence) for _, sequence in kept])
        starts = ends - [len(sequence) for _, sequence in kept]
        letters = np.frombuffer("".join(sequence for _, sequence in kept).encode(), dtype=np.uint8)
        genomes.append(Genome(depth, letters, [name for name, _ in kept], starts, ends))
    return genomes


def write_contigs(path: Path, genomes: Sequence[Genome]) -> None:
    """The contigs as FASTA."""
    with path.open("wb") as stream:
        for genome in genomes:
            for name, start, end in zip(genome.names, genome.starts, genome.ends, strict=True):
                stream.write(b">%s\n%s\n" % (name.encode(), genome.letters[start:end].tobytes()))


def simulate(genomes: Sequence[Genome], kind: ReadKind, path: Path, *, rng: np.random.Generator) -> dict[str, float]:
    """Write reads; returns the mean depth of each contig within its ends."""
    truth = {}
    with path.open("wb") as stream:
        for genome in genomes:
            covered = np.zeros(len(genome.letters) + 1, dtype=np.int64)
            for number, (start, end) in enumerate(draw_places(genome, kind, rng=rng)):
                covered[start] += 1
                covered[end] -= 1
                read = with_errors(genome.letters[start:end], kind, rng=rng).tobytes()
                read = reverse_complement(read.decode()).encode() if rng.random() < 0.5 else read
                stream.write(b">%s_%d\n%s\n" % (genome.names[0].encode(), number, read))
            depth = np.cumsum(covered)[:-1]
            for name, start, end in zip(genome.names, genome.starts, genome.ends, strict=True):
                truth[name] = float(depth[start + defaults.END_BP : end - defaults.END_BP].mean())
    return truth


def draw_places(genome: Genome, kind: ReadKind, *, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Where reads lie, until the depth is reached; those over the end of the genome are cut there."""
    length_bp, left_bp = len(genome.letters), genome.depth * len(genome.letters)
    while left_bp > 0:
        read_bp = int(kind.median_bp * np.exp(rng.normal(0, kind.log_sd)))
        start = int(rng.integers(-read_bp + 1, length_bp))
        start, end = max(start, 0), min(start + read_bp, length_bp)
        if end - start >= SHORTEST_READ_BP:
            left_bp -= end - start
            yield start, end


def with_errors(letters: np.ndarray, kind: ReadKind, *, rng: np.random.Generator) -> np.ndarray:
    """A read of these letters: its own rate of errors, drawn around that of its kind."""
    factor = np.exp(rng.normal(-(kind.rate_sd**2) / 2, kind.rate_sd))
    n = len(letters)
    in_run = np.zeros(n, dtype=np.bool_)
    in_run[1:] = letters[1:] == letters[:-1]
    weights = np.where(in_run, RUN_FACTOR, 1.0)
    weights /= weights.mean()
    read = letters.copy()
    wrong = np.flatnonzero(rng.random(n) < factor * kind.mismatches)
    places = np.searchsorted(LETTERS, read[wrong])
    read[wrong] = LETTERS[(places + rng.integers(1, 4, len(wrong))) % 4]
    counts = 1 - (rng.random(n) < factor * kind.deletions * weights).astype(np.int64)
    counts += rng.random(n) < factor * kind.insertions * weights
    return np.repeat(read, counts)  # an insertion doubles a letter


def map_reads(contigs: Path, folder: Path, *, kind: ReadKind, minimap2: str, samtools: str) -> Path:
    """A sorted BAM."""
    bam = folder / "sample.bam"
    program = [minimap2, "-a", "-t", "1", "-x", kind.preset, str(contigs), str(folder / "reads.fa")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as mapped:
        sort = [samtools, "sort", "-o", str(bam), "-"]
        subprocess.run(sort, stdin=mapped.stdout, check=True, stderr=subprocess.DEVNULL)
    if mapped.returncode:
        raise SystemExit(f"minimap2 ended with {mapped.returncode}")
    return bam


def measure(bam: Path, folder: Path, *, reads: str) -> dict[str, float]:
    """Mean depth of each contig."""
    table = folder / "depth.tsv"
    options = ["--reads", reads, "-t", "1", "--force", "-q"]
    program = [sys.executable, "-m", "dnabert_s_cli", "depth", bam, "-o", table, *options]
    subprocess.run([str(word) for word in program], check=True)
    found = read_depth_table(table)
    return dict(zip(found.names, found.mean[:, 0].tolist(), strict=True))


def compare(truth: dict[str, float], genomes: Sequence[Genome], found: dict[str, float]) -> dict[str, object]:
    """Measured against true depth: of species, and of contigs."""
    species = []
    for genome in genomes:
        weights = genome.ends - genome.starts
        means = [float(np.average([depth[name] for name in genome.names], weights=weights)) for depth in (truth, found)]
        species.append(round(means[1] / means[0], 4))
    ratios = np.array([found[name] / depth for name, depth in truth.items()])
    quantiles = np.quantile(ratios, (0.05, 0.5, 0.95)).round(4).tolist()
    within = round(float((np.abs(ratios - 1) <= WITHIN).mean()), 4)
    return {"species": species, "contigs_within": within, "contigs_5_50_95": quantiles}


if __name__ == "__main__":
    main()
