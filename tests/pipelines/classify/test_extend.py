"""References with a user's own labels added: where these hang in the tree, and that the others stay as they are."""

from __future__ import annotations

import numpy as np

from dnabert_s_cli.io.labels.taxonomy import Taxon
from dnabert_s_cli.pipelines.classify.extend import placed, with_clades
from tests.pipelines.classify.small_references import LINEAGES, small_references


def test_a_species_alone_hangs_below_its_genus() -> None:
    species = Taxon("S", "Bacillus novus", 0)
    assert placed((species,), small_references()) == (*LINEAGES[0], species)


def test_a_lineage_hangs_below_its_lowest_known_taxon() -> None:
    phylum, genus = Taxon("P", "Bacillota", 77), Taxon("G", "Novogenus", 78)
    assert placed((Taxon("D", "Elsewhere", 9), phylum, genus), small_references()) == (*LINEAGES[2], genus)


def test_ranks_that_references_do_not_have_are_left_out() -> None:
    lineage = (Taxon("D", "Bacteria", 2), Taxon("K", "Bacillati", 5), Taxon("P", "Novophyla", 6))
    assert placed(lineage, small_references()) == (lineage[0], lineage[2])


def test_what_is_known_nowhere_stays_as_it_is() -> None:
    species = Taxon("S", "nobody knows", 0)
    assert placed((species,), small_references()) == (species,)


def test_new_clades_are_nearest_to_their_vectors_and_the_others_stay() -> None:
    own = small_references()
    vector = np.array([[0.0, 0.6, 0.0, 0.0, -0.8]], np.float32)
    species = (*LINEAGES[1], Taxon("S", "Listeria nova", 0))
    extended = with_clades(own, [species], vectors=vector, names=["mine"])
    evidence = extended.references.evidence(np.concatenate([vector, np.eye(5, dtype=np.float32)[:1]]), None)
    assert [extended.clade_name(clade) for clade in evidence.nearest] == ["mine", "strain A"]
    assert extended.tree.lineage(int(extended.references.clade_taxa[-1])) == species
    known = own.references.votes(own.references.kmers)
    assert np.array_equal(extended.references.votes(own.references.kmers), known)
    assert extended.references.sizes.tolist() == [*own.references.sizes.tolist(), 0]
