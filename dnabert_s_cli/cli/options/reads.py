"""Options that say which aligned reads count for depth, for `bin` and `depth`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ... import defaults

if TYPE_CHECKING:
    from ...pipelines.depth.samples import DepthInput

_READS = "Reads"
Reads = Literal["auto", "short", "long"]


@dataclass(frozen=True, slots=True)
class ReadFlags:
    """Which aligned reads count for depth."""

    reads: Annotated[
        Reads,
        typer.Option(
            "--reads", help="Kind of reads; auto: by length and identity of the first ones.", rich_help_panel=_READS
        ),
    ] = defaults.READS
    min_identity: Annotated[
        float | None,
        typer.Option(
            "--min-identity",
            min=0.0,
            max=100.0,
            help="Skip reads with a lower identity to the contig, in percent.",
            show_default=f"{defaults.MIN_IDENTITY:g}; lower for noisy long reads",
            rich_help_panel=_READS,
        ),
    ] = None
    min_mapq: Annotated[
        int,
        typer.Option(
            "--min-mapq", min=0, max=255, help="Skip reads with a lower mapping quality.", rich_help_panel=_READS
        ),
    ] = defaults.MIN_MAPQ
    end_bp: Annotated[
        int,
        typer.Option("--end-bp", min=0, help="Bases to ignore at both ends of each contig.", rich_help_panel=_READS),
    ] = defaults.END_BP

    def settings(self, *, reference: Path | None, threads: int) -> DepthInput:
        """The same for the pipeline, without files."""
        from ...pipelines.depth.samples import DepthInput, DepthOptions

        identity = defaults.MIN_IDENTITY if self.min_identity is None else self.min_identity
        kind = self.reads if self.min_identity is None else None  # an identity that is given holds for all files
        options = DepthOptions(identity, self.end_bp, self.min_mapq)
        return DepthInput(reference_path=reference, options=options, threads=threads, reads=kind)
