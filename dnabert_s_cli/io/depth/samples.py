"""Depth from BAM and CRAM files, one sample each, several files at a time.

All headers are read and checked first, and all problems reported together. Then BAM files are worked on by a thread
each, and threads that are left over inflate their blocks ahead; zlib and numpy release Python's lock for most of that.
CRAM files come one by one: htslib's settings, which `htslib` changes around each call, are those of the whole process.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...errors import DnabertSError, raise_together
from ...untrusted import utf8_name
from ..files import open_raw, peek, sha256_file
from ..sequences.formats import alignment_format
from ..sequences.htslib import contigs_of, opened_alignments
from .aligned_reads import AlignedReads, ReadSieve
from .bam import decode_reads
from .bgzf import inflated_pieces
from .cram import iter_cram_reads
from .naming import sample_names
from .sums import DepthOptions, DepthSums
from .table import DepthFile, DepthTable

_LOG = logging.getLogger(__name__)

_POLL_S = 0.2  # how often progress is reported
_PIECES_AHEAD = 2  # of each file, for each thread that inflates


@dataclass(frozen=True, slots=True, eq=False)
class AlignmentFile:
    """A BAM or CRAM file whose header has been read: contigs and their lengths, (contigs,) int64.

    Attributes:
        min_identity: percent from which its reads count; None: as of all files.
    """

    path: str
    sample: str
    format: str
    n_bytes: int
    names: tuple[str, ...]
    lengths_bp: np.ndarray
    min_identity: float | None = None

    def options(self, general: DepthOptions) -> DepthOptions:
        """Which of its reads count."""
        return general if self.min_identity is None else replace(general, min_identity=self.min_identity)


class _StoppedError(Exception):
    """Another file has failed, or the user has interrupted."""


class _Tally:
    """Bytes read by all threads; it tells the main thread, which alone may show them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_bytes = 0
        self.stopped = False

    def add(self, n_bytes: int) -> None:
        """Count; ends the thread that calls where others have ended."""
        if self.stopped:
            raise _StoppedError
        with self._lock:
            self._n_bytes += n_bytes

    def take(self) -> int:
        """Bytes counted since the last call."""
        with self._lock:
            n_bytes, self._n_bytes = self._n_bytes, 0
        return n_bytes


def is_alignment_file(path: str | Path) -> bool:
    """Whether a file on disk is BAM or CRAM, by its first bytes; a stream is not looked into, so it is neither.

    Raises:
        DnabertSError: there is no such file.
    """
    if str(path) == "-" or (Path(path).exists() and not Path(path).is_file()):
        return False
    with open_raw(path) as raw:
        return alignment_format(peek(raw)[0]) is not None


def is_cram_file(path: str | Path) -> bool:
    """Whether a file on disk is CRAM, by its first bytes."""
    if not Path(path).is_file():
        return False
    with open_raw(path) as raw:
        return alignment_format(peek(raw)[0]) == "cram"


def open_alignment_files(
    paths: Sequence[str | Path], *, names: Mapping[str, str] | None = None, reference_path: str | Path | None
) -> list[AlignmentFile]:
    """The headers of BAM and CRAM files. A sample bears its file's name, with folders where two have the same.

    Args:
        names: names of samples by path, in place of those of the files.

    Raises:
        DnabertSError: for all files together: no BAM or CRAM, cut off, without contigs, no file on disk, or given
            twice.
    """
    files: list[AlignmentFile] = []
    problems: list[DnabertSError] = []
    seen: dict[Path, str | Path] = {}
    samples = sample_names(paths, names or {}, own=[utf8_name(Path(path).name) for path in paths])
    for path, sample in zip(paths, samples, strict=True):
        try:
            target = Path(path).resolve()
            if target in seen:
                problem = "is given twice" if str(seen[target]) == str(path) else f"is the same file as {seen[target]}"
                raise DnabertSError(problem, path=path, hint="give each sample once")
            seen[target] = path
            files.append(_open(str(path), sample, reference_path=reference_path))
        except DnabertSError as error:
            problems.append(error)
    raise_together(problems)
    return files


def read_alignment_depths(
    files: Sequence[AlignmentFile],
    options: DepthOptions,
    *,
    threads: int,
    reference_path: str | Path | None = None,
    on_bytes: Callable[[int], object],
    on_sample: Callable[[DepthFile], object] = lambda _: None,
) -> list[DepthFile]:
    """Mean depth and its variance for every contig in each file's header.

    The same file gives the same numbers, whatever the number of threads.

    Args:
        on_bytes: called with the number of bytes read since the last call.
        on_sample: called with each sample as soon as it is finished.

    Raises:
        DnabertSError: for all files together: corrupt, or not sorted.
    """
    bams = [file for file in files if file.format == "bam"]
    samples = _read_bams(bams, options, threads=threads, on_bytes=on_bytes, on_sample=on_sample)
    depth_of = dict(zip(bams, samples, strict=True))
    for file in files:
        if file.format == "cram":
            depth_of[file] = _read_cram(file, options, reference_path=reference_path)
            on_bytes(file.n_bytes)
            on_sample(depth_of[file])
    return [depth_of[file] for file in files]


def _open(path: str, sample: str, *, reference_path: str | Path | None) -> AlignmentFile:
    if path == "-" or (Path(path).exists() and not Path(path).is_file()):
        raise DnabertSError("is not a file on disk", path=path, hint="write the alignments to a file first")
    with open_raw(path) as raw:
        head, stream = peek(raw)
        kind = alignment_format(head)
        if kind is None:
            hint = "give it as a table of depths, if it is one; SAM must be sorted and converted: samtools sort"
            raise DnabertSError("is neither BAM nor CRAM", path=path, hint=hint)
        with opened_alignments(stream, path, reference_path=reference_path) as alignments:
            names, lengths_bp = contigs_of(alignments, path)
    if not names:
        raise DnabertSError("its header names no contig", path=path, hint="give reads aligned to the contigs")
    return AlignmentFile(path, sample, kind, Path(path).stat().st_size, names, lengths_bp)


def _read_bams(
    files: Sequence[AlignmentFile],
    options: DepthOptions,
    *,
    threads: int,
    on_bytes: Callable[[int], object],
    on_sample: Callable[[DepthFile], object],
) -> list[DepthFile]:
    if not files:
        return []
    tally = _Tally()
    with ExitStack() as stack:
        n_files = min(threads, len(files))
        inflating = stack.enter_context(ThreadPoolExecutor(threads)) if threads > n_files else None
        reading = stack.enter_context(ThreadPoolExecutor(n_files))
        stack.callback(setattr, tally, "stopped", True)  # first of all on leaving: threads end soon after an error
        n_ahead = _PIECES_AHEAD * max(1, threads // n_files)
        futures = [
            reading.submit(_read_bam, file, options, inflating=inflating, n_ahead=n_ahead, tally=tally)
            for file in files
        ]
        for finished in _as_finished(futures, on_wait=lambda: on_bytes(tally.take())):
            on_sample(finished)
        problems = [error for future in futures if isinstance(error := future.exception(), DnabertSError)]
        raise_together(problems)
        return [future.result() for future in futures]


def _as_finished(futures: Sequence[Future[DepthFile]], *, on_wait: Callable[[], object]) -> Iterator[DepthFile]:
    """Samples as they are finished, up to the first error, which stays in its future."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=_POLL_S, return_when=FIRST_EXCEPTION)
        on_wait()
        yield from (future.result() for future in futures if future in done and future.exception() is None)


def _read_bam(
    file: AlignmentFile, options: DepthOptions, *, inflating: Executor | None, n_ahead: int, tally: _Tally
) -> DepthFile:
    digest = hashlib.sha256()
    pieces = inflated_pieces(file.path, executor=inflating, n_ahead=n_ahead, digest=digest, on_bytes=tally.add)
    sieve = ReadSieve(file.path, n_contigs=len(file.names), min_mapq=options.min_mapq)
    table = _depth_table(file, options, reads=decode_reads(pieces, file.path, sieve=sieve), sieve=sieve)
    return DepthFile(file.path, table, digest.hexdigest())


def _read_cram(file: AlignmentFile, options: DepthOptions, *, reference_path: str | Path | None) -> DepthFile:
    sieve = ReadSieve(file.path, n_contigs=len(file.names), min_mapq=options.min_mapq)
    with (
        open_raw(file.path) as raw,
        opened_alignments(peek(raw)[1], file.path, reference_path=reference_path) as alignments,
    ):
        reads = iter_cram_reads(alignments, file.path, has_reference=reference_path is not None, sieve=sieve)
        table = _depth_table(file, options, reads=reads, sieve=sieve)
    return DepthFile(file.path, table, sha256_file(file.path))


def _depth_table(
    file: AlignmentFile, options: DepthOptions, *, reads: Iterable[AlignedReads], sieve: ReadSieve
) -> DepthTable:
    options = file.options(options)
    sums = DepthSums(file.lengths_bp, options)
    for batch in reads:
        sums.add(batch)
    mean, variance = sums.finish()
    if not sums.n_reads:
        _LOG.warning("%s: no read passes the filters; its depth is 0 everywhere", file.path)
    _tell_left_out(file.path, options, n_unlike=sums.n_unlike, n_uncertain=sieve.n_uncertain, n_left=sums.n_reads)
    if sums.n_without_edits:
        problem = (
            "%s: %d reads have no NM tag; mismatches are known only from X in their CIGAR (samtools calmd adds the tag)"
        )
        _LOG.warning(problem, file.path, sums.n_without_edits)
    return DepthTable(
        file.names,
        file.lengths_bp,
        (file.sample,),
        mean[:, None].astype(np.float32),
        variance[:, None].astype(np.float32),
    )


def _tell_left_out(path: str, options: DepthOptions, *, n_unlike: int, n_uncertain: int, n_left: int) -> None:
    """Say how many aligned reads each filter has left out; a warning where it is more than half."""
    n_aligned = n_left + n_uncertain
    for n_out, what, option in (
        (n_unlike, f"are below {options.min_identity:g} % identity", "--min-identity"),
        (n_uncertain, f"are below mapping quality {options.min_mapq}", "--min-mapq"),
    ):
        if n_out:
            is_most = 2 * n_out > n_aligned
            advice = f"; if that is not what you want, give a lower {option}" if is_most else ""
            level = logging.WARNING if is_most else logging.INFO
            _LOG.log(level, "%s: %d of %d aligned reads %s and left out%s", path, n_out, n_aligned, what, advice)
