"""Options of the commands that write bins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...pipelines.bin.outputs import OutputOptions

_EVIDENCE, _OUTPUT = "Evidence", "Output"

Markers = Annotated[
    Path | None,
    typer.Option(
        "--markers",
        help="HMMER3 profiles of single-copy genes, instead of the built-in ones.",
        show_default=False,
        rich_help_panel=_EVIDENCE,
    ),
]


@dataclass(frozen=True, slots=True)
class OutputFlags:
    """What else is written."""

    gzip: Annotated[
        bool, typer.Option("--gzip", help="Compress the FASTA files of the bins.", rich_help_panel=_OUTPUT)
    ] = False
    unbinned: Annotated[
        bool, typer.Option("--unbinned", help="Also write unbinned.fa, the contigs in no bin.", rich_help_panel=_OUTPUT)
    ] = False
    biobox: Annotated[
        bool, typer.Option("--biobox", help="Also write bins.biobox.tsv, for CAMI and AMBER.", rich_help_panel=_OUTPUT)
    ] = False
    mqc: Annotated[
        bool,
        typer.Option("--mqc", help="Also write files that MultiQC shows: bins*_mqc.json.", rich_help_panel=_OUTPUT),
    ] = False
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Do not write report.html.", rich_help_panel=_OUTPUT)
    ] = False
    no_names: Annotated[
        bool, typer.Option("--no-names", help="Do not say what the bins are.", rich_help_panel=_OUTPUT)
    ] = False
    contig_table: Annotated[
        bool,
        typer.Option(
            "--contig-table",
            help="Also write contigs.tsv: how sure each contig is in its bin, its second choice, and chimeras.",
            rich_help_panel=_OUTPUT,
        ),
    ] = False
    prefix: Annotated[
        str,
        typer.Option(
            "--prefix",
            help="Begin the names of bins, of unbinned.fa and of the files for MultiQC with PREFIX and a dot.",
            metavar="PREFIX",
            show_default=False,
            rich_help_panel=_OUTPUT,
        ),
    ] = ""

    def options(self, output: Path) -> OutputOptions:
        """The same for the pipeline; the sample is named after the folder."""
        from ...pipelines.bin.outputs import OutputOptions

        if "/" in self.prefix or self.prefix.startswith((".", "-")):
            raise typer.BadParameter("a prefix is the beginning of a file name", param_hint="--prefix")
        return OutputOptions(
            self.gzip,
            self.unbinned,
            self.biobox,
            output.name,
            report=not self.no_report,
            names=not self.no_names,
            prefix=self.prefix,
            multiqc=self.mqc,
            contig_table=self.contig_table,
        )
