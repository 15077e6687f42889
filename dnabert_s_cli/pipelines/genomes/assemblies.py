"""`simulate metagenome --per-sample-assemblies`: one assembly for each sample, and their catalogue.

Genomes pass one by one -> each gets a log-normal depth in each sample -> where it is deep enough, it is cut into
contigs for that sample, a larger share of it the deeper it is -> contigs of each sample in random order, named after it
-> their depth in all samples, gold standard by sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError
from ...io.bins.simulated import LabelledPiece, write_abundances, write_contigs, write_depths, write_gold, write_origins
from ...io.folders import OWN_MARK, atomic_folder
from ...io.identity import check_apart
from ...io.pairs.writer import Piece
from ...io.provenance import write_run_json
from ..progress import Progress
from ..run_record import KEEP, Existing, Run
from .inputs import GenomeInput, Genomes, find_genomes, generator_of
from .metagenome import ContigLaw, DepthLaw, contig_depths, contig_lengths, genome_depths
from .pieces import draw_contigs

_LEAST_DEPTH = 1.0  # from which a genome is assembled at all
_DEPTH_SCALE = 3.0  # by so much more, 63 % of its share is in contigs


@dataclass(frozen=True, slots=True)
class AssembliesReport:
    """What a finished run did; a genome counts once for each sample that it is assembled in."""

    n_samples: int
    n_genomes: int
    n_contigs: int
    total_bp: int
    seconds: float


def simulate_assemblies(
    genomes: GenomeInput,
    output: Path,
    *,
    contigs: ContigLaw,
    depth: DepthLaw,
    seed: int = defaults.SEED,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> AssembliesReport:
    """Write a folder with assemblies/sampleN.fa.gz, their catalogue contigs.fa.gz, and the truth.

    Contigs are named `sample1:contig_1` in the catalogue, in depth.tsv, in gold.biobox.tsv (whose genomes are
    `sample1:genome`) and in origins.tsv.gz, and `contig_1` in their assembly. All are held in memory.

    Raises:
        DnabertSError: bad input (all problems together), existing output, or no genome that gives a contig.
    """
    settings = {**asdict(genomes), "contigs": asdict(contigs), "depth": asdict(depth), "per_sample": True}
    run = Run("simulate metagenome", argv=argv, seed=seed, asked={**settings, "seed": seed})
    check_apart([output], genomes.input_files())
    when_there = run.if_complete(output, output / OWN_MARK, existing=existing)
    with (
        atomic_folder(output, force=existing.force, on_existing=when_there) as folder,
        find_genomes(genomes, progress=progress) as found,
    ):
        depths = genome_depths(found.labels, depth, seed=seed)
        samples = _cut(found, contigs, depths=depths, seed=seed, progress=progress)
        rows = [row for sample in samples for row in sample]
        if not rows:
            hint = "make contigs shorter (--shortest) or genomes deeper (--mean-depth)"
            raise DnabertSError(f"no genome gives a contig of {contigs.least_bp} bp", hint=hint)
        _write(folder, samples, labels=found.labels, depths=depths, law=depth, seed=seed, sample_id=output.name)
        n_genomes = len({row.genome for row in rows})
        total_bp = sum(row.length_bp for row in rows)
        report = AssembliesReport(depth.n_samples, n_genomes, len(rows), total_bp, run.seconds)
        described = run.describe(inputs=found.inputs, settings=settings)
        write_run_json(folder / OWN_MARK, {**described, "outcome": asdict(report)})
    return report


def assembled_share(depth: float) -> float:
    """Share of a genome that an assembler gets at this depth, of what it gets at all: 0 at 1, 63 % at 4, 95 % at 10."""
    return 1 - float(np.exp(-max(depth - _LEAST_DEPTH, 0.0) / _DEPTH_SCALE))


def _cut(
    found: Genomes, law: ContigLaw, *, depths: np.ndarray, seed: int, progress: Progress
) -> list[list[LabelledPiece]]:
    """The contigs of each sample, in random order, with their names in the catalogue."""
    progress.start("cutting", sum(found.total_bp), unit="bp")
    n_samples = depths.shape[1]
    cut: list[list[tuple[str, Piece]]] = [[] for _ in range(n_samples)]
    for genome, row in zip(found.read(), depths, strict=True):
        for number in range(n_samples):
            own = replace(law, assembled=law.assembled * assembled_share(float(row[number])))
            rng = generator_of(seed, f"{genome.label}\tsample {number + 1}")
            drawn = draw_contigs(genome, contig_lengths(own), max_n_share=law.max_n_share, rng=rng)
            cut[number] += [(genome.label, piece) for piece in drawn.pieces]
        progress.advance(genome.total_bp)
    return [_named(pieces, f"sample{number}", seed=seed) for number, pieces in enumerate(cut, start=1)]


def _named(pieces: Sequence[tuple[str, Piece]], sample: str, *, seed: int) -> list[LabelledPiece]:
    order = generator_of(seed, f"{sample}\torder").permutation(len(pieces)).tolist()
    shuffled = [pieces[place] for place in order]
    return [
        LabelledPiece(f"{sample}:contig_{number}", f"{sample}:{label}", piece)
        for number, (label, piece) in enumerate(shuffled, start=1)
    ]


def _write(
    folder: Path,
    samples: Sequence[Sequence[LabelledPiece]],
    *,
    labels: Sequence[str],
    depths: np.ndarray,
    law: DepthLaw,
    seed: int,
    sample_id: str,
) -> None:
    rows = [row for sample in samples for row in sample]
    (folder / "assemblies").mkdir()
    for number, own in enumerate(samples, start=1):
        plain = [replace(row, name=row.name.partition(":")[2]) for row in own]
        write_contigs(folder / "assemblies" / f"sample{number}.fa.gz", plain)
    place_of = {label: place for place, label in enumerate(labels)}
    expected = depths[[place_of[row.genome.partition(":")[2]] for row in rows]]  # (N, S)
    lengths_bp = np.array([row.length_bp for row in rows], dtype=np.float64)
    drawn = contig_depths(expected, lengths_bp, law=law, rng=np.random.default_rng((seed, len(rows))))
    write_contigs(folder / "contigs.fa.gz", rows)
    write_depths(folder / "depth.tsv", rows, depths=drawn, variances=drawn + (law.noise * drawn) ** 2)
    write_gold(folder / "gold.biobox.tsv", rows, sample_id=sample_id)
    write_abundances(folder / "abundances.tsv", labels, depths=depths)
    write_origins(folder / "origins.tsv.gz", rows)
