"""Options of `bin` for contigs of several samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from ... import defaults

_INPUT = "Input"


@dataclass(frozen=True, slots=True)
class SampleFlags:
    """Contigs of several samples."""

    separator: Annotated[
        str | None,
        typer.Option(
            "--separator",
            help="Bin a catalogue sample by sample: contigs are named SAMPLE, this, and their own name.",
            metavar="TEXT",
            show_default=False,
            rich_help_panel=_INPUT,
        ),
    ] = None
    by_sample: Annotated[
        bool,
        typer.Option(
            "--by-sample",
            help="Bin several assemblies sample by sample, one for each file, as FILE or NAME=FILE.",
            rich_help_panel=_INPUT,
        ),
    ] = False
    pooled: Annotated[
        bool,
        typer.Option(
            "--pooled", help="Bin contigs of several samples together, as one assembly.", rich_help_panel=_INPUT
        ),
    ] = False

    def checked_separator(self) -> str | None:
        """What stands between sample and contig; None where contigs are binned together."""
        if self.pooled and (self.by_sample or self.separator is not None):
            raise typer.BadParameter("give either --pooled, or --separator or --by-sample")
        if self.separator == "":
            raise typer.BadParameter("it is empty", param_hint="--separator")
        return self.separator or (defaults.SEPARATOR if self.by_sample else None)
