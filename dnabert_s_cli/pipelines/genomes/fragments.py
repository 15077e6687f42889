"""`simulate clustering` and `simulate binning`: labelled fragments of genomes, in the shapes of the paper's sets.

Genomes pass one by one -> each is cut into fragments that do not overlap, as many as the law of counts gives it -> the
species wanted are drawn among those with enough -> rows in random order. What a genome gives follows from the seed, its
label and its sequences alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError
from ...io.bins.simulated import LabelledPiece, write_fragments, write_origins
from ...io.folders import OWN_MARK, atomic_folder
from ...io.identity import check_apart
from ...io.provenance import write_run_json
from ..progress import Progress
from ..run_record import KEEP, Existing, Run
from .inputs import GenomeInput, Genomes, find_genomes, generator_of
from .pieces import DrawnPieces, PieceSpec, draw_pieces

logger = logging.getLogger(__name__)

_SHOWN_NAMES = 10


@dataclass(frozen=True, slots=True)
class FragmentCounts:
    """How many fragments each species gets: log-normal numbers, of which `spread` 0 makes them all alike.

    Args:
        kind: of set, clustering or binning, after which its file is named.
        median: of the numbers.
        spread: standard deviation of their logarithms.
        least: genomes that give fewer fragments are left out.
        n_species: drawn among the others; 0: all.
    """

    kind: str
    median: int
    least: int
    spread: float = defaults.EQUAL_SPREAD
    n_species: int = defaults.ALL_SPECIES


@dataclass(frozen=True, slots=True)
class FragmentsReport:
    """What a finished run did."""

    n_species: int
    n_fragments: int
    total_bp: int
    n_rich: int
    too_small: tuple[str, ...]
    seconds: float


def simulate_fragments(
    genomes: GenomeInput,
    output: Path,
    *,
    spec: PieceSpec,
    counts: FragmentCounts,
    seed: int = defaults.SEED,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> FragmentsReport:
    """Write `clustering.tsv.gz` or `binning.tsv.gz`, `origins.tsv.gz` and run.json into the folder `output`.

    The set is held in memory.

    Raises:
        DnabertSError: bad input (all problems together), existing output, or too few genomes with fragments enough.
    """
    settings = {**asdict(genomes), **asdict(spec), **asdict(counts)}
    run = Run(f"simulate {counts.kind}", argv=argv, seed=seed, asked={**settings, "seed": seed})
    check_apart([output], genomes.input_files())
    when_there = run.if_complete(output, output / OWN_MARK, existing=existing)
    with (
        atomic_folder(output, force=existing.force, on_existing=when_there) as folder,
        find_genomes(genomes, progress=progress) as found,
    ):
        drawn = _draw_all(found, spec, counts=counts, seed=seed, progress=progress)
        too_small = tuple(label for label, cut in drawn.items() if len(cut.pieces) < counts.least)
        chosen = _choose(drawn, counts, spec=spec, seed=seed)
        rows = _rows(chosen, drawn, seed=seed)
        write_fragments(folder / f"{counts.kind}.tsv.gz", rows)
        write_origins(folder / "origins.tsv.gz", rows)
        n_rich = sum(cut.n_rich for cut in drawn.values())
        total_bp = sum(one.length_bp for one in rows)
        report = FragmentsReport(len(chosen), len(rows), total_bp, n_rich, too_small, run.seconds)
        described = run.describe(inputs=found.inputs, settings=settings)
        write_run_json(folder / OWN_MARK, {**described, "outcome": asdict(report)})
    warn_of_small(too_small)
    return report


def warn_of_small(too_small: Sequence[str]) -> None:
    """Name the genomes that were left out for their size."""
    if too_small:
        names = ", ".join(too_small[:_SHOWN_NAMES])
        more = f" and {len(too_small) - _SHOWN_NAMES} more" if len(too_small) > _SHOWN_NAMES else ""
        logger.warning("skipped %d genomes that are too small: %s%s", len(too_small), names, more)


def _draw_all(
    found: Genomes, spec: PieceSpec, *, counts: FragmentCounts, seed: int, progress: Progress
) -> dict[str, DrawnPieces]:
    """Fragments of every genome, by label."""
    progress.start("cutting", sum(found.total_bp), unit="bp")
    drawn: dict[str, DrawnPieces] = {}
    for genome in found.read():
        rng = generator_of(seed, genome.label)
        wanted = max(round(counts.median * float(np.exp(counts.spread * rng.standard_normal()))), counts.least)
        drawn[genome.label] = draw_pieces(genome, spec, n_pieces=wanted, rng=rng)
        progress.advance(genome.total_bp)
    return drawn


def _choose(drawn: dict[str, DrawnPieces], counts: FragmentCounts, *, spec: PieceSpec, seed: int) -> list[str]:
    """Labels of the species in the set, in input order."""
    eligible = [label for label, cut in drawn.items() if len(cut.pieces) >= counts.least]
    if len(eligible) < max(counts.n_species, 1):
        wanted = f", and {counts.n_species} are wanted" if counts.n_species else ""
        problem = f"{len(eligible)} of {len(drawn)} genomes give {counts.least} fragments of {spec.least_bp} bp{wanted}"
        raise DnabertSError(problem, hint="make fragments shorter or fewer, or give more genomes")
    n_species = counts.n_species or len(eligible)
    places = np.random.default_rng(seed).permutation(len(eligible))[:n_species]
    return [eligible[place] for place in sorted(places.tolist())]


def _rows(chosen: Sequence[str], drawn: dict[str, DrawnPieces], *, seed: int) -> list[LabelledPiece]:
    """All fragments in random order, named by their place."""
    pieces = [(label, piece) for label in chosen for piece in drawn[label].pieces]
    order = np.random.default_rng(seed).permutation(len(pieces)).tolist()
    return [LabelledPiece(str(row), *pieces[place]) for row, place in enumerate(order, start=1)]
