"""Aligned reads of a BAM file, decoded by numpy straight from its bytes.

Plain bytes of the file's blocks -> places of the records, all blocks together -> their columns, CIGARs and NM tags, all
at once. No object is made for a read, which is what makes this some times faster than a loop over pysam's records.

    size 4 | contig 4 | start 4 | name_bytes 1 | mapq 1 | bin 2 | operations 2 | flag 2 | bases 4 | mate 12 |
    name | CIGAR, 4 bytes an operation | bases, half a byte each | qualities | tags
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from .aligned_reads import DIFFERENT, EQUAL, INSERTION, MATCH, SKIP, AlignedReads, ReadSieve, RecordColumns
from .bgzf import damaged

_FIXED = np.dtype(
    [
        *(("size", "<i4"), ("contig", "<i4"), ("start", "<i4"), ("name_bytes", "u1"), ("mapq", "u1")),
        *(("bin", "<u2"), ("n_operations", "<u2"), ("flag", "<u2"), ("bases", "<i4"), ("mate", "V12")),
    ]
)
_SIZE = struct.Struct("<i")
_LEAST_SIZE = _FIXED.itemsize - _SIZE.size
_SOFT_CLIP = 4
_OF_THE_READ = (MATCH, INSERTION, _SOFT_CLIP, EQUAL, DIFFERENT)  # operations that take bases of it
_PADDING = bytes(8)  # after the bytes, so that four may be read at any place in them
_VALUE_TYPES = {
    ord(kind): np.dtype(name)
    for kind, name in (("c", "i1"), ("C", "u1"), ("s", "<i2"), ("S", "<u2"), ("i", "<i4"), ("I", "<u4"))
}
_VALUE_BYTES = np.zeros(256, dtype=np.int64)
_VALUE_BYTES[[ord(kind) for kind in "AcCsSiIf"]] = 1, 1, 1, 2, 2, 4, 4, 4
_TEXT = (ord("Z"), ord("H"))
_ARRAY = ord("B")


def decode_reads(pieces: Iterator[list[bytes]], path: str, *, sieve: ReadSieve) -> Iterator[AlignedReads]:
    """Reads that count, a piece of the file at a time: some of its blocks, as plain bytes.

    Raises:
        DnabertSError: the data are corrupt or end early, or are not sorted.
    """
    rest = _behind_header(pieces, path)
    begin_records = True  # whether blocks do
    for blocks in itertools.chain([[]], pieces):
        content = b"".join([rest, *blocks, _PADDING])  # the tail of the piece before belongs to it
        found = _places_by_block(content, [len(rest), *map(len, blocks)]) if begin_records and blocks else None
        begin_records = found is not None or not blocks
        places, end = found or _places_one_by_one(content, path)
        rest = content[end : -len(_PADDING)]
        if len(places):
            yield _decode(np.frombuffer(content, np.uint8), places, path=path, sieve=sieve)
    if rest:
        raise damaged(path)


def _behind_header(pieces: Iterator[list[bytes]], path: str) -> bytes:
    """Bytes already taken off `pieces` that follow the header, which pysam has read before."""
    content = b""
    for blocks in pieces:
        content = b"".join([content, *blocks])
        end = _header_end(content)
        if end is not None:
            return content[end:]
    raise damaged(path)


def _header_end(content: bytes) -> int | None:
    """Bytes of the header (its text, then name and length of each contig); None while more must be read to tell."""
    try:
        place = 8 + _SIZE.unpack_from(content, 4)[0]
        (n_contigs,) = _SIZE.unpack_from(content, place)
        place += 4
        for _ in range(n_contigs):
            place += 8 + _SIZE.unpack_from(content, place)[0]
    except struct.error:
        return None
    return place if place <= len(content) else None


def _places_by_block(content: bytes, sizes: list[int]) -> tuple[np.ndarray, int] | None:
    """Where each whole record begins, and where the last of them ends; None if some block begins within a record.

    Most programs begin a record with each block, so that all blocks can be walked through together.

    Args:
        content: plain bytes, padding included.
        sizes: of what was left over before, and of the blocks.
    """
    n_bytes = len(content) - len(_PADDING)
    if sizes[0]:  # it belongs to the first block
        sizes = [0, sizes[0] + sizes[1], *sizes[2:]]
    at = np.unique(np.cumsum(sizes))[:-1]
    limits = np.append(at[1:], n_bytes)
    size_at = _at_any_place(np.frombuffer(content, np.uint8), np.dtype("<i4"))
    walked = [np.empty(0, dtype=np.int64)]
    while len(at):
        walked.append(at)
        following = at + size_at[at] + _SIZE.size
        goes_on = (following < limits) & (following > at + _SIZE.size)  # whether sizes are right is seen below
        if goes_on.all():
            at = following
        else:
            at, limits = following[goes_on], limits[goes_on]
    places = np.sort(np.concatenate(walked))
    following = places + size_at[places] + _SIZE.size
    end = n_bytes
    if len(places) and (places[-1] + _FIXED.itemsize > n_bytes or following[-1] > n_bytes):
        end = int(places[-1])  # the last record is cut
        places, following = places[:-1], following[:-1]
    are_whole = np.all(following - places >= _FIXED.itemsize)
    return (places, end) if are_whole and np.array_equal(following, np.append(places, end)[1:]) else None


def _places_one_by_one(content: bytes, path: str) -> tuple[np.ndarray, int]:
    """The same, wherever blocks begin."""
    places, place, n_bytes, size_at = [], 0, len(content) - len(_PADDING), _SIZE.unpack_from
    while place + 4 <= n_bytes:
        (size,) = size_at(content, place)
        if size < _LEAST_SIZE:
            raise damaged(path)
        if place + 4 + size > n_bytes:
            break
        places.append(place)
        place += 4 + size
    return np.array(places, dtype=np.int64), place


def _decode(raw: np.ndarray, places: np.ndarray, *, path: str, sieve: ReadSieve) -> AlignedReads:
    """The reads that count among the records at `places` of `raw`, (n_bytes,) uint8 with padding at the end."""
    fixed = _at_any_place(raw, np.dtype("V36"))[places].view(_FIXED)  # (R,) records
    contigs, starts, flags, qualities, bases = (
        fixed[name].astype(np.int64) for name in ("contig", "start", "flag", "mapq", "bases")
    )
    ends = places + _SIZE.size + fixed["size"]
    cigars = places + _FIXED.itemsize + fixed["name_bytes"]
    n_operations = fixed["n_operations"].astype(np.int64)
    tags = cigars + 4 * n_operations + (bases + 1) // 2 + bases
    if np.any(tags > ends) or np.any(bases < 0):
        raise damaged(path)
    lengths_bp = _lengths(raw, cigars, n_operations=n_operations, bases=bases)
    rows, mean_bp = sieve.admit(RecordColumns(contigs, starts, flags, qualities, lengths_bp))
    cigars, n_operations, bases, tags, ends = (column[rows] for column in (cigars, n_operations, bases, tags, ends))
    cigars, n_operations = _long_cigars(
        raw, cigars, n_operations=n_operations, bases=bases, tags=tags, ends=ends, path=path
    )
    words = _words(raw, cigars, n_words=n_operations)
    if np.any(words & 15 > DIFFERENT):
        raise damaged(path)
    return AlignedReads(
        contigs=contigs[rows],
        starts=starts[rows],
        mean_bp=mean_bp,
        edits=_integers(raw, _tag_values(raw, tags, ends=ends, tag=b"NM")),
        n_operations=n_operations,
        operations=words & 15,
        operation_bp=words >> 4,
    )


def _lengths(raw: np.ndarray, cigars: np.ndarray, *, n_operations: np.ndarray, bases: np.ndarray) -> np.ndarray:
    """Length of each read: its stored bases, or where there are none, those that its CIGAR takes, (R,) int64."""
    rows = np.flatnonzero((bases == 0) & (n_operations > 0))
    if not len(rows):
        return bases
    words = _words(raw, cigars[rows], n_words=n_operations[rows])
    n_bp = np.where(np.isin(words & 15, _OF_THE_READ), words >> 4, 0)
    lengths_bp: np.ndarray = bases.copy()
    lengths_bp[rows] = np.bincount(np.repeat(np.arange(len(rows)), n_operations[rows]), weights=n_bp)
    return lengths_bp


def _words(raw: np.ndarray, places: np.ndarray, *, n_words: np.ndarray) -> np.ndarray:
    """Neighbouring 32-bit words from each place on, one place after the other, int64."""
    before = np.cumsum(n_words) - n_words
    at = np.repeat(places - 4 * before, n_words) + 4 * np.arange(int(n_words.sum()))
    return _at_any_place(raw, np.dtype("<u4"))[at].astype(np.int64)


def _long_cigars(
    raw: np.ndarray,
    cigars: np.ndarray,
    *,
    n_operations: np.ndarray,
    bases: np.ndarray,
    tags: np.ndarray,
    ends: np.ndarray,
    path: str,
) -> tuple[np.ndarray, np.ndarray]:
    """Place and number of operations, for CIGARs of more than 65,535, too: those stand in the tag CG, type B.

    In their place the record says that all bases are clipped, and then skips a stretch of the contig.
    """
    suspects = np.flatnonzero(n_operations == 2)
    words = _words(raw, cigars[suspects], n_words=n_operations[suspects]).reshape(-1, 2)
    is_long = (words[:, 0] == (bases[suspects] << 4 | _SOFT_CLIP)) & (words[:, 1] & 15 == SKIP)
    suspects = suspects[is_long]
    values = _tag_values(raw, tags[suspects], ends=ends[suspects], tag=b"CG")
    suspects, values = suspects[values >= 0], values[values >= 0]
    if not len(suspects):
        return cigars, n_operations
    n_words = _words(raw, values + 2, n_words=np.ones_like(values))
    if np.any(values + 6 + 4 * n_words > ends[suspects]) or np.any(raw[values] != _ARRAY):
        raise damaged(path)
    cigars, n_operations = cigars.copy(), n_operations.copy()
    cigars[suspects] = values + 6  # type B, type of the words, how many
    n_operations[suspects] = n_words
    return cigars, n_operations


def _tag_values(raw: np.ndarray, tags: np.ndarray, *, ends: np.ndarray, tag: bytes) -> np.ndarray:
    """Where the type of each read's tag stands, -1 for none: all reads go from tag to tag together."""
    found = np.full(len(tags), -1, dtype=np.int64)
    zeros = None
    rows, at = np.arange(len(tags)), tags
    while True:
        inside = at + 3 < ends[rows]
        rows, at = rows[inside], at[inside]
        if not len(rows):
            return found
        is_wanted = (raw[at] == tag[0]) & (raw[at + 1] == tag[1])
        found[rows[is_wanted]] = at[is_wanted] + 2
        rows, at = rows[~is_wanted], at[~is_wanted]
        kinds = raw[at + 2]
        following = at + 3 + _VALUE_BYTES[kinds]
        is_text = np.isin(kinds, _TEXT)
        if np.any(is_text):
            zeros = np.flatnonzero(raw == 0) if zeros is None else zeros
            following[is_text] = zeros[np.searchsorted(zeros, at[is_text] + 3)] + 1
        is_array = kinds == _ARRAY
        if np.any(is_array):
            n_values = _words(raw, at[is_array] + 4, n_words=np.ones(int(is_array.sum()), dtype=np.int64))
            following[is_array] = at[is_array] + 8 + n_values * _VALUE_BYTES[raw[at[is_array] + 3]]
        at = following


def _integers(raw: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The numbers whose type stands at each place; -1 where the place is -1 or the type is no integer."""
    numbers = np.full(len(places), -1, dtype=np.int64)
    kinds = np.where(places < 0, 0, raw[places])
    for kind, dtype in _VALUE_TYPES.items():
        rows = np.flatnonzero(kinds == kind)
        numbers[rows] = _at_any_place(raw, dtype)[places[rows] + 1]
    return numbers


def _at_any_place(raw: np.ndarray, dtype: np.dtype[Any]) -> np.ndarray:
    """A view of bytes whose element i is the value that begins at byte i."""
    view: np.ndarray = np.ndarray((max(len(raw) - dtype.itemsize + 1, 0),), dtype=dtype, buffer=raw, strides=(1,))
    return view
