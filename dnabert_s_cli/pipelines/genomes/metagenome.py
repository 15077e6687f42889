"""`simulate metagenome`: the assembly of a small metagenome with its depths in several samples and its truth.

Genomes pass one by one -> each is cut into contigs of log-normal length and random strand that do not overlap -> every
genome gets a log-normal depth in each sample -> every contig that of its genome, with the noise that its length allows
-> contigs in random order, depth table, gold standard.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from .fragments import warn_of_small
from .inputs import GenomeInput, Genomes, find_genomes, generator_of
from .pieces import LengthDraw, draw_contigs

_KB = 1_000.0


@dataclass(frozen=True, slots=True)
class ContigLaw:
    """How genomes fall into contigs.

    Args:
        median_bp: of the contigs' lengths, before the shortest are left out.
        spread: standard deviation of their logarithms.
        least_bp: shorter ones are left out.
        assembled: share of each record that is in contigs.
        max_n_share: contigs with a larger share of N are left out.
    """

    median_bp: int = defaults.CONTIG_MEDIAN_BP
    spread: float = defaults.CONTIG_SPREAD
    least_bp: int = defaults.CONTIG_LEAST_BP
    assembled: float = defaults.ASSEMBLED_SHARE
    max_n_share: float = defaults.MAX_N_SHARE


@dataclass(frozen=True, slots=True)
class DepthLaw:
    """How deep genomes and their contigs are sequenced.

    Args:
        n_samples: samples.
        mean: depth of a sample, averaged over genomes.
        spread: standard deviation of the logarithms of genomes' depths.
        noise: relative standard deviation of a contig of 1 kb beyond that of counting reads; falls with the square root
            of the length.
        read_bp: length of the reads that are counted.
    """

    n_samples: int = defaults.SAMPLES
    mean: float = defaults.MEAN_DEPTH
    spread: float = defaults.ABUNDANCE_SPREAD
    noise: float = defaults.DEPTH_NOISE
    read_bp: int = defaults.READ_BP


@dataclass(frozen=True, slots=True)
class MetagenomeReport:
    """What a finished run did."""

    n_genomes: int
    n_contigs: int
    total_bp: int
    n_rich: int
    too_small: tuple[str, ...]
    seconds: float


def simulate_metagenome(
    genomes: GenomeInput,
    output: Path,
    *,
    contigs: ContigLaw,
    depth: DepthLaw,
    seed: int = defaults.SEED,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> MetagenomeReport:
    """Write contigs.fa.gz, depth.tsv, gold.biobox.tsv, abundances.tsv, origins.tsv.gz and run.json into a folder.

    All contigs are held in memory, to be put in random order.

    Raises:
        DnabertSError: bad input (all problems together), existing output, or no genome long enough for a contig.
    """
    settings = {**asdict(genomes), "contigs": asdict(contigs), "depth": asdict(depth)}
    run = Run("simulate metagenome", argv=argv, seed=seed, asked={**settings, "seed": seed})
    check_apart([output], genomes.input_files())
    when_there = run.if_complete(output, output / OWN_MARK, existing=existing)
    with (
        atomic_folder(output, force=existing.force, on_existing=when_there) as folder,
        find_genomes(genomes, progress=progress) as found,
    ):
        cut, n_rich = _cut_all(found, contigs, seed=seed, progress=progress)
        labels = [label for label, pieces in cut.items() if pieces]
        too_small = tuple(label for label, pieces in cut.items() if not pieces)
        if not labels:
            hint = "make contigs shorter: --shortest"
            raise DnabertSError(f"no genome gives a contig of {contigs.least_bp} bp", hint=hint)
        rows = _shuffled(cut, seed=seed)
        _write(folder, rows, labels=labels, depth=depth, seed=seed, sample_id=output.name)
        total_bp = sum(one.length_bp for one in rows)
        report = MetagenomeReport(len(labels), len(rows), total_bp, n_rich, too_small, run.seconds)
        described = run.describe(inputs=found.inputs, settings=settings)
        write_run_json(folder / OWN_MARK, {**described, "outcome": asdict(report)})
    warn_of_small(too_small)
    return report


def _cut_all(
    found: Genomes, law: ContigLaw, *, seed: int, progress: Progress
) -> tuple[dict[str, tuple[Piece, ...]], int]:
    """Contigs of every genome, by label, and how many were left out for their N."""
    progress.start("cutting", sum(found.total_bp), unit="bp")
    cut: dict[str, tuple[Piece, ...]] = {}
    n_rich = 0
    for genome in found.read():
        drawn = draw_contigs(
            genome, contig_lengths(law), max_n_share=law.max_n_share, rng=generator_of(seed, genome.label)
        )
        cut[genome.label] = drawn.pieces
        n_rich += drawn.n_rich
        progress.advance(genome.total_bp)
    return cut, n_rich


def contig_lengths(law: ContigLaw) -> LengthDraw:
    """Draws the lengths of the contigs of one record."""

    def draw(record_bp: int, rng: np.random.Generator) -> np.ndarray:
        left_bp = int(law.assembled * record_bp)
        lengths: list[int] = []
        while left_bp >= law.least_bp:
            drawn = round(law.median_bp * float(np.exp(law.spread * rng.standard_normal())))
            length = min(max(drawn, 1), left_bp)
            left_bp -= length
            lengths.append(length)
        return np.array([length for length in lengths if length >= law.least_bp], dtype=np.int64)

    return draw


def _shuffled(cut: dict[str, tuple[Piece, ...]], *, seed: int) -> list[LabelledPiece]:
    """All contigs in random order, named by their place."""
    pieces = [(label, piece) for label, those in cut.items() for piece in those]
    order = np.random.default_rng(seed).permutation(len(pieces)).tolist()
    width = len(str(len(pieces)))
    return [LabelledPiece(f"contig_{row:0{width}d}", *pieces[place]) for row, place in enumerate(order, start=1)]


def _write(
    folder: Path, rows: Sequence[LabelledPiece], *, labels: Sequence[str], depth: DepthLaw, seed: int, sample_id: str
) -> None:
    abundances = genome_depths(labels, depth, seed=seed)
    place_of = {label: place for place, label in enumerate(labels)}
    expected = abundances[[place_of[one.genome] for one in rows]]  # (N, S)
    lengths_bp = np.array([one.length_bp for one in rows], dtype=np.float64)
    depths = contig_depths(expected, lengths_bp, law=depth, rng=np.random.default_rng((seed, len(rows))))
    write_contigs(folder / "contigs.fa.gz", rows)
    write_depths(folder / "depth.tsv", rows, depths=depths, variances=depths + (depth.noise * depths) ** 2)
    write_gold(folder / "gold.biobox.tsv", rows, sample_id=sample_id)
    write_abundances(folder / "abundances.tsv", labels, depths=abundances)
    write_origins(folder / "origins.tsv.gz", rows)


def genome_depths(labels: Sequence[str], law: DepthLaw, *, seed: int) -> np.ndarray:
    """(G, S) mean depth of each genome in each sample; each sample's mean over genomes is the law's."""
    logs = [generator_of(seed, f"{label}\tdepth").standard_normal(law.n_samples) for label in labels]
    abundances = np.exp(law.spread * np.array(logs))
    return np.asarray(law.mean * abundances / abundances.mean(axis=0))


def contig_depths(
    expected: np.ndarray, lengths_bp: np.ndarray, *, law: DepthLaw, rng: np.random.Generator
) -> np.ndarray:
    """(N, S) depth of each contig: that of its genome times noise, in whole reads."""
    spread = law.noise * np.sqrt(_KB / lengths_bp)[:, None]
    noisy = expected * np.exp(spread * rng.standard_normal(expected.shape) - spread**2 / 2)
    reads_per_depth = (lengths_bp / law.read_bp)[:, None]
    return np.asarray(rng.poisson(noisy * reads_per_depth) / reads_per_depth)
