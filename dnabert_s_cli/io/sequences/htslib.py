"""Open BAM and CRAM through htslib: from disk or a pipe, in silence, whole or not at all, and never over the network.

A file on disk is opened by its name. Any other stream is pumped by a thread into a pipe of our own, because some bytes
have already been read from it to tell the format. The reference of a CRAM is linked into a temporary folder, where
htslib may write the index that it would otherwise leave next to the user's file.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pysam

from ...errors import DnabertSError
from ...untrusted import library_reads
from ..compression import needs_unpacking
from ..files import BLOCK_BYTES, open_input
from ..text_tables import id_of
from .cram_blocks import check_cram

_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_CRAM_2_END = bytes.fromhex("0b000000ffffffff0fe0454f460000000001000001000606010001000100")
_CRAM_3_END = bytes.fromhex("0f000000ffffffff0fe0454f4600000000010005bdd94f0001000606010001000100ee63014b")
_CRAM = b"CRAM"
_TAIL_BYTES = 64
_UNPACKED = "unpacked.fa"
_PIPE_BYTES = 1 << 16
_TRUNCATED_HINT = "the file is truncated: copy or download it again"


@contextmanager
def opened_alignments(
    source: io.BufferedReader, path: str, *, reference_path: str | Path | None
) -> Iterator[pysam.AlignmentFile]:
    """An open BAM or CRAM file; `source` is read where `path` is not a file on disk.

    On leaving without an exception the end of the file has been checked, and a `DnabertSError` says if it is not there.
    """
    with ExitStack() as stack:
        is_on_disk = path != "-" and Path(path).is_file()
        pump = None if is_on_disk else stack.enter_context(_Pump(source, path))
        needs_none = reference_path is None or (is_on_disk and not _is_cram(path))
        reference = None if needs_none else stack.enter_context(_linked_reference(str(reference_path)))
        target = path if pump is None else pump.reader
        if pump is None:
            _check_end(_tail(path), path)
            with Path(path).open("rb") as stream:
                check_cram(stream, path)
        with quiet_and_local():
            alignments = _open(target, path, reference=reference)
        stack.callback(_close, alignments)
        with library_reads(path):
            is_cram = alignments.is_cram
        if is_cram:
            _refuse_download(alignments, path, reference=reference)
        yield alignments
        if pump is not None:
            pump.finish()


@contextmanager
def quiet_and_local() -> Iterator[None]:
    """htslib neither writes to stderr nor asks a server for reference sequences while this lasts.

    Unless REF_PATH names something local, htslib asks the EBI for each sequence of a CRAM by its MD5.
    """
    verbosity = pysam.set_verbosity(0)
    ref_path = os.environ.get("REF_PATH")
    if not ref_path or "://" in ref_path:
        os.environ["REF_PATH"] = os.devnull
    try:
        yield
    finally:
        pysam.set_verbosity(verbosity)
        if ref_path is None:
            del os.environ["REF_PATH"]
        else:
            os.environ["REF_PATH"] = ref_path


def _open(target: str | io.FileIO, path: str, *, reference: str | None) -> pysam.AlignmentFile:
    problem = "the header of this alignment file cannot be read"
    with library_reads(path, problem=problem, hint=_TRUNCATED_HINT), _unreported_close():
        return pysam.AlignmentFile(target, "r", check_sq=False, reference_filename=reference)


def contigs_of(alignments: pysam.AlignmentFile, path: str) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of the contigs in the header, up to their first blank, and their lengths, (contigs,) int64.

    Raises:
        DnabertSError: the header is damaged, or names two contigs the same.
    """
    with library_reads(path, problem="the header of this alignment file cannot be read", hint=_TRUNCATED_HINT):
        names = tuple(map(id_of, alignments.references))
        lengths_bp = np.array(alignments.lengths, dtype=np.int64)
    if "" in names or np.any(lengths_bp < 0):
        raise DnabertSError("its header names a contig that is none", path=path, hint=_TRUNCATED_HINT)
    if len(set(names)) < len(names):
        name = next(name for name, count in Counter(names).items() if count > 1)
        hint = "names end at the first blank, as those of sequences do: align to contigs whose first words differ"
        raise DnabertSError("its header names two contigs the same", path=path, record=name, hint=hint)
    return names, lengths_bp


@contextmanager
def _unreported_close() -> Iterator[None]:
    """Keep quiet while pysam, whose constructor has failed, complains of not closing what it never opened."""
    hooks = sys.excepthook, sys.unraisablehook
    sys.excepthook, sys.unraisablehook = (lambda *_: None), (lambda _: None)
    try:
        yield
    finally:
        sys.excepthook, sys.unraisablehook = hooks


def _close(alignments: pysam.AlignmentFile) -> None:
    with suppress(OSError):  # after an error in reading, which has been reported
        alignments.close()


def _is_cram(path: str) -> bool:
    with Path(path).open("rb") as stream:
        return stream.read(len(_CRAM)) == _CRAM


def _tail(path: str) -> bytes:
    with Path(path).open("rb") as stream:
        size = stream.seek(0, io.SEEK_END)
        stream.seek(max(0, size - _TAIL_BYTES))
        return stream.read()


def _check_end(tail: bytes, path: str) -> None:
    """BAM and CRAM end in a fixed block, without which a file cut between two blocks looks whole."""
    if not tail.endswith((_BGZF_END, _CRAM_2_END, _CRAM_3_END)):
        raise DnabertSError("the mark at the end of the file is missing", path=path, hint=_TRUNCATED_HINT)


@contextmanager
def _linked_reference(reference_path: str | Path) -> Iterator[str]:
    """The reference under a name next to which htslib may write its index."""
    reference = Path(reference_path).resolve()
    if not reference.is_file():
        raise DnabertSError("no such reference file", path=reference_path, hint="check the path")
    with tempfile.TemporaryDirectory(prefix="dnabert-s-") as folder:
        for suffix in ("", ".fai", ".gzi"):
            original = reference.with_name(reference.name + suffix)
            if original.is_file():
                (Path(folder) / original.name).symlink_to(original)
        link = str(Path(folder) / reference.name)
        if needs_unpacking(reference):
            link = str(Path(folder) / _UNPACKED)
            with open_input(reference) as packed, Path(link).open("wb") as plain:
                shutil.copyfileobj(packed, plain, BLOCK_BYTES)
        problem = "cannot be used as a reference: it is not FASTA, plain or compressed by bgzip"
        with library_reads(reference_path, problem=problem), quiet_and_local():
            pysam.FastaFile(link).close()
        yield link


def _refuse_download(alignments: pysam.AlignmentFile, path: str, *, reference: str | None) -> None:
    """htslib before 1.22 follows a remote UR of a sequence that the reference lacks, whatever REF_PATH says."""
    present: set[str] = set()
    if reference is not None:
        with quiet_and_local(), pysam.FastaFile(reference) as fasta:
            present.update(fasta.references)
    with library_reads(path, problem="the header of this alignment file cannot be read", hint=_TRUNCATED_HINT):
        located = [(one["SN"], one.get("UR", "")) for one in alignments.header.to_dict().get("SQ", [])]
    for name, location in located:
        if "://" in location and not location.startswith("file:") and name not in present:
            problem = f"reference sequence '{name}' would have to be downloaded from {location}"
            hint = "download it yourself and give it as the reference"
            raise DnabertSError(problem, path=path, hint=hint)


class _Pump:
    """A thread that copies a stream into a pipe; `reader` is the pipe's other end."""

    def __init__(self, source: io.BufferedReader, path: str) -> None:
        read_end, write_end = os.pipe()
        self.reader = io.FileIO(read_end)
        self._writer = open(write_end, "wb")  # noqa: PTH123, SIM115  # a descriptor; the thread closes it
        self._source = source
        self._path = path
        self._tail = b""
        self._error: OSError | DnabertSError | None = None
        self._thread = threading.Thread(target=self._copy, daemon=True)

    def __enter__(self) -> _Pump:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()  # the thread's next write fails, and it ends

    def finish(self) -> None:
        """Check, once htslib has seen the end, that it was the end of the stream and bears the end's mark."""
        while self.reader.read(_PIPE_BYTES):
            pass
        self._thread.join()
        if isinstance(self._error, DnabertSError):
            raise self._error
        if self._error is not None:
            raise DnabertSError(f"cannot be read: {self._error.strerror}", path=self._path) from self._error
        _check_end(self._tail, self._path)

    def _copy(self) -> None:
        try:
            with suppress(BrokenPipeError), self._writer:
                copied = _Copied(self._source, self._writer)
                self._check_copied(io.BufferedReader(copied, _PIPE_BYTES))
                self._tail = copied.tail
        except OSError as error:
            self._error = error

    def _check_copied(self, stream: io.BufferedIOBase) -> None:
        """Read all; an error in its check sums is told by `finish`, unless htslib meets it first."""
        try:
            check_cram(stream, self._path)
        except DnabertSError as error:
            self._error = error
        while stream.read1(_PIPE_BYTES):
            pass


class _Copied(io.RawIOBase):
    """A stream whose bytes are written to another as they are read."""

    def __init__(self, source: io.BufferedReader, writer: io.BufferedWriter) -> None:
        self._source = source
        self._writer = writer
        self.tail = b""

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Fill `buffer`, and pass on what came."""
        n = self._source.readinto1(buffer)
        block = bytes(memoryview(buffer)[:n])
        self.tail = (self.tail + block)[-_TAIL_BYTES:]
        self._writer.write(block)
        return n
