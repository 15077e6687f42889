"""What every sequence format is read into, and the letters that are allowed in it.

A parser turns a stream into `Chunk`s: records that follow each other, where each one stands, and the problem that
ended the chunk, if one did. A format that cannot be picked up again after a problem ends with that chunk.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise, repeat
from typing import NamedTuple

import numpy as np

from ...dna import LETTERS
from ...errors import DnabertSError

_LETTERS = LETTERS.encode()
_BLANKS = b" \t\r\n"
_SEPARATOR = b">"  # marks the ends of sequences that are cleaned together
_BAD = 0
_LEAST_K = 3
_LEAST_WORDS = 3  # neighbours that tell overlapping k-mers from sequence written in groups
_CHUNK_RECORDS = 4096
_CHUNK_BP = 1 << 20


def _cleaning_table() -> bytes:
    table = bytearray(256)  # all _BAD
    for letter in _LETTERS + _SEPARATOR:
        table[letter] = table[ord(chr(letter).lower())] = letter
    table[ord("U")] = table[ord("u")] = ord("T")
    return bytes(table)


_CLEANING = _cleaning_table()
_BLANK = re.compile(rb"[ \t\v\f\r]")
_CIRCULAR = re.compile(rb"[ \t](?:suggest)?circular=(?:yes|true|y)\b", re.IGNORECASE)
_BAD_LETTER = re.compile(rb"[^" + _LETTERS + _LETTERS.lower() + rb"Uu \t\r\n]")


class Record(NamedTuple):
    """One sequence: the first word of its header, and its letters in upper case (IUPAC, T for U).

    `is_circular`: the header of a FASTA file says so. A tuple, as making a frozen dataclass takes
    three times as long, which is felt with short reads.
    """

    id: str
    sequence: str
    is_circular: bool = False


_new_record = partial(tuple.__new__, Record)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Neighbouring records of one file.

    Attributes:
        records: in file order.
        places: for each record its line number, or its number in formats without lines; from 1.
        problem: what is wrong right after these records.
        n_empty: records without a letter that were left out: reads that were trimmed to nothing.
    """

    records: list[Record]
    places: list[int]
    problem: DnabertSError | None = None
    n_empty: int = 0


def make_records(ids: list[str], sequences: list[str]) -> list[Record]:
    """Records of many names and sequences, without a call of Python's for each."""
    return list(map(_new_record, zip(ids, sequences, repeat(False, len(ids)), strict=True)))


def clean(raw: bytes) -> str | None:
    """Letters in upper case without blanks and line ends, T for U; None if one is no nucleotide, or for k-mers."""
    if _SEPARATOR in raw or has_kmer_words(raw):
        return None
    cleaned = raw.translate(_CLEANING, _BLANKS)
    return None if _BAD in cleaned else cleaned.decode("ascii")


def clean_all(raw: list[bytes]) -> list[str] | None:
    """`clean` of each; None if any is bad or empty. One pass over all, which is what makes short reads fast."""
    joined = _SEPARATOR.join(raw)
    if (b" " in joined or b"\t" in joined) and any(map(has_kmer_words, raw)):
        return None
    joined = joined.translate(_CLEANING, _BLANKS)
    if _BAD in joined:
        return None
    cleaned = joined.decode("ascii").split(">")
    return cleaned if len(cleaned) == len(raw) and all(cleaned) else None


def are_plain_letters(sequence: str) -> bool:
    """Whether all letters, which are ASCII, are upper-case A, C, G, T or N: such need no cleaning."""
    letters = np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)
    is_known = (letters == ord("A")) | (letters == ord("C")) | (letters == ord("G")) | (letters == ord("T"))
    return bool((is_known | (letters == ord("N"))).all())


def has_kmer_words(raw: bytes) -> bool:
    """Whether blanks part overlapping k-mers, as DNABERT-1 wants its input: joined, they would be k times the DNA.

    Words that are cut at either end of `raw` are passed over, as is sequence in groups of ten.
    """
    if b" " not in raw and b"\t" not in raw:
        return False
    words = raw.split()
    k = len(words[1]) if len(words) > 1 else 0
    words = words[len(words[0]) != k : len(words) - (len(words[-1]) != k)] if k else []
    if len(words) < _LEAST_WORDS or k < _LEAST_K or len(set(words)) == 1:
        return False
    return all(len(word) == k and word[:-1] == before[1:] for before, word in pairwise(words))


def first_words(headers: list[bytes]) -> list[str] | None:
    """The first word of each header; None if one has no word or is not UTF-8."""
    joined = b"\n".join(headers)
    try:
        if _BLANK.search(joined) or not all(headers):
            joined = b"\n".join([header.split(None, 1)[0] for header in headers])
        return joined.decode().split("\n")
    except (IndexError, UnicodeDecodeError):
        return None


def says_circular(header: bytes) -> bool:
    """Whether a header says that its contig is a circle: canu, metaMDBG and Unicycler write such."""
    return _CIRCULAR.search(header) is not None


def checked_name(header: bytes, path: str, *, line: int) -> str:
    """The first word of a header, or a `DnabertSError` that says why there is none."""
    if not header.strip():
        raise DnabertSError("header has no name", path=path, line=line, hint="name each record after its > or @")
    words = first_words([header])
    if words is None:
        shown = header.decode("utf-8", "backslashreplace")[:60].rstrip()
        raise DnabertSError(f"header is not UTF-8 text: {shown}", path=path, line=line)
    return words[0]


def checked_sequence(raw: bytes, path: str, *, line: int | None, name: str) -> str:
    """`clean`, or a `DnabertSError` that shows the letter; `line` is that of the first byte, None without lines."""
    sequence = clean(raw)
    if sequence is None:
        raise bad_letter(raw, path, line=line, name=name)
    return sequence


def bad_letter(raw: bytes, path: str, *, line: int | None, name: str) -> DnabertSError:
    """The problem of the first letter in `raw` that is no nucleotide, or of k-mers."""
    match = _BAD_LETTER.search(raw)
    if match is None:
        hint = "give the DNA itself: the first word, then the last letter of each further one"
        problem = "blanks part words that overlap: these are k-mers, not a sequence"
        return DnabertSError(problem, path=path, line=line, record=name, hint=hint)
    if line is not None:
        line += raw.count(b"\n", 0, match.start())
    letter = match.group()
    hint = "sequences consist of A C G T U or the IUPAC letters N R Y S W K M B D H V"
    if letter in b"-.*":
        hint += "; remove gaps"
    elif letter in b"EFILPQefilpq":
        hint += "; proteins cannot be read"
    shown = letter.decode("ascii", "backslashreplace")
    return DnabertSError(f"'{shown}' is not a nucleotide letter", path=path, line=line, record=name, hint=hint)


def empty_sequence(path: str, *, line: int | None, name: str) -> DnabertSError:
    """The problem of a record without letters."""
    return DnabertSError("sequence is empty", path=path, line=line, record=name, hint="remove the record")


def in_chunks(records: Iterator[tuple[Record, int]]) -> Iterator[Chunk]:
    """Group records and their places; a `DnabertSError` becomes the problem of the last chunk.

    A record without letters is counted and left out.
    """
    is_open = True
    while is_open:
        chunk = Chunk([], [])
        empty_places: list[int] = []
        problem = None
        try:
            is_open = _fill(chunk, records, empty_places=empty_places)
        except DnabertSError as error:
            problem, is_open = error, False
        yield Chunk(chunk.records, chunk.places, problem, len(empty_places))


def _fill(chunk: Chunk, records: Iterator[tuple[Record, int]], *, empty_places: list[int]) -> bool:
    """Add records until the chunk is large enough; False when there are no more."""
    n_bp = 0
    for record, place in records:
        if not record.sequence:
            empty_places.append(place)
            continue
        chunk.records.append(record)
        chunk.places.append(place)
        n_bp += len(record.sequence)
        if n_bp >= _CHUNK_BP or len(chunk.records) >= _CHUNK_RECORDS:
            return True
    return False
