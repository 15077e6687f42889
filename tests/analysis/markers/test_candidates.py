"""Words of profiles, and the open frames that pass them, against definitions worked out one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from Bio.Seq import Seq

from dnabert_s_cli.analysis.markers import candidates
from dnabert_s_cli.analysis.markers.candidates import find_candidates
from dnabert_s_cli.analysis.markers.frames import RESIDUES, translate
from dnabert_s_cli.analysis.markers.profiles import MarkerProfiles, MarkerSet
from dnabert_s_cli.analysis.markers.words import FLANK, RADIX, SHIFTS, UNIT, WordIndex, index_words
from tests.marker_contigs import builtin_profiles, read_operons

NAME = "Ribosomal_L5"
OPERON = read_operons()


def one_profile() -> MarkerProfiles:
    """A set of one built-in profile."""
    builtin = builtin_profiles()
    chosen = builtin.markers.names.index(NAME)
    markers = MarkerSet((NAME,), builtin.markers.lengths[[chosen]], ("both",), (NAME,))
    return MarkerProfiles(markers, (builtin.hmms[chosen],), builtin.min_scores[[chosen]])


@pytest.fixture(scope="module")
def index() -> WordIndex:
    """Words of one profile."""
    return index_words(one_profile())


def word_score(index: WordIndex, word: int, row: int) -> int:
    """The score of a word at a row of the emissions, residue by residue."""
    digits = [word // RADIX ** (len(SHIFTS) - 1 - place) % RADIX for place in range(len(SHIFTS))]
    return sum(int(index.emissions[row + shift * RADIX + digit]) for shift, digit in zip(SHIFTS, digits, strict=True))


def test_words_are_listed_with_their_scores(index: WordIndex) -> None:
    words = np.repeat(np.arange(len(index.first) - 1), np.diff(index.first))
    assert len(words) == len(index.row) > 1000
    for entry in range(0, len(words), 97):
        score = word_score(index, int(words[entry]), int(index.row[entry]))
        assert score == pytest.approx(int(index.score[entry]), abs=3)  # eighths of a bit, rounded one by one


def test_no_word_that_scores_as_much_is_left_out(index: WordIndex) -> None:
    words = np.repeat(np.arange(len(index.first) - 1), np.diff(index.first))
    row = int(index.row[len(index.row) // 2])
    listed = set(words[index.row == row].tolist())
    least = int(index.score.min()) + 3
    rng = np.random.default_rng(0)
    best = np.argsort(-index.emissions[row : row + RADIX * 6].reshape(6, RADIX), axis=1)
    n_tried = 0
    for _ in range(2000):
        digits = [int(best[shift, min(19, int(rng.geometric(0.4)) - 1)]) for shift in SHIFTS]
        word = sum(digit * RADIX ** (len(SHIFTS) - 1 - place) for place, digit in enumerate(digits))
        if word_score(index, word, row) >= least:
            n_tried += 1
            assert word in listed
    assert n_tried > 20


def test_words_of_random_proteins_are_rare(index: WordIndex) -> None:
    drawn = np.random.default_rng(1).integers(len(RESIDUES), size=(200_000, len(SHIFTS)))
    words = drawn @ (RADIX ** np.arange(len(SHIFTS) - 1, -1, -1))
    n_positions = int(np.count_nonzero(index.profile >= 0))
    rate = float(np.diff(index.first)[words].mean()) / n_positions
    assert 0 < rate < 5e-5


def test_emissions_are_zero_between_profiles() -> None:
    index = index_words(builtin_profiles())
    between = np.flatnonzero(index.profile < 0)
    assert not index.emissions.reshape(-1, RADIX)[between].any()
    assert np.count_nonzero(index.profile[:FLANK] < 0) == FLANK


def test_the_frame_of_a_marker_is_a_candidate(index: WordIndex) -> None:
    frames = translate([OPERON["escherichia"]])
    found = find_candidates(frames, index)
    lengths = [len(frames.protein(strand, frame)) for strand, frame, _ in found.tolist()]
    assert max(lengths) > 170  # L5 has 179 residues
    assert len(found) < 5


def test_chunks_do_not_change_candidates(index: WordIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = translate([OPERON["escherichia"], OPERON["plain"], OPERON["helicobacter"]])
    whole = find_candidates(frames, index)
    monkeypatch.setattr(candidates, "_CHUNK_BP", 1000)
    assert find_candidates(frames, index).tolist() == whole.tolist()


def test_a_stretch_is_scored_on_both_sides_of_its_word(index: WordIndex) -> None:
    rows = index.emissions.reshape(-1, RADIX)[FLANK : FLANK + 30, : len(RESIDUES)]
    consensus = rows.argmax(axis=1)
    codons = {str(Seq(codon).translate()): codon for codon in map("".join, itertools.product("TCAG", repeat=3))}
    dna = "".join(codons[RESIDUES[one]] for one in consensus)
    assert rows.max(axis=1).sum() > 22 * UNIT
    assert len(find_candidates(translate([dna]), index)) == 1
    assert len(find_candidates(translate([dna[:18]]), index)) == 0
