"""References of the whole tree with their taxa, calibration and encoder, to a file and back; the built-in ones.

A file holds the taxa with the one above each, so the tree comes with it; names of clades, to say what is nearest; and
what features mean: for sequences with k-mers or by their vectors alone, and for bins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...analysis.classification.naming import Calibration
from ...analysis.classification.reference_arrays import reference_arrays, references_of_arrays
from ...analysis.classification.references import FEATURES, NO_TAXON, References
from ...errors import DnabertSError
from ...io.labels.classifier_file import ClassifierFile, read_classifier_file, write_classifier_file
from ...io.labels.references import find_references
from ...io.labels.taxonomy import Lineage, Taxon

METHOD = "references"
BUILT_IN = "builtin"
RANKS = ("D", "P", "C", "O", "F", "G", "S")
SEQUENCES, VECTORS, BINS = "sequences", "vectors", "bins"


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """M taxa, and for each the one above it, -1 for none; those above come first."""

    taxa: Sequence[Taxon]
    parents: Sequence[int]

    def ancestors(self) -> np.ndarray:
        """Taxa at each rank above each taxon, itself at its own. -> (R, M) int64, -1 where there is none."""
        found = np.full((len(RANKS), len(self.taxa)), NO_TAXON)
        for number, (taxon, parent) in enumerate(zip(self.taxa, self.parents, strict=True)):
            if parent != NO_TAXON:
                found[:, number] = found[:, parent]
            found[RANKS.index(taxon.rank), number] = number
        return found

    def lineage(self, number: int) -> Lineage:
        """The taxa from the widest rank down to this one; none of -1."""
        lineage: list[Taxon] = []
        while number != NO_TAXON:
            lineage.append(self.taxa[number])
            number = self.parents[number]
        return tuple(lineage[::-1])


@dataclass(frozen=True, slots=True, eq=False)
class StoredReferences:
    """What a file holds.

    Attributes:
        clade_names: (C,) what each clade was called by its source, such as a strain; "" for none.
        calibrations: of sequences, of vectors alone, of bins, each by length.
        encoder: what it said of itself.
        facts: how the file was made.
    """

    references: References
    tree: Tree
    clade_names: Sequence[str]
    calibrations: Mapping[str, Sequence[Calibration]]
    encoder: Mapping[str, object]
    facts: Mapping[str, object]

    def clade_name(self, clade: int) -> str:
        """What a clade is called: by its source, or by its lowest taxon."""
        own = self.clade_names[clade]
        lineage = self.tree.lineage(int(self.references.clade_taxa[clade]))
        return own or (lineage[-1].name if lineage else "")


def make_tree(lineages: Sequence[Lineage]) -> tuple[Tree, list[int]]:
    """All taxa of some lineages, those above first, and the number of the last taxon of each lineage; -1 of none."""
    numbers: dict[Lineage, int] = {}
    taxa: list[Taxon] = []
    parents: list[int] = []
    last = []
    for lineage in lineages:
        number = NO_TAXON
        for depth in range(1, len(lineage) + 1):
            path = lineage[:depth]
            if path not in numbers:
                numbers[path] = len(taxa)
                taxa.append(path[-1])
                parents.append(number)
            number = numbers[path]
        last.append(number)
    return Tree(taxa, parents), last


def save_references(path: Path, stored: StoredReferences) -> None:
    """Write references, compressed."""
    metadata = {
        **stored.facts,
        "method": METHOD,
        "taxa": [
            [taxon.rank, taxon.name, taxon.taxid, parent]
            for taxon, parent in zip(stored.tree.taxa, stored.tree.parents, strict=True)
        ],
        "clade_names": list(stored.clade_names),
        "encoder": dict(stored.encoder),
        "calibrations": {
            kind: [[one.length_bp, one.coefficients.tolist(), _finite(one.thresholds)] for one in of_kind]
            for kind, of_kind in stored.calibrations.items()
        },
    }
    write_classifier_file(path, ClassifierFile(reference_arrays(stored.references), metadata), is_small=True)


def load_references(path: Path) -> StoredReferences:
    """What `save_references` wrote.

    Raises:
        DnabertSError: missing, truncated, or no such file.
    """
    return references_of_file(read_classifier_file(path), path)


def load_built_in(model: str) -> StoredReferences:
    """The references that come with the package for vectors of this built-in model.

    Raises:
        DnabertSError: there are none for it.
    """
    return load_references(find_references(model))


def references_of_file(content: ClassifierFile, path: Path) -> StoredReferences:
    """References out of what a file holds.

    Raises:
        DnabertSError: it is something else, or damaged.
    """
    metadata = content.metadata
    encoder = metadata.get("encoder")
    try:
        tree = _tree(metadata.get("taxa"))
        references = references_of_arrays(content.arrays, tree.ancestors())
        names = metadata.get("clade_names")
        calibrations = _calibrations(metadata.get("calibrations"))
        if not isinstance(names, list) or len(names) != len(references.centres) or not isinstance(encoder, Mapping):
            raise ValueError("names do not fit the arrays")
    except (ValueError, TypeError, IndexError) as error:
        hint = "give a file that `dnabert-s classify fit` wrote"
        raise DnabertSError(f"is damaged: {error}", path=path, hint=hint) from error
    read = ("method", "taxa", "clade_names", "encoder", "calibrations")
    facts = {name: value for name, value in metadata.items() if name not in read}
    return StoredReferences(references, tree, [str(name) for name in names], calibrations, encoder, facts)


def _tree(value: object) -> Tree:
    if not isinstance(value, list):
        raise ValueError("no taxa")
    taxa = [Taxon(str(rank), str(name), int(taxid)) for rank, name, taxid, _ in value]
    parents = [int(parent) for *_, parent in value]
    is_below = all(parent < number for number, parent in enumerate(parents))
    if not is_below or any(taxon.rank not in RANKS for taxon in taxa):
        raise ValueError("taxa are no tree")
    return Tree(taxa, parents)


def _calibrations(value: object) -> dict[str, list[Calibration]]:
    if not isinstance(value, Mapping) or not {SEQUENCES, VECTORS, BINS} <= value.keys():
        raise ValueError("no calibration")
    found = {
        kind: [
            Calibration(float(length_bp), np.array(coefficients, np.float64), _with_infinite(thresholds))
            for length_bp, coefficients, thresholds in of_kind
        ]
        for kind, of_kind in value.items()
    }
    shape = (len(RANKS), 1 + len(FEATURES))
    if any(one.coefficients.shape != shape or one.thresholds.shape != shape[:1] for of in found.values() for one in of):
        raise ValueError("the calibration has the wrong shape")
    return found


def _finite(thresholds: np.ndarray) -> list[float | None]:
    return [float(one) if np.isfinite(one) else None for one in thresholds]


def _with_infinite(values: Sequence[float | None]) -> np.ndarray:
    return np.array([np.inf if one is None else one for one in values], np.float64)
