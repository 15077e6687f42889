"""Genomes to the assembly that an assembler makes of their reads, with the depth of its contigs and its truth.

Genomes drawn from a table -> reads with sequencing errors (ART, HiSeq 2500, 2 x 150 bp), sample by sample -> one
assembly of all samples (MEGAHIT) -> each sample's reads mapped to the contigs (minimap2) -> depth by
`jgi_summarize_bam_contig_depths` -> the species of each contig by alignment to the genomes (minimap2). A finished stage
is not repeated. All programs are Debian packages: art-nextgen-simulation-tools, megahit, minimap2, samtools, metabat.

    python benchmarks/real_community/build.py GENOMES.tsv OUT --seed 1 --species 21 --pairs 3 --samples 3 --gbp 1.0

GENOMES.tsv has the columns species, id and path. OUT then holds community.tsv (depth of each genome in each sample),
contigs.fa.gz, S1.bam and so on, depth.tsv, gold.tsv (CAMI biobox), contigs.tsv (what each contig is) and facts.json.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from community import Design, Genome, draw_depths, draw_genomes, read_genomes
from numpy.typing import NDArray
from truth import Source, contig_sources

from dnabert_s_cli.io.sequences.reading import read_sequences

_READ_BP, _INSERT_BP, _INSERT_SPREAD_BP = 150, 350, 40
_LEAST_RECORD_BP = 1_000  # of a genome's records; a read pair must fit in
_IS_UNKNOWN = str.maketrans(dict.fromkeys("RYSWKMBDHVU", "N"))


class Workplace:
    """The folder of one community: runs programs in it and skips what is finished."""

    def __init__(self, folder: Path, *, threads: int) -> None:
        self.folder, self.threads = folder, threads
        (folder / "genomes").mkdir(parents=True, exist_ok=True)
        (folder / "reads").mkdir(exist_ok=True)

    def make(self, name: str, command: str) -> None:
        """Run a line of bash that writes the file {out}, unless the file is there."""
        path = self.folder / name
        if path.exists():
            return
        part = path.with_name(path.name + ".part")
        started = time.monotonic()
        line = command.format(out=part.name if part.parent == self.folder else part, threads=self.threads)
        with (self.folder / "log.txt").open("a") as log:
            subprocess.run(["bash", "-eo", "pipefail", "-c", line], cwd=self.folder, check=True, stdout=log, stderr=log)
        part.replace(path)
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def main() -> None:
    """Draw the community and make every file of it."""
    arguments = _arguments()
    place = Workplace(arguments.out.absolute(), threads=arguments.threads)
    design = Design(
        arguments.species,
        arguments.pairs,
        arguments.samples,
        arguments.gbp * 1e9,
        arguments.least_depth,
        arguments.most_depth,
    )
    rng = np.random.default_rng(arguments.seed)
    genomes = draw_genomes(read_genomes(arguments.genomes), design, rng)
    genome_bp = [_copy_genome(genome, place.folder / "genomes" / f"{genome.name}.fa") for genome in genomes]
    depths = draw_depths(genome_bp, design, rng)
    _write_community(place.folder / "community.tsv", genomes, genome_bp=genome_bp, depths=depths)
    samples = [f"S{number + 1}" for number in range(design.n_samples)]
    for sample, column in zip(samples, depths.T, strict=True):
        _simulate_sample(place, sample, genomes, depths=column, seed=arguments.seed)
    _assemble(place, samples, ks=arguments.ks, min_length_bp=arguments.min_length)
    _map(place, samples)
    _write_truth(place.folder, genomes, seed=arguments.seed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genomes", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--species", type=int, default=21)
    parser.add_argument("--pairs", type=int, default=3, help="species with two strains")
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--gbp", type=float, default=1.0, help="bases of all reads, in 10^9")
    parser.add_argument("--least-depth", type=float, default=1.5)
    parser.add_argument("--most-depth", type=float, default=30.0)
    parser.add_argument("--min-length", type=int, default=1_000, help="shortest contig, bp")
    parser.add_argument("--ks", default="27,55,83", help="k-mer lengths of MEGAHIT")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def _copy_genome(genome: Genome, path: Path) -> int:
    """Write the records of a genome that are long enough, named GENOME|NUMBER; their bases together."""
    n_bp = 0
    with path.open("w", encoding="ascii") as file:
        for number, record in enumerate(read_sequences([genome.path])):
            if len(record.sequence) >= _LEAST_RECORD_BP:
                file.write(f">{genome.name}|{number}\n{record.sequence.upper().translate(_IS_UNKNOWN)}\n")
                n_bp += len(record.sequence)
    return n_bp


def _write_community(
    path: Path, genomes: Sequence[Genome], *, genome_bp: Sequence[int], depths: NDArray[np.float64]
) -> None:
    head = "\t".join(["id", "species", "bp", *(f"S{number + 1}" for number in range(depths.shape[1]))])
    lines = [
        "\t".join([genome.name, genome.species, str(n_bp), *(f"{depth:.3f}" for depth in row)])
        for genome, n_bp, row in zip(genomes, genome_bp, depths, strict=True)
    ]
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")


def _simulate_sample(
    place: Workplace, sample: str, genomes: Sequence[Genome], *, depths: NDArray[np.float64], seed: int
) -> None:
    """Reads of one sample, both mates, genome by genome; the seed of each follows from its name's place."""
    present = [
        (number, genome, depth) for number, genome, depth in zip(range(len(genomes)), genomes, depths, strict=True)
    ]
    art = (
        f"art_illumina -q -na -ss HS25 -p -l {_READ_BP} -m {_INSERT_BP} -s {_INSERT_SPREAD_BP} "
        "-i genomes/{name}.fa -d {name}- -f {depth:.4f} -rs {seed} -o reads/{sample}.{name}."
    )
    pieces = [
        art.format(name=genome.name, depth=depth, seed=10_007 * seed + 101 * number + int(sample[1:]), sample=sample)
        for number, genome, depth in present
        if depth > 0
    ]
    named = [f"reads/{sample}.{genome.name}." for _, genome, depth in present if depth > 0]
    for mate in (1, 2):
        joined = " ".join(f"{one}{mate}.fq" for one in named)
        before = " && ".join(pieces) + " && " if mate == 1 else ""
        place.make(f"reads/{sample}_{mate}.fq", f"{before}cat {joined} > {{out}} && rm {joined}")


def _assemble(place: Workplace, samples: Sequence[str], *, ks: str, min_length_bp: int) -> None:
    first, second = (",".join(f"reads/{sample}_{mate}.fq" for sample in samples) for mate in (1, 2))
    place.make(
        "contigs.fa",
        f"rm -rf megahit && megahit -t {{threads}} --k-list {ks} --min-contig-len {min_length_bp} -o megahit "
        f"-1 {first} -2 {second} && sed 's/ .*//' megahit/final.contigs.fa > {{out}} && rm -rf megahit",
    )
    place.make("contigs.fa.gz", "gzip -nc contigs.fa > {out}")


def _map(place: Workplace, samples: Sequence[str]) -> None:
    """Sorted BAM files of the samples, the depth table, and the alignments of contigs to genomes."""
    for sample in samples:
        reads = f"reads/{sample}_1.fq reads/{sample}_2.fq"
        place.make(
            f"{sample}.bam",
            f"minimap2 -t {{threads}} -ax sr contigs.fa {reads} | samtools sort -m 500M -T {sample}.tmp -o {{out}} -",
        )
    place.make(
        "depth.tsv", "jgi_summarize_bam_contig_depths --outputDepth {out} " + " ".join(f"{s}.bam" for s in samples)
    )
    place.make(
        "contigs.paf",
        "cat genomes/*.fa > genomes.fa && minimap2 -t {threads} -cx asm10 -N 50 -p 0.1 genomes.fa contigs.fa > {out}",
    )


def _write_truth(folder: Path, genomes: Sequence[Genome], *, seed: int) -> None:
    """gold.tsv, contigs.tsv and facts.json from the alignments."""
    with gzip.open(folder / "contigs.fa.gz", "rt") as file:
        text = [line.rstrip("\n") for line in file]
    lengths_bp: dict[str, int] = {}
    for line in text:
        if line.startswith(">"):
            name = line[1:]
            lengths_bp[name] = 0
        else:
            lengths_bp[name] += len(line)
    species_of = {genome.name: genome.species.replace(" ", "_") for genome in genomes}
    sources = contig_sources(folder / "contigs.paf", lengths_bp=lengths_bp, species_of=species_of)
    with (folder / "gold.tsv").open("w") as gold, (folder / "contigs.tsv").open("w") as table:
        gold.write("@Version:0.9.1\n@SampleID:community\n\n@@SEQUENCEID\tBINID\tLENGTH\n")
        table.write("contig\tlength\tspecies\tgenome\tcovered\tchimeric\n")
        for name, one in sources.items():
            gold.write(f"{name}\t{one.species}\t{lengths_bp[name]}\n")
            row = (name, lengths_bp[name], one.species, one.genome, f"{one.covered:.4f}", int(one.is_chimeric))
            table.write("\t".join(map(str, row)) + "\n")
    (folder / "facts.json").write_text(json.dumps(_facts(lengths_bp, sources, seed=seed), indent=1) + "\n")


def _facts(lengths_bp: Mapping[str, int], sources: Mapping[str, Source], *, seed: int) -> dict[str, object]:
    sizes = np.sort(list(lengths_bp.values()))[::-1]
    return {
        "seed": seed,
        "species": len({one.species for one in sources.values()}),
        "contigs": len(sizes),
        "bp": int(sizes.sum()),
        "n50": int(sizes[np.searchsorted(np.cumsum(sizes), sizes.sum() / 2)]),
        "unaligned": len(sizes) - len(sources),
        "chimeric": sum(one.is_chimeric for one in sources.values()),
        "programs": [name for name in ("art_illumina", "megahit", "minimap2", "samtools") if shutil.which(name)],
    }


if __name__ == "__main__":
    main()
