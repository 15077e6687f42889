"""Evidence for taxa: cosines, votes of k-mers, and what is of no taxon."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.analysis.classification.reference_arrays import reference_arrays, references_of_arrays
from dnabert_s_cli.analysis.classification.references import FEATURES, VOTE_WEIGHT, lowest_common
from tests.analysis.classification.tree import ANCESTORS, directions, references


def _hashes(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint32)


def test_a_vector_of_a_species_is_nearest_to_it_at_every_rank() -> None:
    evidence = references().evidence(directions()[:5], None)
    assert evidence.taxa.tolist() == [[0, 2, 5], [0, 2, 6], [0, 3, 7], [1, 4, 8], [1, 4, 9]]
    assert evidence.cosines == pytest.approx(np.ones(5), abs=1e-5)
    assert references().clade_taxa[evidence.nearest].tolist() == [5, 6, 7, 8, 9]


def test_features_are_those_of_the_definition() -> None:
    kmers = _hashes(10, 20, 50, 60, 99)  # species 5; genus 2; species 8; no taxon; unknown
    features = references().evidence(directions()[:1], [kmers]).features[0, 1]
    cosines = directions()[:5] @ directions()[0]
    other = float(directions()[5] @ directions()[0])
    first, second = cosines[:2].max(), max(cosines[2], cosines[3:].max() + VOTE_WEIGHT * np.log(2))
    assert features[FEATURES.index("cosine")] == pytest.approx(first, abs=1e-5)
    assert features[FEATURES.index("lead_over_others")] == pytest.approx(first - other, abs=1e-5)
    assert features[FEATURES.index("votes")] == pytest.approx(np.log(3))
    assert features[FEATURES.index("votes_all")] == pytest.approx(np.log(4))
    assert features[FEATURES.index("score_lead")] == pytest.approx(first + VOTE_WEIGHT * np.log(3) - second, abs=1e-5)


def test_votes_decide_between_taxa_that_are_equally_near() -> None:
    both = directions()[[0, 2]].mean(axis=0, keepdims=True)
    own = references()
    without = own.evidence(both, None).taxa[0, 1]
    assert {own.evidence(both, [_hashes(20, 30)]).taxa[0, 1], without} <= {2, 3}
    assert own.evidence(both, [_hashes(20, 30)]).taxa[0, 1] == 2


def test_kmers_vote_for_taxa_above_their_own_and_for_none_below() -> None:
    own = references()
    assert own.votes(_hashes(20, 30, 60, 77)).tolist() == [2, 2]
    features = own.evidence(directions()[:1], [_hashes(20, 30)]).features[0]
    assert features[:, FEATURES.index("votes")] == pytest.approx([np.log(3), np.log(3), 0.0])


def test_the_lowest_common_taxon_of_clades() -> None:
    taxa = np.array([5, 6, 5, 7, 5, 8, 5, -1, 5, 2, -1])
    groups = np.array([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6])
    names, lowest = lowest_common(taxa, groups, ancestors=ANCESTORS)
    assert names.tolist() == [1, 2, 3, 4, 5, 6]
    assert lowest.tolist() == [2, 0, -1, -1, 5, -1]  # a clade known to the genus alone does not speak against a species


def test_nothing_has_no_lowest_common_taxon() -> None:
    none = np.empty(0, np.int64)
    assert [len(one) for one in lowest_common(none, none, ancestors=ANCESTORS)] == [0, 0]


def test_arrays_come_back_as_the_same_references() -> None:
    own = references()
    arrays = reference_arrays(own)
    back = references_of_arrays(arrays, ANCESTORS)
    assert np.array_equal(back.kmers, own.kmers)
    assert np.array_equal(back.kmer_taxa, own.kmer_taxa)
    assert np.array_equal(back.clade_taxa, own.clade_taxa)
    assert back.sample == own.sample
    assert np.abs((back.centres * own.centres).sum(axis=1) - 1).max() < 1e-4
    assert arrays["centres"].dtype == np.int8


@pytest.mark.parametrize("name", ["mean", "centres", "clade_taxa", "kmer_steps", "kmer_taxa", "sample"])
def test_missing_arrays_are_named(name: str) -> None:
    arrays = {key: array for key, array in reference_arrays(references()).items() if key != name}
    with pytest.raises(ValueError, match=name):
        references_of_arrays(arrays, ANCESTORS)


@pytest.mark.parametrize("name", ["mean", "clade_taxa", "kmer_taxa"])
def test_arrays_that_do_not_fit_are_refused(name: str) -> None:
    arrays = dict(reference_arrays(references()))
    arrays[name] = arrays[name][:-1]
    with pytest.raises(ValueError, match="fit"):
        references_of_arrays(arrays, ANCESTORS)


def test_the_size_of_a_taxon_counts_the_kmers_below_it() -> None:
    assert references().sizes.tolist() == [4, 1, 3, 0, 1, 1, 0, 0, 1, 0]


def test_the_share_of_votes_is_that_of_the_kmers_of_the_taxon() -> None:
    features = references().evidence(directions()[:1], [_hashes(10, 20)]).features[0, 1]
    assert features[FEATURES.index("votes_share")] == pytest.approx(2 / 20)  # three k-mers count as twenty
