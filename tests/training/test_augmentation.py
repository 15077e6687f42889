from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.pairs.rows import Pair
from dnabert_s_cli.training.augmentation import ViewKind, ViewSpec, make_views, mutated
from tests.conftest import random_dna

PAIR = Pair(random_dna(3000, 1), random_dna(2000, 2))
KINDS: list[ViewKind] = ["same_species", "dropout", "double_strand", "mutate"]
ONLY_SUBSTITUTIONS = ViewSpec("mutate", substitution_rate=0.1, indel_rate=0.0)
ONLY_INDELS = ViewSpec("mutate", substitution_rate=0.0, indel_rate=0.01, mean_indel_bp=4)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _views(spec: ViewSpec, pair: Pair = PAIR, seed: int = 0) -> tuple[str, str]:
    return make_views(pair, spec, _rng(seed))


def test_same_species_is_the_pair_as_it_is() -> None:
    assert _views(ViewSpec("same_species")) == (PAIR.first, PAIR.second)


def test_dropout_is_the_first_sequence_twice() -> None:
    assert _views(ViewSpec("dropout")) == (PAIR.first, PAIR.first)


def test_double_strand_is_the_true_reverse_complement() -> None:
    assert _views(ViewSpec("double_strand"), Pair("AACGTNRK", "G")) == ("AACGTNRK", "MYNACGTT")


def test_mutate_changes_the_second_view_only() -> None:
    first, second = _views(ViewSpec("mutate"))
    assert first == PAIR.first
    assert second not in (PAIR.first, PAIR.second)


@pytest.mark.parametrize("kind", KINDS)
def test_same_generator_gives_same_views(kind: ViewKind) -> None:
    spec = ViewSpec(kind, min_bp=100, max_bp=900, random_strand=True)
    assert _views(spec) == _views(spec)


def test_substitutions_come_at_their_rate_and_always_to_another_base() -> None:
    sequence = random_dna(200_000, 1)
    changed = mutated(sequence, ONLY_SUBSTITUTIONS, rng=_rng())
    differing = [(a, b) for a, b in zip(sequence, changed, strict=True) if a != b]
    assert abs(len(differing) / len(sequence) - 0.1) < 4 * np.sqrt(0.1 * 0.9 / len(sequence))
    counts = [differing.count((a, b)) for a in "ACGT" for b in "ACGT" if a != b]
    expected = len(differing) / 12
    assert max(abs(count - expected) for count in counts) < 5 * np.sqrt(expected)


def test_rate_of_one_changes_every_base() -> None:
    changed = mutated(PAIR.first, replace(ONLY_SUBSTITUTIONS, substitution_rate=1.0), rng=_rng())
    assert all(a != b for a, b in zip(PAIR.first, changed, strict=True))


def test_rates_of_zero_change_nothing() -> None:
    assert mutated(PAIR.first, replace(ONLY_SUBSTITUTIONS, substitution_rate=0.0), rng=_rng()) == PAIR.first


def test_letters_that_are_no_bases_stay() -> None:
    assert mutated("NRYKM", replace(ONLY_SUBSTITUTIONS, substitution_rate=1.0), rng=_rng()) == "NRYKM"


def test_insertions_and_deletions_are_equally_many_on_average() -> None:
    lengths = [len(mutated(PAIR.first, ONLY_INDELS, rng=_rng(seed))) for seed in range(400)]
    spread = np.sqrt(0.01 * 3000 * (2 * 16 - 4))  # of one: events x E[length^2], geometric of mean 4
    assert abs(np.mean(lengths) - 3000) < 4 * spread / np.sqrt(400)
    assert 0.8 < np.std(lengths) / spread < 1.2


def test_indels_come_at_their_rate_and_with_their_mean_length() -> None:
    spec = replace(ONLY_INDELS, indel_rate=0.002, mean_indel_bp=8)
    changed = mutated(
        "N" * 500_000, spec, rng=_rng()
    )  # every base in it is an inserted one, every N lost a deleted one
    insertions = re.findall("[ACGT]+", changed)
    n_deleted = 500_000 - changed.count("N")
    assert abs(len(insertions) - 500) < 4 * np.sqrt(500)
    assert abs(np.mean([len(one) for one in insertions]) - 8) < 4 * 8 / np.sqrt(500)
    assert abs(n_deleted / 8 - 500) < 4 * np.sqrt(2 * 500)


@given(sequence=st.text("ACGTN", min_size=1, max_size=40), seed=st.integers(0, 99))
@settings(max_examples=100)
def test_mutated_is_never_empty_and_always_dna(sequence: str, seed: int) -> None:
    spec = ViewSpec("mutate", substitution_rate=0.5, indel_rate=1.0, mean_indel_bp=20)
    changed = mutated(sequence, spec, rng=_rng(seed))
    assert changed
    assert set(changed) <= set("ACGTN")


@pytest.mark.parametrize("law", ["uniform", "log_uniform"])
def test_crops_are_pieces_of_drawn_length(law: str) -> None:
    spec = ViewSpec(min_bp=100, max_bp=800, length_law=law)  # type: ignore[arg-type]  # mypy does not follow parametrize
    lengths = []
    for seed in range(300):
        first, second = _views(spec, seed=seed)
        assert first in PAIR.first
        assert second in PAIR.second
        lengths += [len(first), len(second)]
    assert 100 <= min(lengths) < 130
    assert 730 < max(lengths) <= 800
    share_of_short = np.mean(np.array(lengths) < 283)  # the geometric mean of 100 and 801
    assert abs(share_of_short - (183 / 701 if law == "uniform" else 0.5)) < 0.07


def test_crops_lie_anywhere() -> None:
    spec = ViewSpec("dropout", max_bp=1000)
    starts = [PAIR.first.index(_views(spec, seed=seed)[0]) for seed in range(200)]
    assert min(starts) < 100
    assert max(starts) > 1900
    assert all(0 <= start <= 2000 for start in starts)


def test_one_length_is_asked_for_by_the_longest_alone() -> None:
    assert [len(view) for view in _views(ViewSpec(max_bp=500))] == [500, 500]


def test_shorter_sequence_stays_whole() -> None:
    assert _views(ViewSpec(min_bp=50, max_bp=60), Pair("ACGTT", "CC")) == ("ACGTT", "CC")


def test_each_strand_has_an_even_chance_in_each_view() -> None:
    turned = []
    for seed in range(400):
        views = _views(ViewSpec(random_strand=True), seed=seed)
        assert views[0] in (PAIR.first, reverse_complement(PAIR.first))
        turned.append([views[0] != PAIR.first, views[1] != PAIR.second])
    assert np.abs(np.mean(turned, axis=0) - 0.5).max() < 0.1
    assert abs(np.corrcoef(np.array(turned).T)[0, 1]) < 0.2


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "twins"}, "'twins' is not one of same_species, dropout, double_strand, mutate"),
        ({"length_law": "normal"}, "'normal' is not one of uniform, log_uniform"),
        ({"min_bp": 10}, "views of at least 10 bp need a maximum length, too"),
        ({"min_bp": 10, "max_bp": 9}, "views of 10 to 9 bp: the first must be 1 to the second"),
        ({"min_bp": 0, "max_bp": 9}, "views of 0 to 9 bp: the first must be 1 to the second"),
        ({"max_bp": 0}, "views of 0 to 0 bp: the first must be 1 to the second"),
        ({"substitution_rate": 1.5}, "rates are 0 to 1, not 1.5 and 0.005"),
        ({"indel_rate": -0.1}, "rates are 0 to 1, not 0.05 and -0.1"),
        ({"mean_indel_bp": 0.5}, "indels have a mean length of 1 or more, not 0.5"),
    ],
)
def test_values_that_contradict_are_an_error(change: dict[str, object], problem: str) -> None:
    with pytest.raises(DnabertSError) as caught:
        ViewSpec(**change)  # type: ignore[arg-type]  # wrong on purpose
    assert caught.value.problem == problem
