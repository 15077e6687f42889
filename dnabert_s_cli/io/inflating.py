"""Inflating of gzip data, by ISA-L where it is made for the processor, which takes half the time of zlib.

Both check the sum and the length at the end of each member.
"""

from __future__ import annotations

import zlib
from typing import Any

GZIP_WBITS = 31  # a gzip header and trailer, and the largest window


def _fastest() -> Any:
    """The module of zlib's functions that is the fastest here."""
    try:
        from isal import isal_zlib
    except ImportError:  # there is none for processors other than x86-64 and ARM64
        return zlib
    return isal_zlib


_FASTEST = _fastest()
INFLATE_ERRORS: tuple[type[Exception], ...] = (zlib.error, _FASTEST.error)

decompress = _FASTEST.decompress
decompressobj = _FASTEST.decompressobj
