"""Large assemblies simulated from real DNA: pieces of mutated genomes, and the depth of each in several samples.

Real sequences (whole genomes, or many genes of each of many genomes) -> for each simulated genome one of them and a
rate of mutation -> contigs from random places of it, each mutated by itself, in random order -> FASTA, a table of
depths, and the genome of each contig. Memory holds the real sequences, and a few numbers for each contig.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dnabert_s_cli.io.sequences.reading import read_sequences

_LEAST_SOURCE_BP = 60_000  # of real DNA, from which it may stand for a genome
_LEAST_BP, _MORE_BP = 2_000, 1_000.0  # length of a contig: at least so much, and more by an exponential law
_MOST_BP = 40_000
_SIZES_SPREAD = 0.8  # of the logarithm of the number of contigs of a genome
_LEAST_RATE, _MOST_RATE = 0.02, 0.12  # bases that are drawn once more, a quarter of them the same
_DEPTH_SPREAD, _DEPTH_NOISE = 1.2, 0.15  # of log depth between genomes, and of a contig of 5 kb around its genome
_LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)
_SAMPLE_NAME = "sample{}"


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """Where a simulated assembly is.

    Attributes:
        contigs, depth, gold: FASTA; depths in the form of jgi_summarize_bam_contig_depths; contig TAB genome.
        total_bp: of all contigs.
    """

    contigs: Path
    depth: Path
    gold: Path
    total_bp: int


def read_sources(clades: Path | None, genomes: Path | None) -> list[NDArray[np.uint8]]:
    """Real DNA, one array of letters for each genome.

    Args:
        clades: FASTA of genes; those whose names agree up to a colon are of one genome, as in MetaPhlAn's markers.
        genomes: folder of FASTA files, one for each genome.
    """
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(genomes.glob("*.fa.gz")) if genomes is not None else []:
        parts[path.name] = [record.sequence for record in read_sequences([path])]
    if clades is not None:
        for record in read_sequences([clades]):
            parts[record.id.split(":", 1)[0]].append(record.sequence)
    joined = ("".join(sequences) for sequences in parts.values())
    return [np.frombuffer(text.encode(), dtype=np.uint8) for text in joined if len(text) >= _LEAST_SOURCE_BP]


def simulate(
    folder: Path, sources: Sequence[NDArray[np.uint8]], *, n_contigs: int, n_genomes: int, n_samples: int, seed: int
) -> Assembly:
    """Write an assembly of `n_contigs` contigs into `folder`."""
    rng = np.random.default_rng(seed)
    of_genome = np.resize(rng.permutation(len(sources)), n_genomes)
    rates = rng.uniform(_LEAST_RATE, _MOST_RATE, size=n_genomes)
    shares = rng.lognormal(sigma=_SIZES_SPREAD, size=n_genomes)
    genome = rng.choice(n_genomes, size=n_contigs, p=shares / shares.sum())
    lengths = np.minimum(_LEAST_BP + rng.exponential(_MORE_BP, size=n_contigs), _MOST_BP).astype(np.int64)
    paths = folder / "contigs.fa", folder / "depth.tsv", folder / "gold.tsv"
    with paths[0].open("wb") as stream:
        for row, (number, length_bp) in enumerate(zip(genome.tolist(), lengths.tolist(), strict=True)):
            letters = _piece(sources[of_genome[number]], length_bp, rate=rates[number], rng=rng)
            stream.write(b">c%d\n%s\n" % (row, letters))
    _write_depth(paths[1], genome, lengths, n_genomes=n_genomes, n_samples=n_samples, rng=rng)
    with paths[2].open("w", encoding="utf-8") as stream:
        stream.writelines(f"c{row}\tgenome{number}\n" for row, number in enumerate(genome.tolist()))
    return Assembly(*paths, total_bp=int(lengths.sum()))


def _piece(source: NDArray[np.uint8], length_bp: int, *, rate: float, rng: np.random.Generator) -> bytes:
    """Mutated letters from a random place of a source, which is taken for a circle."""
    start = int(rng.integers(len(source)))
    piece = source[start : start + length_bp]
    letters = np.concatenate([piece, source[: length_bp - len(piece)]])
    n_drawn = int(rng.binomial(len(letters), rate))
    letters[rng.integers(len(letters), size=n_drawn)] = _LETTERS[rng.integers(4, size=n_drawn)]
    return letters.tobytes()


def _write_depth(
    path: Path,
    genome: NDArray[np.int64],
    lengths: NDArray[np.int64],
    *,
    n_genomes: int,
    n_samples: int,
    rng: np.random.Generator,
) -> None:
    """Log-normal depths of genomes, and of contigs around them, the closer the longer they are."""
    means = rng.normal(np.log(10), _DEPTH_SPREAD, size=(n_genomes, n_samples))
    scales = _DEPTH_NOISE * np.sqrt(5_000 / lengths)
    names = [_SAMPLE_NAME.format(number) for number in range(1, n_samples + 1)]
    form = "c%d\t%d\t%.4f" + "\t%.4f" * n_samples + "\n"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("\t".join(("contigName", "contigLen", "totalAvgDepth", *names)) + "\n")
        for row, (number, length_bp) in enumerate(zip(genome.tolist(), lengths.tolist(), strict=True)):
            depth = np.exp(means[number] + scales[row] * rng.standard_normal(n_samples))
            stream.write(form % (row, length_bp, depth.sum(), *depth.tolist()))
