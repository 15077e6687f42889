"""Lineages by NCBI's names, and what in a name is no taxon.

NCBI taxid -> taxoniq's ranked lineage, offline -> `Lineage` of domain to species. A species is a binomial that somebody
described: "Nostoc sp. PCC 7120", "actinobacterium SCGC AAA024-D14" and "Wolbachia endosymbiont of Culex pipiens" name
no species, so their lineage ends above. `Candidatus` stays part of the name, as NCBI has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

import taxoniq

from dnabert_s_cli.io.labels.taxonomy import Lineage, Taxon

RANKS = {
    "superkingdom": "D", "domain": "D", "phylum": "P", "class": "C", "order": "O", "family": "F", "genus": "G",
    "species": "S",
}  # fmt: skip
_LETTERS = "DPCOFGS"
_BINOMIAL = re.compile(r"(Candidatus )?\[?[A-Z][a-z-]+\]? [a-z][a-z-]+")
_NO_EPITHET = frozenset(("bacterium", "archaeon", "endosymbiont", "symbiont", "cyanobacterium", "actinobacterium"))
_NO_TAXON = re.compile(
    r"unclassified|uncultured|unidentified|environmental|incertae sedis|metagenome|candidate division"
)


@cache
def lineage_of(taxid: int) -> Lineage:
    """Taxa from domain to species; empty where NCBI of taxoniq's date does not have the number."""
    try:
        found = taxoniq.Taxon(taxid).ranked_lineage
    except KeyError:
        return ()
    taxa = [
        (RANKS[taxon.rank.name], taxon.scientific_name, taxon.tax_id) for taxon in found if taxon.rank.name in RANKS
    ]
    taxa.sort(key=lambda one: _LETTERS.index(one[0]))
    return tuple(Taxon(*one) for one in taxa if is_taxon(*one[:2]))


def is_taxon(rank: str, name: str) -> bool:
    """Whether a name of this rank is one: no `sp.`, no mere description."""
    if rank == "S":
        return _BINOMIAL.fullmatch(name) is not None and name.split()[-1] not in _NO_EPITHET
    return _NO_TAXON.search(name) is None


def majority(lineages: Sequence[Lineage]) -> Lineage:
    """The taxa that more than half of the lineages hold, rank by rank, each below the one before."""
    chosen: list[Taxon] = []
    staying = list(lineages)
    for rank in _LETTERS:
        counts = Counter(taxon for one in staying for taxon in one if taxon.rank == rank)
        if not counts:
            continue
        taxon, count = min(counts.items(), key=lambda pair: (-pair[1], pair[0].name))
        if 2 * count <= len(lineages):
            break
        chosen.append(taxon)
        staying = [one for one in staying if taxon in one]
    return tuple(chosen)


def shared(first: Lineage, second: Lineage) -> Lineage:
    """What two lineages have in common, down to the last rank at which they agree."""
    common = []
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        common.append(one)
    return tuple(common)
