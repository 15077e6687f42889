"""`pairs`: genomes to a CSV of training pairs.

Genomes, one a file, a label or a record, pass one by one -> some of them are held out whole for validation -> each is
cut into pairs of pieces -> rows of one of two files, each with a manifest. The pieces of a genome follow from the
seed, its label and its sequences alone.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError
from ...io.identity import check_apart
from ...io.outputs import OutputFiles
from ...io.pairs.writer import PairWriter, check_pairs_name, manifest_path, run_json_path
from ..progress import Progress
from ..run_record import KEEP, Existing, Run
from .inputs import GenomeInput, Genomes, find_genomes, generator_of
from .pieces import CutGenome, PieceSpec, cut_pairs

_LOG = logging.getLogger(__name__)
_SHOWN_NAMES = 10


@dataclass(frozen=True, slots=True)
class PairOutput:
    """The CSV to write, and the one for `val_fraction` of the genomes, if any are held out."""

    path: Path
    val_path: Path | None = None
    val_fraction: float = defaults.VAL_FRACTION


@dataclass(frozen=True, slots=True)
class PairsReport:
    """What a finished run did; genomes are counted where they gave a pair."""

    n_pairs: int
    n_genomes: int
    n_val_pairs: int
    n_val_genomes: int
    n_rich: int
    too_small: tuple[str, ...]
    seconds: float


def make_pairs(
    genomes: GenomeInput,
    output: PairOutput,
    *,
    spec: PieceSpec,
    seed: int = defaults.SEED,
    existing: Existing = KEEP,
    argv: Sequence[str] = (),
    progress: Progress,
) -> PairsReport:
    """Write pairs of pieces of every genome, its label in the third column.

    Memory: the largest genome; with labels or by record also 12 bytes a record, on top of their names, and a copy of
    the sequences in the folder of temporary files.

    Raises:
        DnabertSError: bad input (all problems together), existing output, or no genome that is large enough.
    """
    settings = {**asdict(spec), **asdict(output), **asdict(genomes)}
    run = Run("pairs", argv=argv, seed=seed, asked={**settings, "seed": seed})
    paths = [output.path] if output.val_path is None else [output.path, output.val_path]
    run_path = run_json_path(output.path)
    for path in paths:
        check_pairs_name(path)
    if len({run_json_path(path).resolve() for path in paths}) < len(paths):
        raise DnabertSError("training and validation pairs would be one file", path=output.val_path)
    sides = [*map(manifest_path, paths), run_path]
    check_apart((*paths, *sides), genomes.input_files())
    when_there = run.if_complete(output.path, run_path, existing=existing)
    with OutputFiles(paths, sides=sides, force=existing.force, on_existing=when_there) as files:
        with ExitStack() as outputs:
            found = outputs.enter_context(find_genomes(genomes, progress=progress))
            held_out = _held_out(found, output, least_bp=2 * spec.least_bp, seed=seed)
            writers = [
                PairWriter(path, write_to=files.at(path), manifest_to=files.at(manifest_path(path))) for path in paths
            ]
            for writer in writers:
                outputs.enter_context(writer)
            report = _write(found, writers, held_out=held_out, spec=spec, seed=seed, progress=progress, run=run)
        described = run.describe(inputs=found.inputs, settings=settings)
        files.record(run_path, {**described, "outcome": asdict(report)})
    return report


def _write(
    found: Genomes,
    writers: Sequence[PairWriter],
    *,
    held_out: frozenset[str],
    spec: PieceSpec,
    seed: int,
    progress: Progress,
    run: Run,
) -> PairsReport:
    """Cut genome by genome; the last writer takes those held out.

    Raises:
        DnabertSError: one of the files would stay empty.
    """
    progress.start("cutting", sum(found.total_bp), unit="bp")
    n_genomes = [0] * len(writers)
    n_rich = 0
    too_small: list[str] = []
    for genome in found.read():
        cut = cut_pairs(genome, spec, rng=generator_of(seed, genome.label))
        side = len(writers) - 1 if genome.label in held_out else 0
        _append(cut, writers[side], label=genome.label)
        n_rich += cut.n_rich
        if cut.pairs:
            n_genomes[side] += 1
        else:
            too_small.append(genome.label)
        progress.advance(genome.total_bp)
    for writer in writers:
        if not writer.n_pairs:
            hint = "make pieces shorter (--length), or join short records (--join)"
            raise DnabertSError("no genome for this file is large enough for a pair", path=writer.path, hint=hint)
    _report_skipped(too_small, n_rich)
    n_pairs = [writer.n_pairs for writer in writers] + [0]
    n_genomes.append(0)
    return PairsReport(n_pairs[0], n_genomes[0], n_pairs[1], n_genomes[1], n_rich, tuple(too_small), run.seconds)


def _append(cut: CutGenome, writer: PairWriter, *, label: str) -> None:
    for pair in cut.pairs:
        writer.write(pair, label)


def _held_out(found: Genomes, output: PairOutput, *, least_bp: int, seed: int) -> frozenset[str]:
    """Labels of the genomes for validation, drawn among those with bases enough for a pair; at least one.

    Raises:
        DnabertSError: there are not two such genomes.
    """
    if output.val_path is None:
        return frozenset()
    eligible = [label for label, n_bp in zip(found.labels, found.total_bp, strict=True) if n_bp >= least_bp]
    if len(eligible) < 2:
        problem = f"{len(eligible)} of {len(found.labels)} genomes is large enough, so none can be held out"
        raise DnabertSError(problem, path=output.val_path, hint="omit --val, or give more genomes")
    n_held_out = min(max(1, round(output.val_fraction * len(eligible))), len(eligible) - 1)
    drawn = np.random.default_rng(seed).permutation(len(eligible))[:n_held_out]
    return frozenset(eligible[index] for index in drawn.tolist())


def _report_skipped(too_small: Sequence[str], n_rich: int) -> None:
    if n_rich:
        _LOG.info("skipped %d pieces with too much N", n_rich)
    if too_small:
        names = ", ".join(too_small[:_SHOWN_NAMES])
        more = f" and {len(too_small) - _SHOWN_NAMES} more" if len(too_small) > _SHOWN_NAMES else ""
        _LOG.warning("skipped %d genomes too small for a pair: %s%s", len(too_small), names, more)
