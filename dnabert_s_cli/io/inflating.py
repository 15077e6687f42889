"""Inflating of gzip data, by ISA-L where it is made for the processor, which takes half the time of zlib.

Both check the sum and the length at the end of each member.
"""

from __future__ import annotations

import contextlib
import zlib
from typing import Any

_zlib: Any = zlib  # or what has the same functions
with contextlib.suppress(ImportError):  # there is none for processors other than x86-64 and ARM64
    from isal import isal_zlib as _zlib

GZIP_WBITS = 31  # a gzip header and trailer, and the largest window
INFLATE_ERRORS: tuple[type[Exception], ...] = (zlib.error, _zlib.error)

decompress = _zlib.decompress
decompressobj = _zlib.decompressobj
