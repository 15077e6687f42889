"""Bins on disk: one FASTA file for each, and the tables that say what is where.

Records are streamed a second time past the assignment of contigs to bins; their text is buffered by bin and appended
to the files in turns, so that neither memory nor the number of open files grows with the number of bins.
"""

from __future__ import annotations

import gzip as gzip_module
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import DnabertSError
from ..files import atomic_path
from ..sequences import fasta_record

BUFFER_BYTES = 64 << 20  # of all bins together, before they are written
_GZIP_LEVEL = 6
_TABLE_COLUMNS = ("bin", "n_contigs", "total_bp", "n50", "longest", "gc")
_QUALITY_COLUMNS = ("completeness", "contamination")
_NAME_COLUMNS = ("taxon", "rank", "probability", "nearest", "similarity")


@dataclass(frozen=True, slots=True)
class BinStats:
    """One bin: its number, and what its contigs add up to.

    Attributes:
        n50_bp: half of the bin's bases lie in contigs at least this long.
        gc: share of G and C among A, C, G and T, 0 to 1; NaN where there is none of them.
    """

    bin: int
    n_contigs: int
    total_bp: int
    n50_bp: int
    longest_bp: int
    gc: float


@dataclass(frozen=True, slots=True)
class BinName:
    """What a bin is, by references of known taxa.

    Attributes:
        taxon: its lineage, `d__...;p__...`, down to the last certain rank; "" where nothing is certain.
        rank: that rank, such as genus; "" for none.
        probability: that the lineage is right; of the widest rank where nothing is certain.
        nearest: the named reference whose vector is nearest, however unsure.
        similarity: the cosine to it.
    """

    taxon: str
    rank: str
    probability: float
    nearest: str
    similarity: float


def bin_name(number: int) -> str:
    """What bin `number` is called in every file."""
    return f"bin.{number}"


def write_bins(  # noqa: PLR0917  three by position: they are joined here, like the operands of a sum
    folder: str | Path,
    records: Iterable[tuple[str, str]],
    bin_of: Mapping[str, int],
    *,
    gzip: bool = False,
    unbinned: bool = False,
) -> list[BinStats]:
    """Write `bins/bin.N.fa` into an existing `folder`, contigs in the order of `records`.

    Args:
        records: id and sequence of every contig of the input.
        bin_of: bin number of each contig that has one.
        gzip: compress; the names then end in .fa.gz.
        unbinned: also write the other contigs, to `unbinned.fa` in `folder`.

    Returns:
        One entry for each bin, by number.

    Raises:
        DnabertSError: a contig of `bin_of` is not among the records.
    """
    suffix = ".fa.gz" if gzip else ".fa"
    tallies: defaultdict[int, _Tally] = defaultdict(_Tally)
    left = set(bin_of)
    with ExitStack() as outputs:
        bins_folder = outputs.enter_context(atomic_path(Path(folder) / "bins"))
        bins_folder.mkdir()
        spool = _Spool(gzip=gzip)
        if unbinned:
            unbinned_path = outputs.enter_context(atomic_path(Path(folder) / f"unbinned{suffix}"))
            spool.append(unbinned_path, b"")
        for name, sequence in records:
            number = bin_of.get(name)
            if number is not None:
                left.discard(name)
                tallies[number].add(sequence)
                spool.append(bins_folder / f"{bin_name(number)}{suffix}", fasta_record(name, sequence))
            elif unbinned:
                spool.append(unbinned_path, fasta_record(name, sequence))
        if left:
            missing = next(name for name in bin_of if name in left)
            hint = "the input must not change during a run"
            raise DnabertSError("the contig is in a bin but no longer in the input", record=missing, hint=hint)
        spool.flush()
    return [tallies[number].stats(number) for number in sorted(tallies)]


def write_contig2bin(path: str | Path, pairs: Iterable[tuple[str, int]]) -> None:
    """Contig TAB bin name, without header, as DAS_Tool, Binette and metaWRAP read it."""
    _write_text(path, (f"{name}\t{bin_name(number)}\n" for name, number in pairs))


def write_biobox(path: str | Path, pairs: Iterable[tuple[str, int]], *, sample_id: str) -> None:
    """CAMI's binning format 0.9, as AMBER reads it."""
    header = f"@Version:0.9.0\n@SampleID:{sample_id}\n@@SEQUENCEID\tBINID\n"
    _write_text(path, (header, *(f"{name}\t{bin_name(number)}\n" for name, number in pairs)))


def write_bin_table(
    path: str | Path,
    stats: Iterable[BinStats],
    *,
    samples: Sequence[str] = (),
    depth: Mapping[int, Sequence[float]] | None = None,
    quality: Mapping[int, tuple[float, float]] | None = None,
    names: Mapping[int, BinName] | None = None,
) -> None:
    """TSV with header: bin, n_contigs, total_bp, n50, longest, gc, then what else is known; lengths in bases.

    Args:
        samples: names of the columns of `depth`.
        depth: mean depth of each bin in each sample.
        quality: completeness and contamination of each bin, percent; None leaves out the columns.
        names: what each bin is; None leaves out the columns.
    """
    columns = [*_TABLE_COLUMNS, *samples, *(_QUALITY_COLUMNS if quality is not None else ())]
    columns += _NAME_COLUMNS if names is not None else ()
    lines = ["\t".join(columns) + "\n"]
    for row in stats:
        cells = [bin_name(row.bin), row.n_contigs, row.total_bp, row.n50_bp, row.longest_bp, f"{row.gc:.4f}"]
        cells += [f"{value:.4f}" for value in (depth[row.bin] if depth is not None else ())]
        cells += [f"{value:.2f}" for value in (quality[row.bin] if quality is not None else ())]
        cells += _name_cells(names[row.bin]) if names is not None else ()
        lines.append("\t".join(map(str, cells)) + "\n")
    _write_text(path, lines)


def n50_bp(lengths_bp: Iterable[int]) -> int:
    """The greatest length such that contigs of at least it hold half of all bases; 0 for none."""
    longest_first = sorted(lengths_bp, reverse=True)
    total_bp, so_far_bp = sum(longest_first), 0
    for length_bp in longest_first:
        so_far_bp += length_bp
        if 2 * so_far_bp >= total_bp:
            return length_bp
    return 0


def _name_cells(name: BinName) -> tuple[str, ...]:
    named = (name.taxon or "unclassified", name.rank or "-")
    return (*named, f"{name.probability:.4f}", name.nearest, f"{name.similarity:.4f}")


@dataclass(slots=True)  # not frozen: it counts
class _Tally:
    """What is counted of one bin while its contigs pass."""

    lengths_bp: list[int] = field(default_factory=list)
    gc_bp: int = 0
    acgt_bp: int = 0

    def add(self, sequence: str) -> None:
        gc_bp = sequence.count("G") + sequence.count("C")
        self.lengths_bp.append(len(sequence))
        self.gc_bp += gc_bp
        self.acgt_bp += gc_bp + sequence.count("A") + sequence.count("T")

    def stats(self, number: int) -> BinStats:
        return BinStats(
            bin=number,
            n_contigs=len(self.lengths_bp),
            total_bp=sum(self.lengths_bp),
            n50_bp=n50_bp(self.lengths_bp),
            longest_bp=max(self.lengths_bp),
            gc=self.gc_bp / self.acgt_bp if self.acgt_bp else math.nan,
        )


class _Spool:
    """Text for many files, collected in memory and appended to each of them when there is much of it."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._waiting: defaultdict[Path, list[bytes]] = defaultdict(list)
        self._waiting_bytes = 0

    def append(self, path: Path, text: bytes) -> None:
        self._waiting[path].append(text)
        self._waiting_bytes += len(text)
        if self._waiting_bytes >= BUFFER_BYTES:
            self.flush()

    def flush(self) -> None:
        for path, texts in self._waiting.items():
            text = b"".join(texts)
            with path.open("ab") as stream:  # a .gz may consist of several members
                stream.write(gzip_module.compress(text, _GZIP_LEVEL, mtime=0) if self._gzip else text)
        self._waiting.clear()
        self._waiting_bytes = 0


def _write_text(path: str | Path, texts: Iterable[str]) -> None:
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(texts)
