"""Labels as lineages: what a line of a labels file means, and the names and numbers of its taxa.

Label text, or an NCBI taxid with a taxonomy -> `Lineage`, widest taxon first. A name that has no number of
NCBI's gets one from its place in the tree, so that it is the same in every report.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError
from ...untrusted import whole_number
from ..files import open_input
from .reading import read_labels

RANKS = "DKPCOFGS"  # domain to species, as kreports write them
SPECIES = "S"
_POSITIONS = "DPCOFGS"  # of names without prefixes, as Taxometer writes them
_PART = re.compile(r"([a-z]{1,12}\d?)__(.*)", re.IGNORECASE | re.DOTALL)
_MMSEQS_PART = re.compile(r"(-|[a-z]{1,2})_(?!_)(.*)", re.DOTALL)  # `d_Bacteria`, and `-_NAME` for other ranks
_SILVA_PART = re.compile(r"D_(\d)__(.*)", re.DOTALL)
_INNER_PREFIX = re.compile(r"[|,:/\s](?:[a-z]|(?:super)?kingdom|domain|phylum|class|order|family|genus|species)__")
_LETTERS = {  # of ranks that other programs write
    "superkingdom": "D", "sk": "D", "domain": "D", "kingdom": "K", "phylum": "P", "class": "C", "order": "O",
    "family": "F", "genus": "G", "species": "S", "t": "S1", "strain": "S1",
}  # fmt: skip
_NO_RANKS = frozenset(("r", "root", "no rank", "norank", "clade"))  # prefixes of nodes above or between the ranks
_ROOTS = frozenset(("root", "cellular organisms"))  # names that some lineages begin with
_LARGEST_TAXID = 1 << 31
_NCBI_RANKS = {
    "superkingdom": "D", "acellular root": "D", "domain": "D", "kingdom": "K", "phylum": "P", "class": "C",
    "order": "O", "family": "F", "genus": "G", "species": "S",
}  # fmt: skip
_NCBI_ROOT = 1
_FIRST_OWN_TAXID = 1 << 30  # far above NCBI's


@dataclass(frozen=True, slots=True)
class Taxon:
    """A node of the tree: its rank's letter (with a number where it is below a rank), name and number."""

    rank: str
    name: str
    taxid: int


Lineage = tuple[Taxon, ...]


def parse_label(text: str, *, path: str | Path, record: str) -> Lineage:
    """The lineage that a label means: `d__;p__;...;s__`, names of 7 ranks at most, or one name: a species.

    Ranks may also be parted by `|` and have whole names (`superkingdom__`), as in tables of MetaPhlAn and others, or
    look as MMseqs2 (`-_cellular organisms;d_Bacteria`) and SILVA (`D_0__Bacteria`) write them. Ranks without a name
    (`g__;s__`) are left out; a name of digits alone is its own number.

    Args:
        path: where the label stands, and `record` whose it is, for errors.

    Raises:
        DnabertSError: prefixes that are unknown, twice or out of order, or too many names.
    """
    parts = _parts(text)
    prefixed = [_ranked_part(part, is_mmseqs=_is_mmseqs(parts)) for part in parts]
    if len(parts) == 1 and (prefixed[0] is None or prefixed[0][0] == SPECIES) and not _INNER_PREFIX.search(text):
        return _numbered([(SPECIES, parts[0])])
    if any(prefixed) or _INNER_PREFIX.search(text):
        pairs = _checked_ranks(prefixed, text, path=path, record=record)
    else:
        parts = parts[next((place for place, part in enumerate(parts) if part.lower() not in _ROOTS), 0) :]
        if len(parts) > len(_POSITIONS):
            hint = "names without prefixes are domain, phylum, class, order, family, genus, species"
            raise DnabertSError(f"'{text[:60]}' has {len(parts)} names", path=path, record=record, hint=hint)
        pairs = list(zip(_POSITIONS, parts, strict=False))
    if not pairs:
        raise DnabertSError(f"'{text[:60]}' names nothing", path=path, record=record)
    return _numbered(pairs)


def _parts(text: str) -> list[str]:
    """The ranks of a lineage; `|` parts them where they have prefixes, and belongs to a name elsewhere."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    by_bars = [part.strip() for part in text.split("|") if part.strip()]
    if len(parts) == 1 and len(by_bars) > 1 and (all(map(_PART.fullmatch, by_bars)) or _is_mmseqs(by_bars)):
        return by_bars
    return parts


def _is_mmseqs(parts: list[str]) -> bool:
    return len(parts) > 1 and all(map(_MMSEQS_PART.fullmatch, parts))


def _ranked_part(part: str, *, is_mmseqs: bool) -> tuple[str, str] | None:
    """Letter and name of one rank of a lineage; an empty letter for nodes between ranks, None without a prefix."""
    if silva := _SILVA_PART.fullmatch(part):
        place = int(silva[1])
        return (_POSITIONS[place], silva[2].strip()) if place < len(_POSITIONS) else ("?", part)
    match = (_MMSEQS_PART if is_mmseqs else _PART).fullmatch(part)
    if match is None:
        return None
    prefix = match[1].lower()
    if prefix == "-" or prefix in _NO_RANKS:
        return "", match[2].strip()
    return _LETTERS.get(prefix, prefix.upper()), match[2].strip()


def _checked_ranks(
    ranks: list[tuple[str, str] | None], text: str, *, path: str | Path, record: str
) -> list[tuple[str, str]]:
    """Letter and name of each rank that has a name, from the widest to the narrowest."""
    named = [one if one is not None else ("?", "") for one in ranks]
    letters = [letter for letter, _ in named if letter]
    is_known = all(letter[0] in RANKS and letter[1:].isdecimal() is (len(letter) > 1) for letter in letters)
    order = [rank_order(letter) for letter in letters] if is_known else []
    if not is_known or sorted(set(order)) != order or any(_INNER_PREFIX.search(name) for _, name in named):
        hint = "a lineage is d__NAME;p__NAME;c__NAME;o__NAME;f__NAME;g__NAME;s__NAME"
        raise DnabertSError(f"'{text[:60]}' is not a lineage", path=path, record=record, hint=hint)
    return [(letter, name) for letter, name in named if letter and name]


def label_text(lineage: Lineage) -> str:
    """A lineage as one text: `d__Bacteria;...;s__Escherichia coli`, or the name alone of one without ranks above."""
    if len(lineage) == 1 and lineage[0].rank == SPECIES:
        return lineage[0].name
    return ";".join(f"{taxon.rank.lower()}__{taxon.name}" for taxon in lineage)


def is_plain(lineage: Lineage) -> bool:
    """Whether it was one name without ranks."""
    return len(lineage) == 1 and lineage[0].rank == SPECIES


def rank_order(rank: str) -> tuple[int, int]:
    """What ranks sort by, from the widest to the narrowest: D, K, ..., S, S1."""
    return RANKS.index(rank[0]), int(rank[1:] or 0)


def read_taxonomy(path: str | Path, taxids: Collection[str]) -> dict[str, Lineage]:
    """Lineages of these taxids.

    Args:
        path: a folder with NCBI's nodes.dmp and names.dmp, or a TSV of taxid and name (or lineage).

    Raises:
        DnabertSError: a file is missing or damaged, or does not know a taxid.
    """
    folder = Path(path)
    if folder.is_dir():
        found = _read_dumps(folder, taxids)
    else:
        names = read_labels(path)
        found = {
            one: _with_number(parse_label(names[one], path=path, record=one), one) for one in taxids if one in names
        }
    missing = [one for one in taxids if one not in found]
    if missing:
        shown = ", ".join(missing[:5])
        raise DnabertSError(
            f"does not know {len(missing):,} of {len(taxids):,} labels as taxids: {shown}",
            path=path,
            hint="with --taxonomy, labels must be NCBI taxids; use a taxonomy of the same date",
        )
    return found


def _numbered(pairs: list[tuple[str, str]]) -> Lineage:
    """Taxa with numbers: their own digits, else from the names down to them."""
    taxa = []
    place = ""
    for rank, name in pairs:
        place += f";{rank}__{name}"
        digest = int.from_bytes(hashlib.sha256(place.encode()).digest()[:4], "big")
        own = _FIRST_OWN_TAXID | (digest >> 2)
        number = whole_number(name, most=_FIRST_OWN_TAXID - 1)
        taxa.append(Taxon(rank, name, own if number is None else number))
    return tuple(taxa)


def _with_number(lineage: Lineage, taxid: str) -> Lineage:
    number = whole_number(taxid, most=_LARGEST_TAXID)
    if number is None:
        return lineage
    last = lineage[-1]
    return (*lineage[:-1], Taxon(last.rank, last.name, number))


def _read_dumps(folder: Path, taxids: Collection[str]) -> dict[str, Lineage]:
    """Lineages from NCBI's dumps; parents of all nodes are held in memory meanwhile."""
    parents: dict[int, int] = {}
    ranks: dict[int, str] = {}
    for line, fields in _dump_lines(folder / "nodes.dmp", n_fields=3):
        node, parent = (whole_number(field, most=_LARGEST_TAXID) for field in fields[:2])
        if node is None or parent is None:
            raise DnabertSError("a taxid is not a number", path=folder / "nodes.dmp", line=line)
        parents[node] = parent
        if fields[2] in _NCBI_RANKS:
            ranks[node] = _NCBI_RANKS[fields[2]]
    numbers = {one: whole_number(one, most=_LARGEST_TAXID) for one in taxids}
    chains = {one: _chain(node, parents) for one, node in numbers.items() if node in parents and node is not None}
    wanted = {node for chain in chains.values() for node in chain}
    names = {
        node: fields[1]
        for _, fields in _dump_lines(folder / "names.dmp", n_fields=4)
        if fields[3] == "scientific name" and (node := whole_number(fields[0], most=_LARGEST_TAXID)) in wanted
    }
    return {one: _ranked(chain, ranks, names=names) for one, chain in chains.items()}


def _dump_lines(path: Path, *, n_fields: int) -> Iterator[tuple[int, list[str]]]:
    with open_input(path) as stream:
        for line, raw in enumerate(stream, start=1):
            fields = [field.strip() for field in raw.decode("utf-8", "replace").rstrip("|\r\n\t").split("|")]
            if len(fields) < n_fields:
                raise DnabertSError(f"has {len(fields)} columns, needs {n_fields}", path=path, line=line)
            yield line, fields


def _chain(node: int, parents: Mapping[int, int]) -> list[int]:
    """Nodes from below the root down to this one."""
    chain: list[int] = []
    while node != _NCBI_ROOT and node in parents and node not in chain:
        chain.append(node)
        node = parents[node]
    return chain[::-1]


def _ranked(chain: list[int], ranks: Mapping[int, str], *, names: Mapping[int, str]) -> Lineage:
    """The taxa of the eight ranks, in order, and the last node whatever its rank."""
    taxa: list[Taxon] = []
    for node in chain:
        rank = ranks.get(node)
        widest = RANKS.find(taxa[-1].rank[0]) if taxa else -1
        if rank is not None and RANKS.index(rank) > widest:
            taxa.append(Taxon(rank, names.get(node, str(node)), node))
        elif node == chain[-1]:
            taxa.append(Taxon(f"{taxa[-1].rank[0] if taxa else 'D'}1", names.get(node, str(node)), node))
    return tuple(taxa)
