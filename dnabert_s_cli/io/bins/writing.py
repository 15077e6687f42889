"""Bins on disk: one FASTA file for each, and the tables that say what is where.

Records are streamed a second time past the assignment of contigs to bins; their text is buffered by bin and appended
to the files in turns, so that neither memory nor the number of open files grows with the number of bins.
"""

from __future__ import annotations

import gzip as gzip_module
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from ...errors import DnabertSError
from ..files import atomic_path
from ..sequences import fasta_record
from .stats import BinName, BinStats

BUFFER_BYTES = 64 << 20  # of all bins together, before they are written
_GZIP_LEVEL = 6
_TABLE_COLUMNS = ("bin", "n_contigs", "total_bp", "n50", "longest", "gc")
_CIRCULAR_COLUMN = "circular"
_QUALITY_COLUMNS = ("completeness", "contamination")
_NAME_COLUMNS = ("taxon", "rank", "probability", "nearest", "similarity")
_SPECIES_COLUMNS = (
    *("species", "n_bins", "n_samples", "representative", "total_bp", "completeness", "contamination"),
    *("similarity", "bins"),
)
_SAMPLE_COLUMNS = ("sample", "species")
_SOURCE_COLUMNS = ("agreement", "source")
MISSING = "NA"  # pandas and R read it as a missing number


def write_bins(  # noqa: PLR0917  three by position: they are joined here, like the operands of a sum
    folder: str | Path,
    records: Iterable[tuple[str, str]],
    bin_of: Mapping[str, str],
    *,
    gzip: bool = False,
    unbinned: str | None = None,
    shown: Callable[[str], str] = str,
) -> None:
    """Write `bins/NAME.fa` into an existing `folder`, contigs in the order of `records`.

    Args:
        records: id and sequence of every contig of the input.
        bin_of: name of the bin of each contig that has one.
        gzip: compress; the names then end in .fa.gz.
        unbinned: also write the other contigs, to a file of this name (less .fa) in `folder`.
        shown: a contig's id -> its name in the bins.

    Raises:
        DnabertSError: a contig of `bin_of` is not among the records.
    """
    suffix = ".fa.gz" if gzip else ".fa"
    left = set(bin_of)
    with ExitStack() as outputs:
        bins_folder = outputs.enter_context(atomic_path(Path(folder) / "bins"))
        bins_folder.mkdir()
        spool = _Spool(gzip=gzip)
        if unbinned is not None:
            unbinned_path = outputs.enter_context(atomic_path(Path(folder) / f"{unbinned}{suffix}"))
            spool.append(unbinned_path, b"")
        for name, sequence in records:
            bin_name = bin_of.get(name)
            if bin_name is not None:
                left.discard(name)
                spool.append(bins_folder / f"{bin_name}{suffix}", fasta_record(shown(name), sequence))
            elif unbinned is not None:
                spool.append(unbinned_path, fasta_record(name, sequence))
        if left:
            missing = next(name for name in bin_of if name in left)
            hint = "the input must not change during a run"
            raise DnabertSError("the contig is in a bin but no longer in the input", record=missing, hint=hint)
        spool.flush()


def write_contig2bin(path: str | Path, pairs: Iterable[tuple[str, str]]) -> None:
    """Contig TAB bin name, without header, as DAS_Tool, Binette and metaWRAP read it."""
    _write_text(path, (f"{name}\t{bin_name}\n" for name, bin_name in pairs))


def write_biobox(
    path: str | Path, rows: Iterable[Sequence[object]], *, sample_id: str, more: Sequence[str] = ()
) -> None:
    """CAMI's binning format 0.9, as AMBER reads it.

    Args:
        rows: contig, bin, and the cells of the columns `more`.
    """
    columns = "\t".join(("SEQUENCEID", "BINID", *more))
    header = f"@Version:0.9.0\n@SampleID:{sample_id}\n@@{columns}\n"
    _write_text(path, (header, *("\t".join(map(str, row)) + "\n" for row in rows)))


def write_bin_table(
    path: str | Path,
    stats: Sequence[BinStats],
    *,
    samples: Sequence[str] = (),
    has_quality: bool = False,
    has_names: bool = False,
    by_sample: bool = False,
) -> None:
    """TSV with header: bin, n_contigs, total_bp, n50, longest, gc, then what else is known; lengths in bases.

    Bins that were made from those of several binners have the columns agreement and source.

    Args:
        samples: names of the columns of depth.
        has_quality: whether completeness and contamination are columns.
        has_names: whether what each bin is, by references of known taxa, are columns.
        by_sample: whether sample and species are columns.
    """
    columns = [*_TABLE_COLUMNS, *samples, *(_QUALITY_COLUMNS if has_quality else ())]
    columns += [*(_NAME_COLUMNS if has_names else ()), _CIRCULAR_COLUMN, *(_SAMPLE_COLUMNS if by_sample else ())]
    columns += ["chimerism"] if any(row.chimerism is not None for row in stats) else []
    columns += _SOURCE_COLUMNS if any(row.source is not None for row in stats) else ()
    lines = ["\t".join(columns) + "\n"]
    for row in stats:
        cells = [row.name, row.n_contigs, row.total_bp, row.n50_bp, row.longest_bp]
        cells += [f"{value:.4f}" if isfinite(value) else MISSING for value in (row.gc or 0.0, *(row.depth or ()))]
        cells += [f"{value:.2f}" for value in (row.completeness, row.contamination) if value is not None]
        cells += _name_cells(row.taxon) if row.taxon is not None else ()
        cells.append("yes" if row.circular else "no")
        cells += [row.sample, row.species] if by_sample else []
        cells += [f"{row.chimerism:.4f}"] if row.chimerism is not None else []
        cells += [f"{row.agreement or 0.0:.4f}", row.source] if row.source is not None else []
        lines.append("\t".join(map(str, cells)) + "\n")
    _write_text(path, lines)


@dataclass(frozen=True, slots=True)
class SpeciesRow:
    """Bins of one species over samples.

    Attributes:
        representative: the best of the bins.
        similarity: the least cosine of a bin's mean vector with that of the representative, corrected.
    """

    name: str
    bins: Sequence[BinStats]
    representative: BinStats
    similarity: float


def _name_cells(name: BinName) -> tuple[str, ...]:
    named = (name.taxon or "unclassified", name.rank or "-")
    return (*named, f"{name.probability:.4f}", name.nearest, f"{name.similarity:.4f}")


def write_species(path: str | Path, rows: Iterable[SpeciesRow]) -> None:
    """TSV with header: species, n_bins, n_samples, representative and what is known of it, similarity, bins."""
    lines = ["\t".join(_SPECIES_COLUMNS) + "\n"]
    for row in rows:
        best = row.representative
        quality = [MISSING if value is None else f"{value:.2f}" for value in (best.completeness, best.contamination)]
        n_samples = len({one.sample for one in row.bins})
        names = ",".join(one.name for one in row.bins)
        cells = [row.name, len(row.bins), n_samples, best.name, best.total_bp, *quality, f"{row.similarity:.4f}", names]
        lines.append("\t".join(map(str, cells)) + "\n")
    _write_text(path, lines)


def write_elements(
    path: str | Path, rows: Iterable[tuple[str, int, float, Sequence[float]]], *, samples: Sequence[str] = ()
) -> None:
    """TSV with header: small circular contigs, their length in bases, GC, and depth in each sample."""
    lines = ["\t".join(("contig", "length", "gc", *samples)) + "\n"]
    for name, length_bp, gc, depth in rows:
        numbers = [f"{value:.4f}" if isfinite(value) else MISSING for value in (gc, *depth)]
        lines.append("\t".join((name, str(length_bp), *numbers)) + "\n")
    _write_text(path, lines)


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
