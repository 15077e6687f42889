"""Options that several commands share, each written once: name, type, help. Defaults are in `defaults`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ... import defaults
from ..console import start_logging

if TYPE_CHECKING:
    from ...pipelines.vectors.encoding import EncoderOptions

_MODEL = "Model"
_INPUT = "Input"
_RUN = "Run"


Dtype = Literal["auto", "float32", "bfloat16"]
Strand = Literal["forward", "both"]
TableFormat = Literal["npy", "npz", "tsv", "parquet"]
ClusterMethod = Literal["kmedoid", "hdbscan", "kmeans"]
BinMethod = Literal["louvain", "kmedoid", "hdbscan"]  # those that find the number of clusters themselves

Sequences = Annotated[
    list[str],
    typer.Argument(
        help="FASTA, FASTQ, GenBank, EMBL, BAM, CRAM or SAM, plain or compressed; - for standard input.",
        metavar="SEQUENCES",
        show_default=False,
    ),
]
MaybeSequences = Annotated[
    list[str] | None,
    typer.Argument(
        help="FASTA, FASTQ, GenBank, EMBL, BAM, CRAM or SAM; - for standard input. Or give --embeddings.",
        metavar="SEQUENCES",
        show_default=False,
    ),
]
Embeddings = Annotated[
    Path | None,
    typer.Option("--embeddings", help="Table that `embed` made before; nothing is embedded then.", show_default=False),
]
BinMethodName = Annotated[BinMethod, typer.Option("--method", help="How contigs are clustered.")]
MinSimilarity = Annotated[
    float | None,
    typer.Option(
        "--min-similarity",
        min=0.0,
        max=1.0,
        help="Cosine to the centre from which a vector joins a cluster (kmedoid).",
        show_default="chosen from the data",
    ),
]
MinClusterSize = Annotated[
    int, typer.Option("--min-cluster-size", min=1, help="Smallest cluster, in members (kmedoid, hdbscan).")
]
NeighbourCount = Annotated[
    int, typer.Option("--neighbours", min=1, help="Neighbours of each vector in the graph (hdbscan).")
]
MinLength = Annotated[
    int,
    typer.Option("--min-length", "-m", min=0, help="Leave out shorter sequences, in bases.", rich_help_panel=_INPUT),
]
Reference = Annotated[
    Path | None,
    typer.Option("--reference", help="FASTA that a CRAM was aligned to.", rich_help_panel=_INPUT, show_default=False),
]
Bams = Annotated[
    list[Path] | None,
    typer.Option(
        "--bam",
        "-b",
        help="Reads aligned to the contigs, sorted BAM or CRAM; one a sample, may be repeated.",
        rich_help_panel=_INPUT,
        show_default=False,
    ),
]
DepthTables = Annotated[
    list[Path] | None,
    typer.Option(
        "--depth",
        "-d",
        help="Depth of contigs, table of jgi, CoverM, strobealign, VAMB or `depth`; may be repeated.",
        rich_help_panel=_INPUT,
        show_default=False,
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        help=f"Built-in name (such as {defaults.NO_DOWNLOAD_MODEL}), folder, hub id, or hf:NAME for a stock encoder.",
        show_default=f"${defaults.MODEL_VARIABLE} or {defaults.MODEL}",
        rich_help_panel=_MODEL,
    ),
]
DeviceName = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.", rich_help_panel=_MODEL)]
DtypeName = Annotated[
    Dtype,
    typer.Option(
        "--dtype", help="Number format; auto is bfloat16 where the hardware computes in it.", rich_help_panel=_MODEL
    ),
]
Window = Annotated[
    int,
    typer.Option(
        "--window",
        min=50,
        help="Longest piece seen at once, in bases; longer sequences are cut and averaged.",
        rich_help_panel=_MODEL,
    ),
]
Overlap = Annotated[
    int, typer.Option("--overlap", min=0, help="Bases shared by neighbouring windows.", rich_help_panel=_MODEL)
]
StrandName = Annotated[
    Strand, typer.Option("--strand", help="both: the mean with the reverse complement.", rich_help_panel=_MODEL)
]
BatchTokens = Annotated[
    int,
    typer.Option(
        "--batch-tokens", min=0, help="Most tokens in a batch; 0: from the device's memory.", rich_help_panel=_MODEL
    ),
]
TrustRemoteCode = Annotated[
    bool,
    typer.Option("--trust-remote-code", help="Let an hf: model run code that comes with it.", rich_help_panel=_MODEL),
]
Threads = Annotated[
    int, typer.Option("--threads", "-t", min=0, help="CPU threads; 0: all cores.", rich_help_panel=_RUN)
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.", rich_help_panel=_RUN)]
Force = Annotated[bool, typer.Option("--force", help="Overwrite existing output.", rich_help_panel=_RUN)]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where a killed run stopped.", rich_help_panel=_RUN)]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Warnings and errors only.", rich_help_panel=_RUN)]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say more.", rich_help_panel=_RUN)]


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


@dataclass(frozen=True, slots=True)
class ReaderFlags:
    """An encoder whose way of reading sequences is settled elsewhere."""

    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Where the classifier's encoder is, if not where it was.",
            show_default="as the classifier says",
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
    """How much a command says on stderr."""

    quiet: Quiet = False
    verbose: Verbose = False

    def start(self) -> None:
        """Begin to show the library's log records."""
        start_logging(quiet=self.quiet, verbose=self.verbose)


def require_one_input(sequences: list[str] | None, embeddings: Path | None) -> None:
    """Wrong usage unless either sequences or a table of vectors was given."""
    if bool(sequences) == (embeddings is not None):
        raise typer.BadParameter("give either SEQUENCES or --embeddings")


def require_one_stream(*outputs: Path | None) -> None:
    """Wrong usage if more than one output goes to standard output."""
    if [str(path) for path in outputs].count("-") > 1:
        raise typer.BadParameter("only one output can go to standard output (-)")
