"""Options of `dnabert-s evaluate clustering | classification | binning | all`, as groups."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ... import defaults
from . import common as opt

if TYPE_CHECKING:
    from ...pipelines.evaluate.sets import FoundSets, SetSource
    from ...pipelines.run_record import Existing
    from ...pipelines.vectors.encoding import EncoderOptions

_MODELS, _SETS, _OUTPUT = "Models", "Sets", "Output"

ProtocolName = Literal["paper", "sound", "both"]

DataFiles = Annotated[
    list[Path] | None,
    typer.Argument(
        help="TSV with columns sequence and bin_id; or, with --labels, sequences of any format.",
        metavar="DATA",
        show_default=False,
    ),
]
DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="Folder of sets (clustering_N.tsv, binning_N.tsv), or of such folders. Not with DATA.",
        show_default=False,
        rich_help_panel=_SETS,
    ),
]
CutLength = Annotated[
    int | None,
    typer.Option(
        "--max-length",
        min=50,
        help="Truncate sequences to this length, in bases.",
        show_default=f"{defaults.EVALUATED_BP}; {defaults.EVALUATED_SYNTHETIC_BP} in a folder 'reference'",
        rich_help_panel=_SETS,
    ),
]
Seeds = Annotated[int, typer.Option("--seeds", min=1, help="Number of repetitions with different seeds.")]
WholeFolder = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        help="Folder of sets (clustering_N.tsv, binning_N.tsv), or of such folders.",
        show_default=False,
        rich_help_panel=_SETS,
    ),
]


@dataclass(frozen=True, slots=True)
class SetFlags:
    """Which sets, and where they are cut."""

    data: DataFiles = None
    data_dir: DataFolder = None
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="TSV of record id and species, or CAMI biobox, for DATA without labels.",
            show_default=False,
            rich_help_panel=_SETS,
        ),
    ] = None
    max_length: CutLength = None

    def found(self) -> FoundSets:
        """The sets of the folder; wrong usage unless there is either a folder or files."""
        from ...pipelines.evaluate.sets import FoundSets, find_sets

        if bool(self.data) == (self.data_dir is not None):
            raise typer.BadParameter("give either DATA or --data-dir")
        return find_sets(self.data_dir, cut_bp=self.max_length) if self.data_dir else FoundSets()

    def named(self) -> tuple[SetSource, ...]:
        """The sets of the files."""
        from ...pipelines.evaluate.sets import named_sets

        return named_sets(self.data or [], labels_path=self.labels, cut_bp=self.max_length)


@dataclass(frozen=True, slots=True)
class ModelFlags:
    """Which models, how they compute, and what is kept."""

    models: Annotated[
        str,
        typer.Option(
            "--models",
            help="Comma-separated models, or LABEL=MODEL; also tnf-vae, and paper for the models of the paper.",
            rich_help_panel=_MODELS,
        ),
    ] = defaults.EVALUATED_MODELS
    protocol: Annotated[
        ProtocolName,
        typer.Option("--protocol", help="paper: as published. sound: corrected. both: next to each other."),
    ] = defaults.PROTOCOL
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache",
            help="Folder in which vectors are cached.",
            show_default="dnabert-s/vectors in the user's cache",
            rich_help_panel=_MODELS,
        ),
    ] = None
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Do not cache vectors.", rich_help_panel=_MODELS)] = False
    device: opt.DeviceName = defaults.DEVICE
    dtype: opt.DtypeName = defaults.DTYPE
    batch_tokens: opt.BatchTokens = defaults.BATCH_TOKENS
    trust_remote_code: opt.TrustRemoteCode = False
    threads: opt.Threads = defaults.THREADS
    seed: opt.Seed = defaults.SEED

    def protocols(self) -> tuple[str, ...]:
        """The protocols to run, the published one first."""
        return ("paper", "sound") if self.protocol == "both" else (self.protocol,)

    def encoder(self) -> EncoderOptions:
        """How sequences are read, for a pipeline."""
        from ...pipelines.vectors.encoding import EncoderOptions

        return EncoderOptions(
            device=self.device,
            dtype=self.dtype,
            batch_tokens=self.batch_tokens,
            threads=self.threads,
            trust_remote_code=self.trust_remote_code,
        )

    def cache_folder(self) -> Path | None:
        """Where vectors are kept; None for nowhere."""
        from ...pipelines.evaluate.systems import cache_folder

        return None if self.no_cache else cache_folder(self.cache)


@dataclass(frozen=True, slots=True)
class ResultFlags:
    """Where the results go."""

    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder for tables, JSON and plots. Without it, tables go to standard output.",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    resume: opt.KeepComplete = False
    force: opt.Force = False

    def existing(self) -> Existing:
        """What becomes of a folder that is there, for a pipeline."""
        from ...pipelines.run_record import Existing

        return Existing(self.force, self.resume)


@dataclass(frozen=True, slots=True)
class ShotFlags:
    """What few-shot classification learns from and is tested on."""

    shots: Annotated[
        str, typer.Option("--shots", help="Numbers of labelled sequences per species, comma-separated.")
    ] = defaults.SHOTS
    tests: Annotated[
        int,
        typer.Option("--tests", min=1, help="Test sequences per species; fewer if that leaves too few for the shots."),
    ] = defaults.TESTS_PER_SPECIES

    def numbers(self) -> tuple[int, ...]:
        """The numbers of shots, rising; wrong usage for anything else."""
        try:
            shots = tuple(sorted({int(word) for word in self.shots.split(",")}))
        except ValueError as error:
            raise typer.BadParameter(f"'{self.shots}' is not a list of numbers such as {defaults.SHOTS}") from error
        if shots[0] < 1:
            raise typer.BadParameter("a number of shots must be at least 1")
        return shots


@dataclass(frozen=True, slots=True)
class BinnedFlags:
    """What binning keeps, and where the published protocol takes its threshold from."""

    min_length: Annotated[
        int, typer.Option("--min-length", "-m", min=0, help="Skip sequences shorter than this, in bases.")
    ] = defaults.EVALUATED_MIN_BP
    min_sequences: Annotated[
        int, typer.Option("--min-sequences", min=1, help="Skip species with fewer sequences than this.")
    ] = defaults.EVALUATED_MIN_SEQUENCES
    threshold_set: Annotated[
        Path | None,
        typer.Option(
            "--threshold-set",
            help="Labelled TSV from which the paper protocol takes its threshold.",
            show_default="the first clustering set of the folder",
            rich_help_panel=_SETS,
        ),
    ] = None
