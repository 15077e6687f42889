"""`dnabert-s evaluate clustering | classification | binning`."""

from __future__ import annotations

import typer

evaluate = typer.Typer(help="Measure models, clusters and bins against a known truth.", no_args_is_help=True)
