"""Arrays in .npy files and .npz archives that may hold anything: no memory is taken before sizes are checked.

Header -> shape and type of numbers -> bytes that they need, compared with those that the file or member has and with
the memory there is -> the array. Pickles are never opened.
"""

from __future__ import annotations

import math
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ..errors import DnabertSError
from ..untrusted import library_reads, require_room

_MAGIC = b"\x93NUMPY"
_ZIP = b"PK"
_DAMAGED = "the file may be truncated or damaged: copy it again"
_MOST_OF_NOTHING = 1 << 20  # the longest side of an array without any element
_MOST_ITEM_BYTES = 1 << 20  # of one element: text of some hundred thousand letters


def map_npy(path: Path) -> npt.NDArray[np.generic]:
    """The array of a .npy file, memory-mapped and read-only.

    Raises:
        DnabertSError: another kind of file, cut short, or with a header that makes no sense.
    """
    with library_reads(path, problem="cannot be read as .npy", hint=_DAMAGED), path.open("rb") as stream:
        if stream.read(len(_ZIP)) == _ZIP:
            problem = "is a .npz archive under another name"
            raise DnabertSError(problem, path=path, hint="rename it to end in .npz")
        stream.seek(0)
        _check_header(stream, path, n_bytes=path.stat().st_size)
        mapped: npt.NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
    return mapped


def read_npz(
    path: Path, names: Sequence[str] | None = None, *, what: str = ".npz archive"
) -> dict[str, npt.NDArray[Any]]:
    """Arrays of a .npz archive by name; those of `names`, or all. `what` it should be, for messages.

    Raises:
        DnabertSError: no archive, a name that it lacks, a damaged member, or more than memory holds.
    """
    with (
        library_reads(path, problem=f"cannot be read: truncated, damaged, or not a {what}", hint=_DAMAGED),
        zipfile.ZipFile(path) as archive,
    ):
        members = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
        missing = [name for name in names or () if name not in members]
        if missing:
            hint = f"it needs the arrays {', '.join(names or ())}"
            raise DnabertSError(f"lacks an array: {missing[0]}", path=path, hint=hint)
        wanted = {name: members[name] for name in (members if names is None else names)}
        require_room(sum(one.file_size for one in wanted.values()), path, what="its arrays")
        return {name: _read_member(archive, one, path=path) for name, one in wanted.items()}


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, *, path: Path) -> npt.NDArray[Any]:
    with archive.open(member) as stream:
        _check_header(stream, path, n_bytes=member.file_size)
    with archive.open(member) as stream:
        array: npt.NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
        if stream.read(1):
            raise DnabertSError(f"{member.filename} holds more than its header says", path=path, hint=_DAMAGED)
    return array


def _check_header(stream: IO[bytes], path: Path, *, n_bytes: int) -> None:
    """See that an array's header asks for as many bytes as are there.

    Args:
        n_bytes: of the whole file or member.
    """
    version = np.lib.format.read_magic(stream)
    read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():  # of headers that Python 2 wrote, or that are damaged
        warnings.simplefilter("ignore")
        shape, _, dtype = read_header(stream)
    n_items = math.prod(shape)
    is_odd = dtype.hasobject or dtype.fields is not None or dtype.itemsize > _MOST_ITEM_BYTES
    if is_odd or any(length < 0 for length in shape) or (dtype.itemsize == 0 and n_items > n_bytes):
        raise DnabertSError(f"holds no plain array: {str(dtype)[:60]} of shape {shape}", path=path, hint=_DAMAGED)
    n_wanted, n_there = n_items * dtype.itemsize, n_bytes - stream.tell()
    if n_wanted != n_there or max(shape, default=0) > max(n_bytes, _MOST_OF_NOTHING):
        problem = f"its header asks for {n_wanted:,} bytes ({dtype} of shape {shape}), {n_there:,} are there"
        raise DnabertSError(problem, path=path, hint=_DAMAGED)
