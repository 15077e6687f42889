"""`dnabert-s doctor`."""

from __future__ import annotations

from . import options as opt
from .console import print_table, start_logging


def doctor(quiet: opt.Quiet = False, verbose: opt.Verbose = False) -> None:
    """Show device, number formats, threads, versions, caches, and what is used by default."""
    start_logging(quiet=quiet, verbose=verbose)
    from ..pipelines.models import machine_facts

    print_table(("what", "here"), machine_facts())
