"""A refusal in time where a step needs more memory than there is."""

from __future__ import annotations

import logging

from ..errors import DnabertSError
from ..memory import available_bytes, gib

__all__ = ["available_bytes", "require_memory"]

logger = logging.getLogger(__name__)

_WORTH_SAYING = 1 << 30


def require_memory(needed: int, available: int, *, what: str) -> None:
    """Say what a step takes, in bytes, if it is much.

    Raises:
        DnabertSError: there is less.
    """
    if needed > available:
        hint = "use a machine or job with more memory, or a larger --min-length"
        raise DnabertSError(f"{what} needs about {gib(needed)}, and {gib(available)} are free", hint=hint)
    if needed >= _WORTH_SAYING:
        logger.info("%s needs about %s of memory; %s is free", what, gib(needed), gib(available))
