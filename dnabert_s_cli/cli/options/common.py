"""Options that several commands share, each written once: name, type, help. Defaults are in `defaults`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ... import defaults
from ..console import start_logging

if TYPE_CHECKING:
    from ...pipelines.run_record import Existing
    from ...pipelines.vectors.encoding import EncoderOptions

_MODEL = "Model"
_INPUT = "Input"
_RUN = "Run"


Dtype = Literal["auto", "float32", "bfloat16"]
Strand = Literal["forward", "both"]
TableFormat = Literal["npy", "npz", "tsv", "parquet", "h5ad"]
ClusterMethod = Literal["kmedoid", "hdbscan", "kmeans"]
BinMethod = Literal["louvain", "kmedoid", "hdbscan"]  # those that find the number of clusters themselves

Sequences = Annotated[
    list[str],
    typer.Argument(
        help="FASTA, FASTQ, GenBank, EMBL, SAM, BAM or CRAM, plain or compressed; - for standard input.",
        metavar="SEQUENCES",
        show_default=False,
    ),
]
Contigs = Annotated[
    list[str],
    typer.Argument(
        help="FASTA files of the assembly, plain or compressed; - for standard input.",
        metavar="CONTIGS",
        show_default=False,
    ),
]
MaybeSequences = Annotated[
    list[str] | None,
    typer.Argument(
        help="FASTA, FASTQ, GenBank, EMBL, SAM, BAM or CRAM; - for standard input. Not with --embeddings.",
        metavar="SEQUENCES",
        show_default=False,
    ),
]
Embeddings = Annotated[
    Path | None,
    typer.Option(
        "--embeddings",
        help="Use the vectors in this table, written by `embed`, instead of embedding sequences.",
        rich_help_panel=_INPUT,
        show_default=False,
    ),
]
BinMethodName = Annotated[
    BinMethod,
    typer.Option("--method", help="Clustering method. kmedoid and hdbscan use the vectors alone, without depth."),
]
MinSimilarity = Annotated[
    float | None,
    typer.Option(
        "--min-similarity",
        min=0.0,
        max=1.0,
        help="Minimum cosine similarity to the centre of a cluster (kmedoid).",
        show_default="chosen from the data",
    ),
]
MinClusterSize = Annotated[
    int, typer.Option("--min-cluster-size", min=1, help="Minimum number of members of a cluster (kmedoid, hdbscan).")
]
NeighbourCount = Annotated[
    int, typer.Option("--neighbours", min=1, help="Number of nearest neighbours in the graph (hdbscan).")
]
MinLength = Annotated[
    int,
    typer.Option(
        "--min-length", "-m", min=0, help="Skip sequences shorter than this, in bases.", rich_help_panel=_INPUT
    ),
]
Reference = Annotated[
    Path | None,
    typer.Option(
        "--reference", help="FASTA file that CRAM input was aligned to.", rich_help_panel=_INPUT, show_default=False
    ),
]
Bams = Annotated[
    list[str] | None,
    typer.Option(
        "--bam",
        "-b",
        help="Sorted BAM or CRAM files, one per sample, as FILE or NAME=FILE; several may follow.",
        metavar="FILE...",
        show_default=False,
    ),
]
DepthTables = Annotated[
    list[str] | None,
    typer.Option(
        "--depth",
        "-d",
        help="Depth tables of MetaBAT2 (jgi), CoverM, strobealign, VAMB or `depth`, as FILE or NAME=FILE.",
        metavar="FILE...",
        show_default=False,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help=f"Built-in model (such as {defaults.NO_DOWNLOAD_MODEL}), folder, hub id, or hf:NAME for a stock encoder.",
        show_default=f"${defaults.MODEL_VARIABLE} or {defaults.MODEL}",
        rich_help_panel=_MODEL,
    ),
]
DeviceName = Annotated[
    str, typer.Option("--device", help="Device: auto, cpu, cuda, cuda:N or mps.", rich_help_panel=_MODEL)
]
DtypeName = Annotated[
    Dtype,
    typer.Option(
        "--dtype",
        help="Number format. auto: bfloat16 if the hardware computes in it, else float32.",
        rich_help_panel=_MODEL,
    ),
]
Window = Annotated[
    int,
    typer.Option(
        "--window",
        min=50,
        help="Maximum window, in bases. Longer sequences are split and their vectors averaged.",
        rich_help_panel=_MODEL,
    ),
]
Overlap = Annotated[
    int, typer.Option("--overlap", min=0, help="Overlap of neighbouring windows, in bases.", rich_help_panel=_MODEL)
]
StrandName = Annotated[
    Strand,
    typer.Option(
        "--strand",
        help="Strand to embed. both: mean of the sequence and its reverse complement.",
        rich_help_panel=_MODEL,
    ),
]
BatchTokens = Annotated[
    int,
    typer.Option(
        "--batch-tokens",
        min=0,
        help="Maximum tokens per batch. 0: chosen from the memory of the device.",
        rich_help_panel=_MODEL,
    ),
]
TrustRemoteCode = Annotated[
    bool,
    typer.Option(
        "--trust-remote-code", help="Allow an hf: model to run code that comes with it.", rich_help_panel=_MODEL
    ),
]
Threads = Annotated[
    int, typer.Option("--threads", "-t", min=0, help="Number of CPU threads. 0: all cores.", rich_help_panel=_RUN)
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed for random numbers.", rich_help_panel=_RUN)]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing output.", rich_help_panel=_RUN)]
Resume = Annotated[bool, typer.Option("--resume", help="Resume an interrupted run.", rich_help_panel=_RUN)]
KeepComplete = Annotated[
    bool,
    typer.Option("--resume", help="Succeed at once if this command has completed the output.", rich_help_panel=_RUN),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show only warnings and errors.", rich_help_panel=_RUN)]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show more detailed messages.", rich_help_panel=_RUN)]


@dataclass(frozen=True, slots=True)
class ExistingFlags:
    """What becomes of an output that is there already."""

    resume: KeepComplete = False
    force: Force = False

    def existing(self) -> Existing:
        """The same for a pipeline."""
        from ...pipelines.run_record import Existing

        return Existing(self.force, self.resume)


@dataclass(frozen=True, slots=True)
class EncoderFlags:
    """Which encoder, and how it reads sequences."""

    model: Model = None
    device: DeviceName = defaults.DEVICE
    dtype: DtypeName = defaults.DTYPE
    window: Window = defaults.WINDOW_BP
    overlap: Overlap = defaults.OVERLAP_BP
    strand: StrandName = defaults.STRAND
    batch_tokens: BatchTokens = defaults.BATCH_TOKENS
    trust_remote_code: TrustRemoteCode = False
    threads: Threads = defaults.THREADS

    def options(self, *, device: str | None = None) -> EncoderOptions:
        """The same for a pipeline; `device` stands in where none was chosen."""
        from ...pipelines.vectors.encoding import EncoderOptions

        return EncoderOptions(
            model=self.model,
            device=device if device and self.device == defaults.DEVICE else self.device,
            dtype=self.dtype,
            window_bp=self.window,
            overlap_bp=self.overlap,
            strand=self.strand,
            batch_tokens=self.batch_tokens,
            threads=self.threads,
            trust_remote_code=self.trust_remote_code,
        )

    def announced(self, *, device: str | None = None) -> EncoderOptions:
        """As `options`; model and device are named in the log."""
        options = self.options(device=device)
        options.announce()
        return options


@dataclass(frozen=True, slots=True)
class ReaderFlags:
    """An encoder that reads sequences as a classifier says."""

    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Location of the classifier's encoder, if it has moved.",
            show_default="from the classifier",
            rich_help_panel=_MODEL,
        ),
    ] = None
    device: DeviceName = defaults.DEVICE
    dtype: DtypeName = defaults.DTYPE
    batch_tokens: BatchTokens = defaults.BATCH_TOKENS
    trust_remote_code: TrustRemoteCode = False
    threads: Threads = defaults.THREADS

    def options(self) -> EncoderOptions:
        """The same for a pipeline."""
        from ...pipelines.vectors.encoding import EncoderOptions

        return EncoderOptions(
            model=self.model,
            device=self.device,
            dtype=self.dtype,
            batch_tokens=self.batch_tokens,
            threads=self.threads,
            trust_remote_code=self.trust_remote_code,
        )


@dataclass(frozen=True, slots=True)
class MessageFlags:
    """How many messages a command shows."""

    quiet: Quiet = False
    verbose: Verbose = False

    def start(self) -> None:
        """Start showing the log records of the library."""
        start_logging(quiet=self.quiet, verbose=self.verbose)


def require_one_input(sequences: list[str] | None, embeddings: Path | None) -> None:
    """Wrong usage unless either sequences or a table of vectors was given."""
    if bool(sequences) == (embeddings is not None):
        raise typer.BadParameter("give either SEQUENCES or --embeddings")


def require_one_stream(*outputs: Path | None) -> None:
    """Wrong usage if more than one output goes to standard output."""
    if [str(path) for path in outputs].count("-") > 1:
        raise typer.BadParameter("only one output can go to standard output (-)")
