"""Labels of another tool joined to the contigs: a genus for each, by name or taxid, and how sure it is.

A file of labels -> the genus that it names, or that the built-in references know its taxid to be of -> a number for
each genus, by contig.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ... import defaults
from ...errors import DnabertSError
from ...io.labels.tool_taxonomy import ToolLabel, read_tool_labels
from ...io.names import match_names
from ..classify.reference_store import load_built_in
from .clusters import TaxonLabels

logger = logging.getLogger(__name__)


def join_taxonomy(path: Path, ids: Sequence[str]) -> TaxonLabels:
    """The genus of each contig, as the tool has it.

    Raises:
        DnabertSError: the file cannot be read, or is of other contigs.
    """
    label_of = read_tool_labels(path)
    if not label_of:
        raise DnabertSError("classifies no contig", path=path, hint="give a taxonomy of these contigs")
    problem = "has only {matched} of {names} contigs by name"
    hint = "give a taxonomy of these contigs"
    match_names(ids, list(label_of), path=path, problem=problem, hint=hint, of_fewer=True)
    genus_of = _genera(list(label_of.values()))
    numbers: dict[str, int] = {}
    labels, confidences = np.full(len(ids), -1), np.zeros(len(ids))
    for row, name in enumerate(ids):
        if name in label_of and (genus := genus_of[label_of[name]]):
            labels[row] = numbers.setdefault(genus, len(numbers))
            confidences[row] = label_of[name].confidence
    logger.info("%s: %d of %d contigs have a genus, of %d", path, int((labels >= 0).sum()), len(ids), len(numbers))
    return TaxonLabels(labels, confidences)


def _genera(labels: Sequence[ToolLabel]) -> dict[ToolLabel, str]:
    """The genus of each label: as named, or of its taxid in the built-in references; "" where neither is known."""
    if all(one.genus for one in labels):
        return {one: one.genus for one in labels}
    tree = load_built_in(defaults.MODEL).tree
    genus_of_taxid: dict[int, str] = {}
    for number, taxon in enumerate(tree.taxa):
        genus = next((one.name for one in tree.lineage(number) if one.rank == "G"), "")
        genus_of_taxid[taxon.taxid] = genus
    genus_of_taxid[0] = ""
    return {one: one.genus or genus_of_taxid.get(one.taxid, f"taxid {one.taxid}") for one in labels}
