"""`dnabert-s doctor`."""

from __future__ import annotations

from . import options as opt
from .console import print_table


def doctor(*, messages: opt.MessageFlags) -> None:
    """Show device, number formats, threads, versions, caches, and what is used by default."""
    messages.start()
    from ..pipelines.models import machine_facts

    print_table(("what", "here"), machine_facts())
