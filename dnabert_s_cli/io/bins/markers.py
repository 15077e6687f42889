"""Marker genes on disk: the profiles that come with the package, a user's own, and tables of hits on contigs.

In: a HMMER3 file of any compression -> its bytes, which `analysis` parses; the built-in one with a table of notes.
Hits: one line a hit, TSV with header, whose numbers come back as they were.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from ...errors import DnabertSError
from ..files import atomic_path, open_input

BUILTIN_PROFILES = Path(__file__).parent / "profiles" / "markers.hmm.xz"
_NOTES = Path(__file__).parent / "profiles" / "markers.tsv"


@dataclass(frozen=True, slots=True)
class ProfileNote:
    """A line of the table that comes with the built-in profiles; its README.md says what the columns mean."""

    name: str
    accession: str
    domain: str
    group: str
    min_score: float


@dataclass(frozen=True, slots=True)
class HitRow:
    """One marker on one contig.

    Attributes:
        score: bits.
        gene_start, gene_end: first and last base of the gene, from 1.
        strand: 1 or -1; "+" or "-" in the file.
        model_start, model_end: first and last position of the profile that the gene covers, from 1.
    """

    contig: str
    marker: str
    score: float
    gene_start: int
    gene_end: int
    strand: int
    model_start: int
    model_end: int


_HEADER = tuple(one.name for one in fields(HitRow))
_STRANDS = {"+": 1, "-": -1}
_SIGNS = {1: "+", -1: "-"}


def read_profiles(path: str | Path) -> bytes:
    """The decompressed content of a file of profiles, unparsed; errors as of `open_input`."""
    with open_input(path) as stream:
        return stream.read()


def read_notes() -> list[ProfileNote]:
    """What is known of each built-in profile."""
    lines = _NOTES.read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return [ProfileNote(name, accession, domain, group, float(score)) for name, accession, domain, group, score in rows]


def write_marker_hits(path: str | Path, rows: Iterable[HitRow]) -> None:
    """Write a table of hits, whole or not at all."""
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("\t".join(_HEADER) + "\n")
        for row in rows:
            numbers = (row.gene_start, row.gene_end, _SIGNS[row.strand], row.model_start, row.model_end)
            stream.write("\t".join(map(str, (row.contig, row.marker, repr(row.score), *numbers))) + "\n")


def read_marker_hits(path: str | Path) -> Iterator[HitRow]:
    """The rows of a table that `write_marker_hits` wrote, in their order.

    Raises:
        DnabertSError: another header, or a line whose columns do not fit it; names the line.
    """
    with open_input(path) as stream:
        for line, raw in enumerate(stream, start=1):
            try:
                values = raw.decode("utf-8").rstrip("\r\n").split("\t")
            except UnicodeDecodeError as error:
                raise DnabertSError("is not text in UTF-8", path=path, line=line) from error
            if line > 1:
                yield _parse_hit(values, path, line=line)
            elif tuple(values) != _HEADER:
                hint = f"its first line should be: {' TAB '.join(_HEADER)}"
                raise DnabertSError("is not a table of marker hits", path=path, line=line, hint=hint)


def _parse_hit(values: list[str], path: str | Path, *, line: int) -> HitRow:
    if len(values) != len(_HEADER):
        raise DnabertSError(f"{len(values)} columns, not {len(_HEADER)}", path=path, line=line)
    contig, marker, score, gene_start, gene_end, strand, model_start, model_end = values
    try:
        row = HitRow(
            contig=contig,
            marker=marker,
            score=float(score),
            gene_start=int(gene_start),
            gene_end=int(gene_end),
            strand=_STRANDS[strand],
            model_start=int(model_start),
            model_end=int(model_end),
        )
    except (ValueError, KeyError) as error:
        raise DnabertSError(
            f"a number or strand cannot be read ({error})", path=path, line=line, record=contig
        ) from error
    if not math.isfinite(row.score) or row.gene_start > row.gene_end or not 0 < row.model_start <= row.model_end:
        raise DnabertSError("its numbers are inconsistent", path=path, line=line, record=contig)
    return row
