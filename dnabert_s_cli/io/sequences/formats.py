"""Tell what a sequence file is by its content, and parse it.

path -> raw bytes -> BAM and CRAM by their first bytes, which htslib then reads -> all else decompressed -> format by
the first line -> parser -> `Chunk`s. A stream is read once and never rewound, so a pipe serves as well as a file.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ...errors import DnabertSError
from ...untrusted import refuse_lfs_pointer
from ..files import Hashed, decompressed, open_raw, peek, sha256_file
from .alignments import read_alignments, read_sam
from .fasta import read_fasta
from .fastq import read_fastq
from .flatfiles import read_embl, read_genbank
from .records import Chunk, Record

_PARSERS: dict[str, Callable[[io.BufferedReader, str], Iterator[Chunk]]] = {
    "fasta": read_fasta,
    "fastq": read_fastq,
    "sam": read_sam,
    "genbank": read_genbank,
    "embl": read_embl,
}
_FIRST_LINES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("fasta", re.compile(rb">")),
    ("sam", re.compile(rb"@(?:HD|SQ|RG|PG)\t[A-Za-z][A-Za-z0-9]:|@CO\t")),
    ("sam", re.compile(rb"[^\t@>\s][^\t]*\t\d+\t[^\t\n]+\t\d+\t\d+\t[^\t\n]+\t[^\t\n]+\t")),
    ("fastq", re.compile(rb"@")),
    ("genbank", re.compile(rb"LOCUS\s")),
    ("embl", re.compile(rb"ID   ")),
)
_BLANK_LINES = re.compile(rb"(?:[ \t\r]*\n)*")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_KNOWN = "FASTA, FASTQ, SAM, BAM, CRAM, GenBank and EMBL are read, also compressed by gzip, bzip2, xz or zstd"


class SequenceFile:
    """One input, opened and recognised.

    Attributes:
        path: as given; "-" is standard input.
        format: fasta, fastq, sam, bam, cram, genbank or embl.
    """

    def __init__(
        self, path: str | Path, *, reference_path: str | Path | None, is_hashed: bool, suffix: str = ""
    ) -> None:
        """Open `path`.

        Args:
            is_hashed: asks for `sha256`.
            suffix: appended to each name that does not end in it: /1 or /2 of a mate.

        Raises:
            DnabertSError: it cannot be opened, is empty, or is in no format that is read.
        """
        self.path = str(path)
        self._reference_path = reference_path
        self._suffix = suffix
        raw = open_raw(path)
        self._hashed = Hashed(raw) if is_hashed else None
        head, self._stream = peek(self._hashed or raw)
        try:
            self.format = alignment_format(head) or self._text_format()
        except DnabertSError:
            self._stream.close()
            raise

    def _text_format(self) -> str:
        head, self._stream = peek(decompressed(self._stream, self.path))
        lines = head[_blank_bytes(head) :]
        for name, first_line in _FIRST_LINES:
            if first_line.match(lines):
                return name
        raise _unknown(head, self.path)

    @property
    def has_lines(self) -> bool:
        """Whether places in this file are line numbers, not record numbers."""
        return self.format not in ("bam", "cram")

    def chunks(self) -> Iterator[Chunk]:
        """All records, once; damage to the stream is raised, any other problem ends a chunk."""
        if not self.has_lines:
            return read_alignments(self._stream, self.path, reference_path=self._reference_path)
        chunks = _PARSERS[self.format](self._stream, self.path)
        return (_renamed(chunk, self._suffix) for chunk in chunks) if self._suffix else chunks

    def sha256(self) -> str:
        """SHA-256 of the bytes on disk; call it after the last chunk."""
        assert self._hashed is not None
        return self._hashed.digest.hexdigest() if self.has_lines else sha256_file(self.path)

    def __enter__(self) -> SequenceFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def first_read_name(path: str | Path) -> str | None:
    """The name of the first read of a FASTQ file on disk; None for anything else, or what cannot be read."""
    if not Path(path).is_file():
        return None
    try:
        with SequenceFile(path, reference_path=None, is_hashed=False) as file:
            if file.format != "fastq":
                return None
            return next((chunk.records[0].id for chunk in file.chunks() if chunk.records), None)
    except DnabertSError:  # it is reported when the file is read
        return None


def _renamed(chunk: Chunk, suffix: str) -> Chunk:
    records = [one if one.id.endswith(suffix) else Record(one.id + suffix, one.sequence) for one in chunk.records]
    return replace(chunk, records=records)


def alignment_format(head: bytes) -> str | None:
    """bam or cram, by the first bytes of a file; None for anything else."""
    if head.startswith(b"CRAM"):
        return "cram"
    try:
        is_bam = zlib.decompressobj(wbits=31).decompress(head, 4) == b"BAM\x01"
    except zlib.error:
        return None
    return "bam" if is_bam else None


def _blank_bytes(head: bytes) -> int:
    match = _BLANK_LINES.match(head)
    assert match is not None  # it matches nothing, too
    return match.end()


def _unknown(head: bytes, path: str) -> DnabertSError:
    if not head:
        return DnabertSError("file is empty", path=path)
    refuse_lfs_pointer(head, path)
    if not head.strip():
        return DnabertSError("file holds no record", path=path)
    if _CONTROL.search(head):
        return DnabertSError("is a binary file in no known format", path=path, hint=_KNOWN)
    n_blank = _blank_bytes(head)
    shown = head[n_blank:].split(b"\n", 1)[0][:20].decode("utf-8", "backslashreplace").rstrip()
    problem = f"no header: the first line must begin with '>' or '@', but is '{shown}'"
    return DnabertSError(problem, path=path, line=1 + head.count(b"\n", 0, n_blank), hint=_KNOWN)
