"""References on disk: what is written comes back, and what is damaged is refused; the built-in ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli import defaults
from dnabert_s_cli.analysis.classification.references import FEATURES
from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.labels.classifier_file import ClassifierFile, read_classifier_file, write_classifier_file
from dnabert_s_cli.io.labels.references import find_references
from dnabert_s_cli.io.labels.taxonomy import Taxon
from dnabert_s_cli.pipelines.classify.labellers import open_labeller
from dnabert_s_cli.pipelines.classify.reference_store import (
    BINS,
    RANKS,
    SEQUENCES,
    VECTORS,
    load_references,
    make_tree,
    save_references,
)
from tests.pipelines.classify.small_references import LINEAGES, small_references

MOST_BYTES = 4_000_000


def test_taxa_of_lineages_are_numbered_once_with_those_above_first() -> None:
    tree, last = make_tree(LINEAGES)
    assert [taxon.name for taxon in tree.taxa] == ["Bacteria", "Bacillota", "Bacillus", "Listeria", "Archaea"]
    assert list(tree.parents) == [-1, 0, 1, 1, -1]
    assert last == [2, 3, 1, -1, 4]
    assert [tree.lineage(number) for number in last] == LINEAGES
    assert tree.ancestors()[:, 2].tolist() == [0, 1, -1, -1, -1, 2, -1]


def test_references_come_back(tmp_path: Path) -> None:
    own = small_references()
    save_references(tmp_path / "r.npz", own)
    back = load_references(tmp_path / "r.npz")
    assert list(back.tree.taxa) == list(own.tree.taxa)
    assert list(back.clade_names) == list(own.clade_names)
    assert back.encoder == own.encoder
    assert back.calibrations[BINS][0].coefficients.tolist() == own.calibrations[BINS][0].coefficients.tolist()
    assert back.calibrations[BINS][0].thresholds.tolist() == [0.5] * 6 + [np.inf]
    assert np.array_equal(back.references.kmers, own.references.kmers)
    assert back.clade_name(0) == "strain A"
    assert back.clade_name(1) == "Listeria"


def test_the_same_references_are_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        save_references(tmp_path / name, small_references())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("taxa", None),
        ("taxa", [["D", "Bacteria", 2, 5]]),
        ("taxa", [["X", "Bacteria", 2, -1]]),
        ("clade_names", ["one"]),
        ("calibrations", {}),
        ("calibrations", {kind: [[1.0, [[0.0]], [0.5]]] for kind in (SEQUENCES, VECTORS, BINS)}),
        ("encoder", None),
    ],
)
def test_damaged_references_are_refused(tmp_path: Path, name: str, value: object) -> None:
    save_references(tmp_path / "r.npz", small_references())
    content = read_classifier_file(tmp_path / "r.npz")
    kept = {key: one for key, one in content.metadata.items() if not key.startswith("format")}
    write_classifier_file(tmp_path / "d.npz", ClassifierFile(content.arrays, {**kept, name: value}))
    with pytest.raises(DnabertSError, match="is damaged") as raised:
        load_references(tmp_path / "d.npz")
    assert raised.value.path == str(tmp_path / "d.npz")


def test_the_built_in_references_are_of_the_model_that_is_said() -> None:
    labeller = open_labeller(None)
    assert labeller.encoder["fingerprint"] == load_encoder(defaults.REFERENCE_MODEL).describe()["fingerprint"]


def test_the_built_in_references_hold_what_is_promised() -> None:
    path = find_references(defaults.REFERENCE_MODEL)
    assert path.stat().st_size <= MOST_BYTES
    stored = load_references(path)
    taxa = stored.tree.taxa
    assert Taxon("S", "Helicobacter pylori", 210) in taxa
    assert {taxon.name for taxon in taxa if taxon.rank == "D"} == {"Bacteria", "Archaea"}
    species = [taxon.name for taxon in taxa if taxon.rank == "S"]
    assert len(species) > 2_000
    assert not any(" sp." in name or "endosymbiont" in name or "uncultured" in name for name in species)
    assert np.count_nonzero(stored.references.clade_taxa == -1) > 500  # viruses and eukaryotes, of no name
    assert all(one.coefficients.shape == (len(RANKS), 1 + len(FEATURES)) for one in stored.calibrations[SEQUENCES])


def test_a_model_without_built_in_references_is_refused() -> None:
    with pytest.raises(DnabertSError, match="no built-in references for vectors of 'tnf'") as raised:
        open_labeller(None, model="tnf")
    assert defaults.REFERENCE_MODEL in str(raised.value.hint)
