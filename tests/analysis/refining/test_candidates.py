"""Atoms and candidates of a few contigs whose bins are plain."""

from __future__ import annotations

import numpy as np

from dnabert_s_cli.analysis.refining.candidates import (
    BOTH,
    EITHER,
    GIVEN,
    WITHOUT,
    Atoms,
    divide_into_atoms,
    make_candidates,
)

NONE = -1
LENGTHS = np.array([100, 50, 20, 10, 5], dtype=np.int64)


def atoms_of(*rows: tuple[int, ...]) -> Atoms:
    """Atoms of contigs with these bins, one of each binner."""
    return divide_into_atoms(np.array(rows, dtype=np.int64), LENGTHS[: len(rows)])


def test_contigs_that_no_binner_separates_are_one_atom() -> None:
    atoms = atoms_of((0, 0), (0, 1), (0, 0), (NONE, NONE))
    assert atoms.of_contigs.tolist() == [0, 1, 0, -1]
    assert atoms.sizes_bp.tolist() == [120, 50]


def test_two_overlapping_bins_give_what_they_share_hold_and_hold_apart() -> None:
    atoms = atoms_of((0, NONE), (0, 0), (NONE, 0))
    found = {(one.kind, one.sources): atoms.sizes_bp[one.atoms].sum() for one in make_candidates(atoms, min_bin_bp=1)}
    first, second = (0, 0), (1, 0)
    assert found == {
        (GIVEN, (first,)): 150,
        (GIVEN, (second,)): 70,
        (BOTH, (first, second)): 50,
        (EITHER, (first, second)): 170,
        (WITHOUT, (first, second)): 100,
        (WITHOUT, (second, first)): 20,
    }


def test_the_same_bin_of_two_binners_is_one_candidate() -> None:
    candidates = make_candidates(atoms_of((0, 0), (0, 0)), min_bin_bp=1)
    assert [(one.kind, one.sources) for one in candidates] == [(GIVEN, ((0, 0),))]


def test_small_candidates_are_left_out() -> None:
    candidates = make_candidates(atoms_of((0, NONE), (0, 0), (NONE, 0)), min_bin_bp=60)
    assert {one.kind for one in candidates} == {GIVEN, EITHER, WITHOUT}


def test_bins_that_hardly_overlap_are_not_combined() -> None:
    candidates = make_candidates(atoms_of((0, NONE), (NONE, 0), (NONE, NONE), (NONE, NONE), (0, 0)), min_bin_bp=1)
    assert any(one.kind == EITHER for one in candidates)
    lengths = np.array([100, 100, 1], dtype=np.int64)
    apart = divide_into_atoms(np.array([(0, NONE), (NONE, 0), (0, 0)], dtype=np.int64), lengths)
    assert {one.kind for one in make_candidates(apart, min_bin_bp=1)} == {GIVEN}
