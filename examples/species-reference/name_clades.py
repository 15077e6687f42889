"""What each clade of markers.fasta is: a lineage for every clade, or that it is a virus or a eukaryote.

Names of records -> clades, by their order (`../kmer-s/find_clades.py`) -> organisms of the accessions -> the lineage
that most records of a clade share. The file stands in the order of the taxonomic tree, so a clade whose records nobody
names is of what the nearest named clades before and after it have in common. Viruses and eukaryotes stand for what gets
no name.

    python name_clades.py markers.fasta organisms.tsv.gz clades.tsv [--min-bp 15000]
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lineages import lineage_of, majority, shared

from dnabert_s_cli.io.files import open_input
from dnabert_s_cli.io.labels.taxonomy import Lineage
from dnabert_s_cli.io.sequences import read_sequences

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kmer-s"))
from find_clades import find_clades  # it stands in the folder beside this one

LEAST_NAMED = 3, 0.05  # records of a clade that must have a name, at least, and their share
NAMED, NEIGHBOURS, BACKGROUND = "named", "neighbours", "background"
COLUMNS = ("first_record", "n_records", "total_bp", "kind", "n_named", "lineage", "organism")
_PROJECT = re.compile(r"(?:NZ_)?([A-Z]{4})\d{8,}")
_NO_PROKARYOTE = ("GeneID", "XM_", "NM_")
_PROKARYOTES = ("Bacteria", "Archaea")


@dataclass(frozen=True, slots=True)
class Clade:
    """Consecutive records, and what they are; `lineage` is empty where that is not known."""

    first_record: int
    n_records: int
    total_bp: int
    kind: str
    n_named: int
    lineage: Lineage
    organism: str


def main() -> None:
    """Read names and lengths, name the clades, write them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("markers", type=Path)
    parser.add_argument("organisms", type=Path, help="TSV of accession (or project), organism, taxid")
    parser.add_argument("clades", type=Path)
    parser.add_argument("--min-bp", type=int, default=15_000, help="smallest clade")
    arguments = parser.parse_args()
    records = [(record.id, len(record.sequence)) for record in read_sequences([arguments.markers])]
    clades = name_clades(records, read_organisms(arguments.organisms), min_bp=arguments.min_bp)
    with arguments.clades.open("w", encoding="utf-8", newline="\n") as file:
        file.write("\t".join(COLUMNS) + "\n")
        for one in clades:
            lineage = ";".join(f"{taxon.rank}:{taxon.taxid}:{taxon.name}" for taxon in one.lineage)
            cells = (one.first_record, one.n_records, one.total_bp, one.kind, one.n_named, lineage, one.organism)
            file.write("\t".join(map(str, cells)) + "\n")
    kinds = Counter(one.kind for one in clades)
    print(", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items())), f"of {len(clades):,} clades")


def read_organisms(path: Path) -> dict[str, tuple[str, int]]:
    """Organism and NCBI taxid by accession, or by the four letters of a whole-genome project."""
    with open_input(path) as file:
        rows = [line.decode().rstrip("\n").split("\t") for line in file][1:]
    return {row[0]: (row[1], int(row[2])) for row in rows}


def name_clades(
    records: Sequence[tuple[str, int]], organisms: Mapping[str, tuple[str, int]], *, min_bp: int
) -> list[Clade]:
    """The clades of `min_bp` and more, in file order, with all that is known of them."""
    clades = []
    for first, end in find_clades([name for name, _ in records]):
        total_bp = sum(length_bp for _, length_bp in records[first:end])
        if total_bp >= min_bp:
            clades.append(_own_name([name for name, _ in records[first:end]], organisms, first=first, bp=total_bp))
    return _named_by_neighbours(clades)


def accession_of(name: str) -> str:
    """`NZ_AEKG01000191` of `gi|319949662|ref|NZ_AEKG01000191.1|:c16370-15627`."""
    fields = name.split("|")
    text = fields[3] if fields[0] == "gi" and len(fields) > 3 else name
    return text.split(".")[0]


def _own_name(names: Sequence[str], organisms: Mapping[str, tuple[str, int]], *, first: int, bp: int) -> Clade:
    """A clade by the organisms of its records; `kind` is empty where they are not known."""
    accessions = [accession_of(name) for name in names]
    found = [organisms.get(one) or organisms.get(_project(one)) for one in accessions]
    known = [(organism, lineage_of(taxid)) for organism, taxid in filter(None, found) if lineage_of(taxid)]
    clade = Clade(first, len(names), bp, "", len(known), (), "")
    if len(known) >= max(LEAST_NAMED[0], LEAST_NAMED[1] * len(names)):
        lineage = majority([one for _, one in known])
        organism = min(Counter(name for name, _ in known).items(), key=lambda pair: (-pair[1], pair[0]))[0]
        is_prokaryote = bool(lineage) and lineage[0].name in _PROKARYOTES
        return replace(clade, kind=NAMED if is_prokaryote else BACKGROUND, lineage=lineage, organism=organism)
    n_others = sum(one.startswith(_NO_PROKARYOTE) for one in accessions)
    return replace(clade, kind=BACKGROUND) if 2 * n_others > len(names) else clade


def _project(accession: str) -> str:
    match = _PROJECT.fullmatch(accession)
    return match[1] if match else ""


def _named_by_neighbours(clades: Sequence[Clade]) -> list[Clade]:
    """The same, each unnamed one with what its nearest known neighbours share."""
    before: list[Clade | None] = []
    latest = None
    for one in clades:
        latest = one if one.kind else latest
        before.append(latest)
    after: list[Clade | None] = []
    latest = None
    for one in reversed(clades):
        latest = one if one.kind else latest
        after.append(latest)
    named = []
    for one, left, right in zip(clades, before, reversed(after), strict=True):
        if one.kind:
            named.append(one)
        elif left is None or right is None or BACKGROUND in (left.kind, right.kind):
            named.append(replace(one, kind=BACKGROUND))
        else:
            lineage = tuple(taxon for taxon in shared(left.lineage, right.lineage) if taxon.rank != "S")
            named.append(replace(one, kind=NEIGHBOURS, lineage=lineage))
    return named


if __name__ == "__main__":
    main()
