"""Bins of one assembly by several binners, each in the format of its tool.

A table of contig and bin (DAS Tool's contig2bin, CAMI's biobox, those of SemiBin2, VAMB, MetaBAT2 and others) or a
folder of FASTA, with the names of the assembly's contigs -> bin of each contig.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError
from ..sequences import file_label
from ..text_tables import ID_NAMES, is_biobox_head, iter_fields, plain_name
from .reading import binning_files, is_bin_output, read_binning

_LOG = logging.getLogger(__name__)
_LEFT_OVER = "0"  # what MetaBAT2's tables of numbers (--saveCls) call the contigs of no bin


@dataclass(frozen=True, slots=True)
class BinSet:
    """One binner's bins: a name for the set, where it was read, and the bin of each contig, in file order."""

    name: str
    path: str
    bin_of: Mapping[str, str]


def read_bin_set(path: str | Path, *, name: str, contigs: Collection[str]) -> BinSet:
    """One binner's bins.

    A table without a header may have contig and bin in either order (older VAMB writes the bin first): the names of
    the contigs tell. Contigs that a table calls unbinned are left out.

    Args:
        contigs: names of all contigs of the assembly, for a quick search.

    Raises:
        DnabertSError: as of `read_binning`; no contig is in a bin; or a contig is not among `contigs`, which names the
            file it is in.
    """
    is_table = not Path(path).is_dir()
    is_swapped = is_table and _has_bins_first(path, contigs)
    bin_of = read_binning(path, columns=(1, 0)) if is_swapped else read_binning(path)
    if is_table and _has_left_over(path, bin_of):
        bin_of = {contig: label for contig, label in bin_of.items() if label != _LEFT_OVER}
        _LOG.warning("%s: numbers without a header, so 0 is taken for no bin, as MetaBAT2 has it", path)
    if not bin_of:
        raise DnabertSError("no contig is in a bin", path=path, hint="leave this set out")
    missing = next((contig for contig in bin_of if contig not in contigs), None)
    if missing is not None:
        problem = f"is in bin '{bin_of[missing]}' here, but not among the contigs"
        hint = "give with --contigs the assembly that these bins were made from"
        raise DnabertSError(problem, path=_file_of(path, bin_of[missing]), record=missing, hint=hint)
    return BinSet(name, str(path), bin_of)


def _has_bins_first(path: str | Path, contigs: Collection[str]) -> bool:
    """Whether a table without a header has the contig in its second column: the first line that can tell, tells."""
    for number, (_, fields) in enumerate(iter_fields(path)):
        if is_biobox_head(fields) or (number == 0 and any(plain_name(one) in ID_NAMES for one in fields[:2])):
            return False
        known = [one.strip() in contigs for one in fields[:2]]
        if any(known) and len(known) > 1:
            return not known[0]
    return False


def _has_left_over(path: str | Path, bin_of: Mapping[str, str]) -> bool:
    """Whether a table is one of numbers without a header, 0 among them."""
    if _LEFT_OVER not in bin_of.values() or not all(label.isdecimal() for label in bin_of.values()):
        return False
    fields = next((fields for _, fields in iter_fields(path)), [])
    return not is_biobox_head(fields) and not any(plain_name(one) in ID_NAMES for one in fields[:2])


def _file_of(path: str | Path, bin_name: str) -> str | Path:
    """The file that holds a bin."""
    if not Path(path).is_dir() or is_bin_output(path):
        return binning_files(path)[0]
    return next((file for file in binning_files(path) if file_label(file) == bin_name), path)
