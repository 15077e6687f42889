"""Scores and the choice, on contigs of known genomes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from dnabert_s_cli.analysis.binning.contig_space import ContigSpace, contig_space
from dnabert_s_cli.analysis.markers.search import MarkerHits
from dnabert_s_cli.analysis.refining.candidates import divide_into_atoms, make_candidates
from dnabert_s_cli.analysis.refining.scoring import Judge
from dnabert_s_cli.analysis.refining.selection import Chosen, choose_bins
from tests.marker_contigs import made_up_hits, made_up_set

NONE = -1
TEN = made_up_set(10)


def chosen_bins(
    labels: Sequence[Sequence[int]],
    *,
    hits: MarkerHits | None = None,
    space: ContigSpace | None = None,
    lengths_bp: np.ndarray | None = None,
) -> list[Chosen]:
    """Bins chosen from those of several binners, given as one list of labels each."""
    of_contigs = np.array(labels, dtype=np.int64).T
    lengths_bp = np.full(len(of_contigs), 100, dtype=np.int64) if lengths_bp is None else lengths_bp
    atoms = divide_into_atoms(of_contigs, lengths_bp)
    judge = Judge(atoms, lengths_bp, hits=hits, space=space)
    return choose_bins(make_candidates(atoms, min_bin_bp=1), atoms, judge=judge, min_bin_bp=1)


def sets(chosen: Sequence[Chosen]) -> list[list[int]]:
    """Their contigs, in order of the first."""
    return sorted(one.contigs.tolist() for one in chosen)


def test_each_contig_is_in_one_bin() -> None:
    rng = np.random.default_rng(0)
    chosen = chosen_bins([rng.integers(-1, 4, 60).tolist() for _ in range(3)])
    contigs = np.concatenate([one.contigs for one in chosen])
    assert len(contigs) > 0
    assert len(contigs) == len(set(contigs.tolist()))


def test_bins_on_which_all_agree_stay() -> None:
    labels = [0, 0, 0, 1, 1, NONE]
    assert sets(chosen_bins([labels, labels, labels])) == [[0, 1, 2], [3, 4]]
    assert all(one.score.agreement == 1.0 for one in chosen_bins([labels, labels]))


def test_two_binners_outvote_a_third() -> None:
    right, wrong = [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 2, 2, 2, 2]
    assert sets(chosen_bins([wrong, right, right])) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_markers_decide_where_one_binner_has_two_genomes_in_a_bin() -> None:
    joined, divided = [0, 0, 0, 0], [0, 0, 1, 1]
    twice = made_up_hits(TEN, 4, *((contig, marker) for contig in (0, 2) for marker in range(10)))
    once = made_up_hits(TEN, 4, *((contig, marker) for contig in (0, 2) for marker in range(contig, contig + 5)))
    assert sets(chosen_bins([joined, divided], hits=twice)) == [[0, 1], [2, 3]]
    halves = made_up_hits(TEN, 4, *((0, marker) for marker in range(5)), *((2, marker) for marker in range(5, 10)))
    assert once.n_hits == halves.n_hits
    assert sets(chosen_bins([joined, divided], hits=halves)) == [[0, 1, 2, 3]]


def test_two_halves_of_two_binners_are_united_where_markers_complement() -> None:
    first, second = [0, 0, 0, NONE, NONE], [NONE, NONE, 0, 0, 0]
    hits = made_up_hits(TEN, 5, *((0, marker) for marker in range(4)), *((4, marker) for marker in range(4, 10)))
    (one,) = chosen_bins([first, second], hits=hits)
    assert one.contigs.tolist() == [0, 1, 2, 3, 4]
    assert one.score.completeness == 100.0


def test_vectors_say_to_which_genome_a_disputed_contig_belongs() -> None:
    rng = np.random.default_rng(1)
    centres = np.eye(16)[:2]
    unit = np.repeat(centres, 10, axis=0) + 0.05 * rng.normal(size=(20, 16))
    unit = (unit / np.linalg.norm(unit, axis=1, keepdims=True)).astype(np.float32)
    lengths_bp = np.full(20, 100, dtype=np.int64)
    space = contig_space(unit, lengths_bp, spread=0.1, rng=rng)
    right = [0] * 10 + [1] * 10
    wrong = [0] * 7 + [1] * 13  # three contigs of the first genome in the second bin
    assert sets(chosen_bins([wrong, right], space=space)) == [list(range(10)), list(range(10, 20))]
    assert sets(chosen_bins([right, wrong], space=space)) == [list(range(10)), list(range(10, 20))]


def test_depth_says_it_too() -> None:
    rng = np.random.default_rng(2)
    unit = rng.normal(size=(40, 8)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    depth = np.repeat([[5.0, 40.0], [40.0, 5.0]], 20, axis=0) * rng.normal(1, 0.02, size=(40, 2))
    lengths_bp = np.full(40, 20_000, dtype=np.int64)
    space = contig_space(unit, lengths_bp, spread=0.5, depth=depth.astype(np.float32), rng=rng)
    right, wrong = [0] * 20 + [1] * 20, [0] * 14 + [1] * 26
    found = chosen_bins([wrong, right], space=space, lengths_bp=lengths_bp)
    assert sets(found) == [list(range(20)), list(range(20, 40))]


def test_what_better_bins_leave_over_is_marked() -> None:
    first, second = [0, 0, 0, 0, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0, 1, 1]
    chosen = chosen_bins([first, second])
    rests = [one for one in chosen if not one.is_whole]
    assert sum(len(one.contigs) for one in chosen) == 8
    assert all(one.score.agreement < 1 for one in rests)


@pytest.mark.parametrize("hits", [None, made_up_hits(TEN, 2)])
def test_no_bin_at_all_is_no_error(hits: MarkerHits | None) -> None:
    assert chosen_bins([[NONE, NONE], [NONE, NONE]], hits=hits) == []
