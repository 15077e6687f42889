"""Where the numbers of bins stand on a map, and which colour each has.

Places of contigs -> the thickest spot of each bin -> of ten colours, the one whose bins lie farthest away. There may be
hundreds of bins: a colour tells neighbours apart, and the number says which bin it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..io.bins.stats import members_of_bins

# Apart for the colour-blind, after Okabe and Ito, the same hues for a light and for a dark ground.
LIGHT = ("#0072b2", "#e26600", "#0a8f5c", "#d77fb4", "#e19f00", "#56b4e9", "#882255", "#5e7121", "#3b2f9e", "#8f393b")
DARK = ("#508ed0", "#f76324", "#23bd93", "#f0a3d0", "#f2cb50", "#87c1f7", "#b0559a", "#90a233", "#8a7df0", "#c9604f")
_CELLS = 16  # of the map, along each side
_NEAR = 1e-4  # squared distance, of a map of side 1, within which bins lie on each other


def unit_square(xy: np.ndarray) -> np.ndarray:
    """Places (N, 2) scaled by one factor into the square from 0 to 1, around its middle. float64."""
    if len(xy) == 0:
        return np.zeros((0, 2))
    low, high = xy.min(axis=0).astype(np.float64), xy.max(axis=0).astype(np.float64)
    width = float((high - low).max())
    places: np.ndarray = (xy - (low + high) / 2) / (width or 1.0) + 0.5
    return places


def thickest_spots(places: np.ndarray, weights: np.ndarray, *, bins: np.ndarray, numbers: Sequence[int]) -> np.ndarray:
    """(B, 2) mean place of each bin around the cell of the map that holds most of its bases; the middle for none.

    Args:
        places: (N, 2) within the unit square.
        weights: (N,) length of each contig.
        bins: (N,) its bin.
        numbers: the B bins asked for.
    """
    spots = np.full((len(numbers), 2), 0.5)
    place_of = {number: place for place, number in enumerate(numbers)}
    for number, members in members_of_bins(bins):
        if number in place_of:
            spots[place_of[number]] = _thickest_spot(places[members], weights[members].astype(np.float64))
    return spots


def neighbourly_colours(spots: np.ndarray) -> list[int]:
    """Index of each bin's colour: with the others before it as they are, the one least used close by."""
    chosen = np.zeros(len(spots), dtype=np.int64)
    for place, spot in enumerate(spots):
        closeness = 1.0 / (((spots[:place] - spot) ** 2).sum(axis=1) + _NEAR)
        crowd = np.bincount(chosen[:place], closeness, minlength=len(LIGHT))
        chosen[place] = int(crowd.argmin())
    return [int(one) for one in chosen]


def _thickest_spot(places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    cells = np.minimum((places * _CELLS).astype(np.int64), _CELLS - 1)
    thickest = np.bincount(cells[:, 0] * _CELLS + cells[:, 1], weights).argmax()
    near = (np.abs(cells - np.array(divmod(int(thickest), _CELLS))) <= 1).all(axis=1)
    spot: np.ndarray = np.average(places[near], axis=0, weights=np.maximum(weights[near], 1.0))
    return spot
