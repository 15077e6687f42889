"""Reads of SAM, BAM and CRAM files, as the sequencer gave them.

BAM, CRAM -> htslib; SAM -> lines -> primary records, turned back to the read's own strand -> `Record`. Secondary and
supplementary records are the same read again: they are left out, and their number is logged.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pysam

from ...dna import reverse_complement
from ...errors import DnabertSError
from ...untrusted import library_reads, whole_number
from .htslib import opened_alignments, quiet_and_local
from .records import Chunk, Record, bad_letter, checked_name, checked_sequence, in_chunks

_log = logging.getLogger(__name__)

_PAIRED, _REVERSE, _READ1, _READ2 = 0x1, 0x10, 0x40, 0x80
_REPEATED = 0x100 | 0x800  # secondary, supplementary
_BATCH_READS = 1000
_SAM_FIELDS = 11
_LARGEST_FLAG = 0xFFFF
_DAMAGED = "BAM data are truncated or corrupt"
_DAMAGED_HINT = "copy or download it again"


def read_alignments(source: io.BufferedReader, path: str, *, reference_path: str | Path | None) -> Iterator[Chunk]:
    """Reads of a BAM or CRAM file; places count its records from 1. Reading ends at the first problem.

    Both mates of a pair bear one name, so they get the suffix /1 and /2. A CRAM is decoded with the FASTA file
    `reference_path`, with sequences that it holds itself, or with those that REF_PATH, REF_CACHE or its header name
    on this machine; nothing is ever downloaded.

    Args:
        source: read where `path` is not a file on disk; begins at the first byte.
    """
    return in_chunks(_reads(source, path, reference_path=reference_path))


def read_sam(stream: io.BufferedReader, path: str) -> Iterator[Chunk]:
    """Reads of a SAM file; places are line numbers. Reading ends at the first problem.

    SAM is not read through htslib, which takes any letter that it does not know for N.
    """
    return in_chunks(_sam_reads(stream, path))


def _reads(source: io.BufferedReader, path: str, *, reference_path: str | Path | None) -> Iterator[tuple[Record, int]]:
    number = n_repeated = 0
    with opened_alignments(source, path, reference_path=reference_path) as alignments:
        for batch in alignment_batches(alignments, path, has_reference=reference_path is not None):
            with library_reads(path, problem=_DAMAGED):
                reads = [_name_flag_sequence(segment) for segment in batch]
            primary = [(place, read) for place, read in enumerate(reads, start=number + 1) if not read[1] & _REPEATED]
            for place, (name, flag, sequence) in primary:
                yield _record(name, flag, sequence=sequence, path=path, number=place), place
            number += len(reads)
            n_repeated += len(reads) - len(primary)
    _log_repeated(path, n_repeated)


def _name_flag_sequence(segment: pysam.AlignedSegment) -> tuple[str, int, str | None]:
    flag = segment.flag
    return segment.query_name or "", flag, None if flag & _REPEATED else segment.query_sequence


def _record(name: str, flag: int, *, sequence: str | None, path: str, number: int) -> Record:
    """One primary record as a read."""
    if not name or not name.isprintable():
        raise DnabertSError(f"record {number} has no name that can be written", path=path, hint=_DAMAGED_HINT)
    name = _read_name(name, flag)
    if not sequence:
        raise _no_sequence(path, name)
    if "=" in sequence:  # the only letter of a BAM that is no nucleotide
        raise bad_letter(sequence.encode(), path, line=None, name=name)
    return Record(name, _on_own_strand(sequence, flag))


def alignment_batches(
    alignments: pysam.AlignmentFile, path: str, *, has_reference: bool
) -> Iterator[list[pysam.AlignedSegment]]:
    """All records of an open file, in its order, some together.

    Raises:
        DnabertSError: the data are corrupt, or a CRAM lacks its reference.
    """
    failure: Exception | None = None
    with library_reads(path, problem=_DAMAGED):
        segments = alignments.fetch(until_eof=True)
        is_cram = alignments.is_cram
    while failure is None:
        batch: list[pysam.AlignedSegment] = []
        with quiet_and_local():
            try:
                batch.extend(islice(segments, _BATCH_READS))
            except (OSError, ValueError, NotImplementedError, UnicodeError) as error:
                failure = error
        if batch:
            yield batch
        elif failure is None:
            return
    if not is_cram:
        raise DnabertSError(_DAMAGED, path=path, hint=_DAMAGED_HINT) from failure
    if has_reference:
        hint = "is the reference the FASTA file that this CRAM was made with?"
        raise DnabertSError("CRAM data do not fit the reference, or are corrupt", path=path, hint=hint) from failure
    hint = "give the FASTA file that the reads were aligned to as the reference; nothing is downloaded"
    raise DnabertSError("CRAM cannot be decoded without its reference", path=path, hint=hint) from failure


def _sam_reads(stream: io.BufferedReader, path: str) -> Iterator[tuple[Record, int]]:
    n_repeated = 0
    for line, content in enumerate(stream, 1):
        if content.startswith(b"@") or not content.strip():
            continue
        fields = content.rstrip(b"\r\n").split(b"\t")
        flag = whole_number(fields[1], most=_LARGEST_FLAG) if len(fields) >= _SAM_FIELDS else None
        if flag is None:
            problem = "not a SAM record: it needs 11 fields between tabs, the second a number"
            raise DnabertSError(problem, path=path, line=line, hint="the file may be truncated")
        if flag & _REPEATED:
            n_repeated += 1
            continue
        name = _read_name(checked_name(fields[0], path, line=line), flag)
        if fields[9] in (b"*", b""):
            raise _no_sequence(path, name, line=line)
        sequence = checked_sequence(fields[9], path, line=line, name=name)
        if fields[10] != b"*" and len(fields[10]) != len(sequence):
            problem = f"{len(sequence)} bases but {len(fields[10])} quality letters"
            raise DnabertSError(problem, path=path, line=line, record=name, hint="the file may be truncated")
        yield Record(name, _on_own_strand(sequence, flag)), line
    _log_repeated(path, n_repeated)


def _read_name(name: str, flag: int) -> str:
    if not flag & _PAIRED or bool(flag & _READ1) == bool(flag & _READ2):
        return name
    suffix = "/1" if flag & _READ1 else "/2"
    return name if name.endswith(suffix) else name + suffix


def _on_own_strand(sequence: str, flag: int) -> str:
    # pysam's get_forward_sequence is not used: its older versions leave IUPAC letters as they are
    return reverse_complement(sequence) if flag & _REVERSE else sequence


def _no_sequence(path: str, name: str, *, line: int | None = None) -> DnabertSError:
    hint = "the file holds positions only; use the original reads"
    return DnabertSError("read has no stored sequence", path=path, line=line, record=name, hint=hint)


def _log_repeated(path: str, n_repeated: int) -> None:
    if n_repeated:
        problem = "%s: skipped %d secondary and supplementary records, which repeat other reads"
        _log.info(problem, path, n_repeated)
