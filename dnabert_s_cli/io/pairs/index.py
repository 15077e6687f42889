"""Where each row of a text file begins, so that any row of tens of gigabytes is one read away.

file -> blocks of bytes -> places of line ends -> offsets, 8 bytes a row. For a large file they are kept next to it, in
`NAME.index`, and mapped into memory the next time; where that folder cannot be written, they are made again.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError
from ..arrays import map_npy
from ..files import atomic_path

_LOG = logging.getLogger(__name__)

Offsets = npt.NDArray[np.uint64]

KEPT_FROM_BYTES = 1 << 30  # a smaller file is scanned in less time than a leftover is worth
_BLOCK_BYTES = 1 << 18  # a block that stays in the cache: 4.5 GB/s; 3 with megabytes
_FORMAT = 0x646E_6172_6F77_7331  # first number of an index file: what it is, and its version
_HEAD = 3  # numbers before the offsets: format, size and time of change of the file


def row_offsets(path: Path) -> Offsets:
    """Begin of every row and, last, the end of the last row, in bytes; (N + 1,) uint64. Blank rows at the end do not
    count. Memory: 8 bytes a row, mapped from disk where there is an index.

    Raises:
        OSError: the file cannot be read.
    """
    before = _key(path)
    if before[1] < KEPT_FROM_BYTES:
        return _scan(path)
    index_path = index_path_of(path)
    known = _load(index_path, key=before)
    if known is not None:
        return known
    _LOG.info("indexing the rows of %s (%.1f GB)", path, float(before[1]) / 1e9)
    offsets = _scan(path)
    if np.array_equal(before, _key(path)):
        _keep(index_path, np.concatenate([before, offsets]))
    return offsets


def index_path_of(path: Path) -> Path:
    """Where the index of a file is kept."""
    return path.with_name(f"{path.name}.index")


def _key(path: Path) -> Offsets:
    """What an index must agree with, (3,): it belongs to this very content of the file."""
    state = path.stat()
    return np.array([_FORMAT, state.st_size, state.st_mtime_ns], np.uint64)


def _scan(path: Path) -> Offsets:
    block = bytearray(_BLOCK_BYTES)
    letters = np.frombuffer(block, np.uint8)
    found = [np.zeros(1, np.uint64)]
    done = 0
    with path.open("rb", buffering=0) as stream:
        while n := stream.readinto(block) or 0:
            line_ends = np.flatnonzero(letters[:n] == ord("\n"))
            if len(line_ends):
                found.append(line_ends.astype(np.uint64) + np.uint64(done + 1))
            done += n
        offsets = np.concatenate(found)
        if offsets[-1] < done:
            offsets = np.append(offsets, np.uint64(done))
        return offsets[: _n_rows(stream.fileno(), offsets) + 1]


def _n_rows(descriptor: int, offsets: Offsets) -> int:
    """Rows without the blank ones at the end."""
    n_rows = len(offsets) - 1
    while n_rows:
        begin, end = int(offsets[n_rows - 1]), int(offsets[n_rows])
        if end - begin > 2 or os.pread(descriptor, end - begin, begin).strip():
            break
        n_rows -= 1
    return n_rows


def _load(index_path: Path, *, key: Offsets) -> Offsets | None:
    """The offsets kept in `index_path`; None where there are none of this file."""
    try:
        kept = map_npy(index_path)
    except DnabertSError:
        return None
    if kept.dtype != np.uint64 or kept.ndim != 1 or len(kept) <= _HEAD or not np.array_equal(kept[:_HEAD], key):
        return None
    offsets = kept[_HEAD:].view(np.uint64)
    is_right = offsets[0] == 0 and offsets[-1] <= key[1] and bool(np.all(offsets[1:] > offsets[:-1]))
    return offsets if is_right else None


def _keep(index_path: Path, numbers: Offsets) -> None:
    try:
        with atomic_path(index_path) as temporary, temporary.open("wb") as stream:
            np.save(stream, numbers)
    except (OSError, DnabertSError) as error:
        _LOG.info("the index is not stored: %s", error)
