"""`evaluate bins`: binnings, side by side, against a gold standard.

Gold standard -> genome and length of each contig. Each binning -> bin of each contig, joined by name -> what bins and
genomes share -> figures of the whole, of each bin and of each genome -> a table, and files of what else was asked for.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import TextIO

import numpy as np

from ... import defaults
from ...analysis.scores.bin_summary import n_recovered, summarize_bins
from ...analysis.scores.confusion import count_shared
from ...analysis.scores.metrics import score_confusion
from ...errors import DnabertSError, raise_together
from ...io.bins.reading import GoldStandard, binning_files, is_bin_output, read_binning, read_gold
from ...io.bins.scores import write_bin_rows, write_genome_rows, write_score_rows
from ...io.identity import check_apart
from ...io.names import match_names
from ...io.outputs import OutputFiles
from ...io.sequences import file_label
from ...reports.plots import can_draw, draw_binnings
from ..run_record import KEEP, Existing, Run, file_facts, run_json_beside
from .scored_bins import ScoredBinning, bin_rows, genome_rows, plot_point

logger = logging.getLogger(__name__)

_STDOUT = "-"
_OWN_NAMES = frozenset(("contig2bin", "bins.biobox", "bins", "clusters"))  # files that say nothing of their binning


@dataclass(frozen=True, slots=True)
class BinsInput:
    """What is measured against what.

    Args:
        binnings: contig2bin, biobox, or a folder of bins; one each.
        gold_path: contig, genome and length.
        contigs_paths: FASTA with the contigs' lengths, where the gold standard has none.
        names: of the binnings; from their paths if empty.
        min_length_bp: shorter contigs are left out of gold standard and binnings.
    """

    binnings: tuple[Path, ...]
    gold_path: Path
    contigs_paths: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    min_length_bp: int = defaults.MIN_LENGTH_BP


@dataclass(frozen=True, slots=True)
class Levels:
    """Completeness to be exceeded and contamination to stay below, in percent: each pair is a count of genomes."""

    completeness: tuple[int, ...]
    contamination: tuple[int, ...]

    @classmethod
    def parse(cls, completeness: str, contamination: str) -> Levels:
        """Levels from lists such as "50,70,90".

        Raises:
            DnabertSError: one is not a whole number from 0 to 100.
        """
        return cls(_percents(completeness, "--min-completeness"), _percents(contamination, "--max-contamination"))


@dataclass(frozen=True, slots=True)
class BinsOutput:
    """Files to write; the table of figures may be "-", for standard output, the others None."""

    table: Path
    bins_path: Path | None = None
    genomes_path: Path | None = None
    plot_path: Path | None = None
    existing: Existing = KEEP

    @property
    def named(self) -> tuple[Path | None, ...]:
        """All that the user named."""
        return self.table, self.bins_path, self.genomes_path, self.plot_path


@dataclass(frozen=True, slots=True, eq=False)
class BinsReport:
    """All binnings in the order given, and what provenance needs."""

    scored: tuple[ScoredBinning, ...]
    source: BinsInput
    levels: Levels
    seconds: float


def evaluate_bins(source: BinsInput, levels: Levels) -> BinsReport:
    """Score every binning.

    Raises:
        DnabertSError: a file that is not what it should be (of several binnings all together), or a binning of which
            the gold standard knows fewer than half of the contigs.
    """
    started = time.monotonic()
    names = _names(source)
    gold = read_gold(source.gold_path, source.contigs_paths)
    problems: list[DnabertSError] = []
    scored: list[ScoredBinning] = []
    for name, path in zip(names, source.binnings, strict=True):
        try:
            scored.append(_scored(name, path, gold=gold, source=source, levels=levels))
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    return BinsReport(tuple(scored), source, levels, time.monotonic() - started)


def measure_bins(
    source: BinsInput, levels: Levels, *, output: BinsOutput, stdout: TextIO, argv: Sequence[str] = ()
) -> BinsReport:
    """Score every binning and write the figures, their provenance (scores.tsv -> scores.tsv.run.json), and the rest.

    Raises:
        DnabertSError: as of `evaluate_bins`; existing output, or a plot is wanted and matplotlib is not there.
    """
    is_stream = str(output.table) == _STDOUT
    run_path = None if is_stream else run_json_beside(output.table)
    settings = {**asdict(source), **asdict(levels)}
    run = Run("evaluate bins", argv=argv, asked={**settings, **asdict(output)})
    inputs = (source.gold_path, *source.contigs_paths, *source.binnings)
    read = [file for path in source.binnings for file in binning_files(path)]
    check_apart((*output.named, run_path), [source.gold_path, *source.contigs_paths, *read])
    if output.plot_path is not None and not can_draw():
        hint = "pip install matplotlib"
        raise DnabertSError("a plot needs matplotlib, which is not installed", path=output.plot_path, hint=hint)
    when_there = None if run_path is None else run.if_complete(output.table, run_path, existing=output.existing)
    sides = [] if run_path is None else [run_path]
    with OutputFiles(output.named, sides=sides, force=output.existing.force, on_existing=when_there) as files:
        report = evaluate_bins(source, levels)
        _write_others(report, output, files=files)
        rows = [one.row() for one in report.scored]
        if run_path is None:
            write_score_rows(stdout, rows)
        else:
            with files.at(output.table).open("w", encoding="utf-8", newline="\n") as stream:
                write_score_rows(stream, rows)
            described = run.describe(inputs=file_facts(*inputs), settings=settings)
            files.record(run_path, {**described, "scores": rows})
    return report


def _write_others(report: BinsReport, output: BinsOutput, *, files: OutputFiles) -> None:
    """Write the tables of bins and genomes, and the plot, as far as they are wanted."""
    if output.bins_path is not None:
        write_bin_rows(files.at(output.bins_path), (row for one in report.scored for row in bin_rows(one)))
    if output.genomes_path is not None:
        write_genome_rows(files.at(output.genomes_path), (row for one in report.scored for row in genome_rows(one)))
    if output.plot_path is not None:
        draw_binnings(files.at(output.plot_path), [plot_point(one) for one in report.scored])


def _percents(text: str, option: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    bad = [part for part in parts if not (part.isdigit() and int(part) <= 100)]
    if bad:
        problem = f"'{bad[0]}' in {option} is not a whole number from 0 to 100"
        raise DnabertSError(problem, hint=f"give percents: {option} 50,70,90")
    return tuple(map(int, parts))


def _names(source: BinsInput) -> tuple[str, ...]:
    """A name for each binning.

    Raises:
        DnabertSError: two are alike, or not as many as there are binnings were given.
    """
    given = source.names or tuple(_name(path) for path in source.binnings)
    if len(given) != len(source.binnings):
        problem = f"{len(given)} names for {len(source.binnings)} binnings"
        raise DnabertSError(problem, hint="give --names one,two,... with one for each")
    for place, name in enumerate(given):
        if name in given[:place]:
            problem = f"a second binning is named '{name}'"
            raise DnabertSError(problem, path=source.binnings[place], hint="name them: --names one,two,...")
    return given


def _name(path: Path) -> str:
    """The file's name; its folder's if that says nothing. What `bin` wrote goes by the name of that folder."""
    name = file_label(path).removesuffix(".tsv")
    says_nothing = name in _OWN_NAMES and not is_bin_output(path)
    return path.resolve().parent.name if says_nothing else name


def _scored(name: str, path: Path, *, gold: GoldStandard, source: BinsInput, levels: Levels) -> ScoredBinning:
    bin_of = read_binning(path)
    n_unknown = _count_unknown(bin_of, gold, path=path)
    row_of = {contig: row for row, contig in enumerate(gold.contigs) if gold.lengths_bp[row] >= source.min_length_bp}
    contigs = [contig for contig in bin_of if contig in row_of]  # in the order of the binning: the first breaks ties
    bin_names = list(dict.fromkeys(bin_of[contig] for contig in contigs))
    number_of = {bin_name: number for number, bin_name in enumerate(bin_names, start=1)}
    rows = [row_of[contig] for contig in contigs]
    rows += [row for contig, row in row_of.items() if contig not in bin_of]
    shared = count_shared(
        [gold.genomes[row] for row in rows],
        [number_of[bin_of[contig]] for contig in contigs] + [0] * (len(rows) - len(contigs)),
        lengths_bp=np.array([gold.lengths_bp[row] for row in rows], dtype=np.int64),
    )
    in_bp, in_seq = summarize_bins(shared)
    recovered = {
        f"recovered_{above}_{below}": n_recovered(
            shared, above_completeness=above / 100, below_contamination=below / 100
        )
        for below, above in product(levels.contamination, levels.completeness)
    }
    return ScoredBinning(name, tuple(bin_names), shared, score_confusion(shared), in_bp, in_seq, recovered, n_unknown)


def _count_unknown(bin_of: Mapping[str, str], gold: GoldStandard, *, path: Path) -> int:
    """How many contigs of a binning the gold standard does not know; those are left out.

    Raises:
        DnabertSError: more than half of them.
    """
    problem = "only {matched} of its {names} contigs are in the gold standard"
    hint = "give the binning and the gold standard of one assembly; names are compared up to the first blank"
    n_unknown = match_names(list(bin_of), gold.contigs, path=path, problem=problem, hint=hint).n_missing
    if n_unknown:
        logger.warning("%s: %d contigs are not in the gold standard and are skipped", path, n_unknown)
    if not bin_of:
        logger.warning("%s: no contig is in a bin", path)
    return n_unknown
