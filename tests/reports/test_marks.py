"""Spots and colours of bins on a map."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from dnabert_s_cli.reports.marks import DARK, LIGHT, members_of_bins, neighbourly_colours, thickest_spots, unit_square

# Machado, Oliveira and Fernandes 2009, severity 1, linear RGB: red-blind and green-blind sight.
_PROTAN = np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]])
_DEUTAN = np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]])
_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def _linear(colours: tuple[str, ...]) -> np.ndarray:
    values = np.array([[int(one[at : at + 2], 16) / 255 for at in (1, 3, 5)] for one in colours])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    scaled = np.clip(linear, 0, 1) @ _XYZ.T / np.array([0.9505, 1.0, 1.089])
    root = np.where(scaled > 0.008856, np.cbrt(scaled), 7.787 * scaled + 16 / 116)
    return np.stack([116 * root[:, 1] - 16, 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])], axis=1)


def test_a_number_stands_where_its_bin_is_thickest() -> None:
    places = np.array([[0.1, 0.1], [0.12, 0.1], [0.9, 0.9]])
    spots = thickest_spots(places, np.array([10, 10, 15]), bins=np.array([1, 1, 1]), numbers=[1])
    assert spots[0] == pytest.approx([0.11, 0.1])


def test_a_bin_without_contigs_stands_in_the_middle() -> None:
    spots = thickest_spots(np.zeros((0, 2)), np.zeros(0), bins=np.zeros(0, dtype=int), numbers=[4])
    assert spots.tolist() == [[0.5, 0.5]]


def test_neighbours_differ_in_colour_and_all_colours_are_used() -> None:
    spots = np.stack([np.arange(40) / 40, np.zeros(40)], axis=1)
    colours = neighbourly_colours(spots)
    assert all(one != two for one, two in pairwise(colours))
    assert set(colours) == set(range(len(LIGHT)))


def test_members_are_those_of_numbers_above_zero() -> None:
    found = [(number, rows.tolist()) for number, rows in members_of_bins(np.array([2, 0, -1, 1, 2]))]
    assert found == [(1, [3]), (2, [0, 4])]
    assert list(members_of_bins(np.array([0, -1]))) == []


def test_one_place_lies_in_the_middle_of_the_square() -> None:
    assert unit_square(np.array([[7.0, -3.0]])).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("sight", [np.eye(3), _PROTAN, _DEUTAN], ids=["full", "red-blind", "green-blind"])
def test_no_two_colours_look_the_same(colours: tuple[str, ...], sight: np.ndarray) -> None:
    seen = _lab(_linear(colours) @ sight.T)
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=2) + 1e9 * np.eye(len(colours))
    assert distances.min() > 8  # about 2 is the least difference that an eye sees side by side
