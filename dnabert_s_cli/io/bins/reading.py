"""Binnings of any tool, and the gold standard they are measured against.

A table (contig2bin, CAMI biobox, clusters) or a folder of bin FASTA -> bin of each contig. A gold standard, with
lengths of its own or those of a FASTA -> genome and length of each contig.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError
from ...untrusted import whole_number
from ..files import open_input
from ..labels.reading import read_labels
from ..sequences import file_label, is_sequence_file, read_sequences
from ..text_tables import ID_NAMES, id_of, is_biobox_head, iter_fields, iter_lines, plain_name
from .stats import BinName

_LOG = logging.getLogger(__name__)

_NO_BIN = frozenset(("-1",))  # what cluster calls no bin
# what MetaBAT2, MaxBin2, SemiBin2 and others call contigs that they left over, after a prefix or alone
_LEFT_OVER = re.compile(r"(?:.*[._-])?(?:unbinned|lowdepth|tooshort|noclass|unclustered)", re.IGNORECASE | re.DOTALL)
_SHOWN_FILES = 5
_LENGTH_NAMES = frozenset(("length", "len", "contiglen", "contiglength", "lengthbp"))
_OWN_TABLE = "contig2bin.tsv"


@dataclass(frozen=True, slots=True)
class GoldStandard:
    """Genome and length of each contig of the sample, in file order; three columns of one length."""

    contigs: tuple[str, ...]
    genomes: tuple[str, ...]
    lengths_bp: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BinRow:
    """What bins.tsv says of a bin of a sample: `taxon` is None where the run did not say what bins are."""

    name: str
    sample: str
    taxon: BinName | None


def read_bin_table(path: str | Path) -> list[BinRow]:
    """The rows of a bins.tsv that `bin` wrote for several samples, in order.

    Raises:
        DnabertSError: a column is missing, or a line has too few, or a probability is no number.
    """
    rows = []
    lines = iter_lines(path)
    header = next(lines, (1, ""))[1].split("\t")
    for line, text in lines:
        cells = dict(zip(header, text.split("\t"), strict=False))
        try:
            taxon = None
            if "taxon" in header:
                lineage = cells["taxon"] if cells["taxon"] != "unclassified" else ""
                rank = cells["rank"] if cells["rank"] != "-" else ""
                numbers = float(cells["probability"]), float(cells["similarity"])
                taxon = BinName(lineage, rank, numbers[0], cells["nearest"], numbers[1])
            rows.append(BinRow(cells["bin"], cells["sample"], taxon))
        except (KeyError, ValueError) as error:
            hint = "give a bins.tsv that `bin` wrote for several samples"
            raise DnabertSError(f"is no row of bins: {error}", path=path, line=line, hint=hint) from error
    return rows


def read_binning(path: str | Path, *, columns: tuple[int, int] = (0, 1)) -> dict[str, str]:
    """Bin of each contig, in file order; contigs that are said to be in no bin are left out.

    A folder is what `bin` wrote, or holds one FASTA file for each bin. Left out, with a line in the log, are files of
    contigs that a binner left over (unbinned, lowDepth, tooShort, noclass), and files without a record.

    Args:
        columns: of contig and bin, in a table without a header.

    Raises:
        DnabertSError: a contig comes twice, a line is not a contig and its bin, or the folder holds no bins.
    """
    if not Path(path).is_dir():
        bin_of = read_labels(path, columns=columns)
        kept = {contig: name for contig, name in bin_of.items() if not _is_no_bin(name)}
        if len(kept) < len(bin_of):
            names = {name for name in bin_of.values() if _is_no_bin(name)} - _NO_BIN
            _log_left_out(path, sorted(names), what="names of no bin")
        return kept
    return read_binning(Path(path) / _OWN_TABLE) if is_bin_output(path) else _read_bin_folder(Path(path))


def binning_files(path: str | Path) -> list[Path]:
    """The files that `read_binning` reads."""
    if not Path(path).is_dir():
        return [Path(path)]
    return [Path(path) / _OWN_TABLE] if is_bin_output(path) else _bin_files(Path(path))


def is_bin_output(path: str | Path) -> bool:
    """Whether a path is a folder that `bin` wrote."""
    return (Path(path) / _OWN_TABLE).is_file()


def read_gold(path: str | Path, contigs_paths: Sequence[str | Path] = ()) -> GoldStandard:
    """The truth: contig, genome and length, from a biobox or a TSV with a header; "-" is not read.

    Args:
        contigs_paths: FASTA files whose lengths are taken where the table has no column LENGTH or _LENGTH.

    Raises:
        DnabertSError: as in `read_labels`; no lengths anywhere; a contig without a length, or no contig at all.
    """
    if str(path) == "-":
        raise DnabertSError("the gold standard is read twice, so not from standard input", path=path)
    genome_of = read_labels(path)
    if not genome_of:
        raise DnabertSError("holds no contig", path=path, hint="a line is contig TAB genome")
    length_of = _read_lengths(path)
    if not length_of and not contigs_paths:
        hint = "give the contigs themselves: --contigs contigs.fa"
        raise DnabertSError("has no column LENGTH or _LENGTH", path=path, hint=hint)
    if not length_of:
        length_of = {record.id: len(record.sequence) for record in read_sequences(contigs_paths)}
        _check_covered(genome_of, length_of, contigs_path=contigs_paths[0])
    return GoldStandard(tuple(genome_of), tuple(genome_of.values()), tuple(length_of[name] for name in genome_of))


def _read_bin_folder(folder: Path) -> dict[str, str]:
    """One bin a file, in the order of their names."""
    bin_of: dict[str, str] = {}
    file_of: dict[str, Path] = {}
    paths = _bin_files(folder)
    left_over = [path for path in paths if _is_no_bin(file_label(path))]
    empty = [path for path in paths if path not in left_over and _is_blank(path)]
    _log_left_out(folder, [path.name for path in left_over], what="files of contigs in no bin")
    _log_left_out(folder, [path.name for path in empty], what="files without a record")
    for path in paths:
        if path in left_over or path in empty:
            continue
        name = file_label(path)
        for record in read_sequences([path]):
            if record.id in bin_of:
                problem = f"is in two bins, here and in {file_of[record.id].name}"
                raise DnabertSError(problem, path=path, record=record.id, hint="a contig belongs to one bin")
            bin_of[record.id], file_of[record.id] = name, path
    if not bin_of:
        hint = f"a folder of bins holds {_OWN_TABLE}, or one FASTA file for each bin"
        raise DnabertSError("holds no bins", path=folder, hint=hint)
    return bin_of


def _is_no_bin(name: str) -> bool:
    return name in _NO_BIN or _LEFT_OVER.fullmatch(name) is not None


def _is_blank(path: Path) -> bool:
    """Whether a file, compressed or not, holds nothing but blanks."""
    with open_input(path) as stream:
        while block := stream.read(1 << 16):
            if block.strip():
                return False
    return True


def _log_left_out(path: str | Path, names: Sequence[str], *, what: str) -> None:
    if names:
        more = f" and {len(names) - _SHOWN_FILES} more" if len(names) > _SHOWN_FILES else ""
        _LOG.warning("%s: left out %s: %s%s", path, what, ", ".join(names[:_SHOWN_FILES]), more)


def _bin_files(folder: Path) -> list[Path]:
    """The sequence files in a folder of bins, by name."""
    return [path for path in sorted(folder.iterdir()) if path.is_file() and is_sequence_file(path)]


def _read_lengths(path: str | Path) -> dict[str, int]:
    """Length of each contig from the column LENGTH or _LENGTH; empty without such a column."""
    length_of: dict[str, int] = {}
    columns: tuple[int, int] | None = None
    for line, fields in iter_fields(path):
        is_head = is_biobox_head(fields)
        if fields[0].startswith("@@") or (columns is None and not is_head):
            columns = _length_columns(fields)
            if columns is None:
                return {}
        elif columns is not None and not is_head:
            name, text = (fields[column].strip() if len(fields) > column else "" for column in columns)
            name, length_bp = id_of(name), whole_number(text)
            if not length_bp:
                raise DnabertSError(
                    f"the length '{text[:20]}' is not a number of bases", path=path, line=line, record=name
                )
            length_of[name] = length_bp
    return length_of


def _length_columns(header: list[str]) -> tuple[int, int] | None:
    """Columns of id and length, None if there is no such header."""
    names = [plain_name(field.removeprefix("@@")) for field in header]
    ids = [column for column, name in enumerate(names) if name in ID_NAMES]
    lengths = [column for column, name in enumerate(names) if name in _LENGTH_NAMES]
    return (ids[0], lengths[0]) if ids and lengths else None


def _check_covered(genome_of: dict[str, str], length_of: dict[str, int], *, contigs_path: str | Path) -> None:
    missing = [name for name in genome_of if name not in length_of]
    if missing:
        problem = f"lacks {len(missing):,} of {len(genome_of):,} contigs of the gold standard, this one first"
        hint = "give the assembly that the gold standard was made for"
        raise DnabertSError(problem, path=contigs_path, record=missing[0], hint=hint)
