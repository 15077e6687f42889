"""`dnabert-s doctor`."""

from __future__ import annotations

from ..console import print_table
from ..options import common as opt


def doctor(*, messages: opt.MessageFlags) -> None:
    """Show what this machine offers: device, number formats, threads, versions, caches, defaults."""
    messages.start()
    from ...pipelines.models import machine_facts

    print_table(("what", "here"), machine_facts())
