"""Taxonomy that another tool gave to contigs: Kraken 2, Metabuli, MMseqs2, Taxometer, or `classify` itself.

Lines of a file -> what kind of table it is, by its header or the shape of its first line -> for each contig the names
of its lineage or its taxid, and how sure the tool was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError
from ..text_tables import iter_fields

_UNSURE = 0.5  # where a tool says nothing of it
_TAXID_IN_NAME = re.compile(r"\(taxid (\d+)\)$")
_PREFIXED = re.compile(r"([a-z-])_{1,2}(.+)")
_POSITIONS = "dpcofgs"  # of names without prefixes
_GENUS = "g"
_HINT = (
    "give the output of kraken2 or metabuli for each sequence (not the report), the table of mmseqs taxonomy, "
    "predictions of Taxometer, or the table of dnabert-s classify"
)


@dataclass(frozen=True, slots=True)
class ToolLabel:
    """What a tool said of a contig.

    Attributes:
        genus: its name; "" where the tool named none, or gave a taxid alone.
        taxid: NCBI's; 0 where the tool gave names alone.
        confidence: 0 to 1.
    """

    genus: str
    taxid: int
    confidence: float


def read_tool_labels(path: str | Path) -> dict[str, ToolLabel]:
    """The label of each classified contig, in file order.

    Raises:
        DnabertSError: the file is of none of these kinds, or a line is damaged; names the line.
    """
    labels: dict[str, ToolLabel] = {}
    lines = iter_fields(path)
    first = next(lines, None)
    if first is None:
        return labels
    parse, is_header = _kind(first[1], path, line=first[0])
    for line, fields in lines if is_header else _with(first, lines):
        try:
            found = parse(fields)
        except (ValueError, IndexError) as error:
            shown = "\t".join(fields)[:60]
            raise DnabertSError(f"cannot be read as the lines before: '{shown}'", path=path, line=line) from error
        if found is not None:
            labels[found[0]] = found[1]
    return labels


Parsed = tuple[str, ToolLabel] | None


def _kind(fields: Sequence[str], path: str | Path, *, line: int) -> tuple[Callable[[Sequence[str]], Parsed], bool]:
    """How lines of this table are read, and whether the first one is its header."""
    columns = {name.strip().lower(): place for place, name in enumerate(fields)}
    if {"contigs", "predictions"} <= columns.keys():
        return lambda row: _taxometer(row, columns), True
    if {"status", "id", "label", "score"} <= columns.keys():
        return lambda row: _own(row, columns), True
    if len(fields) >= 5 and fields[0] in ("C", "U"):
        return _kraken, False
    if len(fields) >= 6 and fields[0] in ("0", "1") and fields[2].strip().isdigit():
        return _metabuli, False
    if len(fields) >= 4 and fields[1].strip().isdigit() and not fields[2].strip().isdigit():
        return _mmseqs, False
    raise DnabertSError("is no taxonomy of a tool that is known", path=path, line=line, hint=_HINT)


def _with(first: tuple[int, list[str]], rest: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _kraken(row: Sequence[str]) -> Parsed:
    """C, id, taxid or `name (taxid N)`, length, `taxid:k-mers ...`; sure as the share of k-mers that are classified."""
    if row[0] != "C":
        return None
    named = _TAXID_IN_NAME.search(row[2])
    taxid = int(named[1] if named else row[2])
    counts = [part.rpartition(":") for part in row[4].split() if ":" in part and part != "|:|"]
    total = sum(int(count) for taxon, _, count in counts if taxon != "A")
    unknown = sum(int(count) for taxon, _, count in counts if taxon == "0")
    return row[1], ToolLabel("", taxid, 1 - unknown / total if total else _UNSURE)


def _metabuli(row: Sequence[str]) -> Parsed:
    """1, id, taxid, length, score, rank, ..."""
    if row[0] != "1":
        return None
    return row[1], ToolLabel("", int(row[2]), _held(float(row[4])))


def _mmseqs(row: Sequence[str]) -> Parsed:
    """id, taxid, rank, name; of contigs: genes kept, labelled, in agreement, their support; maybe a lineage."""
    if int(row[1]) == 0:
        return None
    has_support = len(row) >= 8 and row[4].strip().isdigit()
    confidence = _held(float(row[7])) if has_support else _UNSURE
    lineage = row[-1] if len(row) in (5, 9) else ""
    genus = row[3].strip() if row[2].strip() == "genus" else _genus(lineage)
    return row[0], ToolLabel(genus, int(row[1]), confidence)


def _taxometer(row: Sequence[str], columns: Mapping[str, int]) -> Parsed:
    names, scores = row[columns["predictions"]], row[columns["scores"]] if "scores" in columns else ""
    values = [float(one) for one in scores.split(";") if one]
    place = _genus_place(names)
    confidence = values[place] if place is not None and place < len(values) else min(values, default=_UNSURE)
    return row[columns["contigs"]], ToolLabel(_genus(names), 0, _held(confidence))


def _own(row: Sequence[str], columns: Mapping[str, int]) -> Parsed:
    if row[columns["status"]] != "C":
        return None
    return row[columns["id"]], ToolLabel(_genus(row[columns["label"]]), 0, _held(float(row[columns["score"]])))


def _genus(lineage: str) -> str:
    """The genus among names with prefixes (`g__`, `g_`), or the sixth of those without."""
    place = _genus_place(lineage)
    if place is None:
        return ""
    name = lineage.split(";")[place].strip()
    prefixed = _PREFIXED.fullmatch(name)
    return prefixed[2] if prefixed and prefixed[1] == _GENUS else name


def _genus_place(lineage: str) -> int | None:
    names = [name.strip() for name in lineage.split(";")]
    prefixed = [_PREFIXED.fullmatch(name) for name in names]
    if any(prefixed):
        return next((place for place, one in enumerate(prefixed) if one and one[1] == _GENUS), None)
    place = _POSITIONS.index(_GENUS)
    return place if len(names) > place and names[place] else None


def _held(confidence: float) -> float:
    return min(max(confidence, 0.0), 1.0)
