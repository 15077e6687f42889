"""What labels mean to a classifier: lineages, their ranks, and the clades at each.

Label of each record -> distinct lineages in order -> a matrix that says which clade each is in at each rank, and the
lineage of every clade, to write a label down with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import DnabertSError
from ...io.labels.taxonomy import Lineage, Taxon, is_plain, label_text, parse_label, rank_order, read_taxonomy


@dataclass(frozen=True, slots=True, eq=False)
class LabelSet:
    """C labels in R ranks.

    Attributes:
        lineages: of the labels.
        ranks: letters, from the widest to the narrowest.
        members: (R, C) int64, the clade of each label at each rank.
        clades: for each rank the lineage of each clade; one that has no taxon of that rank ends above it.
    """

    lineages: tuple[Lineage, ...]
    ranks: tuple[str, ...]
    members: np.ndarray
    clades: tuple[tuple[Lineage, ...], ...]


def parse_labels(label_of: Mapping[str, str], taxonomy: Path | None, *, path: Path) -> dict[str, Lineage]:
    """Lineage of each id.

    Args:
        taxonomy: where taxids are looked up, if labels are such.
        path: where the labels come from, for errors.

    Raises:
        DnabertSError: a label is malformed, or an unknown taxid, or some have ranks and some have none.
    """
    if taxonomy is not None:
        known = read_taxonomy(taxonomy, list(dict.fromkeys(label_of.values())))
        return {name: known[label] for name, label in label_of.items()}
    parsed: dict[str, Lineage] = {}
    for name, label in label_of.items():
        if label not in parsed:
            parsed[label] = parse_label(label, path=path, record=name)
    if len({is_plain(one) for one in parsed.values()}) > 1:
        plain = next(label for label, one in parsed.items() if is_plain(one))
        ranked = next(label for label, one in parsed.items() if not is_plain(one))
        hint = "write all labels as lineages, or none"
        raise DnabertSError(f"'{plain[:60]}' is one name, '{ranked[:60]}' a lineage", path=path, hint=hint)
    return {name: parsed[label] for name, label in label_of.items()}


def make_label_set(lineages: Sequence[Lineage]) -> LabelSet:
    """Labels sorted by their text, so that their order does not depend on that of the records."""
    labels = tuple(sorted(set(lineages), key=lambda one: (label_text(one), one[-1].taxid)))
    ranks = tuple(sorted({taxon.rank for one in labels for taxon in one}, key=rank_order))
    members = np.zeros((len(ranks), len(labels)), dtype=np.int64)
    clades: list[tuple[Lineage, ...]] = []
    for place, rank in enumerate(ranks):
        prefixes = [tuple(taxon for taxon in one if rank_order(taxon.rank) <= rank_order(rank)) for one in labels]
        numbers = {prefix: number for number, prefix in enumerate(dict.fromkeys(prefixes))}
        members[place] = [numbers[prefix] for prefix in prefixes]
        clades.append(tuple(numbers))
    return LabelSet(labels, ranks, members, tuple(clades))


def lineages_to_json(lineages: Sequence[Lineage]) -> list[list[list[object]]]:
    """Lineages as lists of rank, name, taxid."""
    return [[[taxon.rank, taxon.name, taxon.taxid] for taxon in lineage] for lineage in lineages]


def lineages_from_json(value: object) -> list[Lineage]:
    """What `lineages_to_json` made.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list):
        raise ValueError("no list of lineages")
    try:
        return [tuple(Taxon(str(rank), str(name), int(taxid)) for rank, name, taxid in one) for one in value]
    except TypeError as error:
        raise ValueError("no list of lineages") from error
