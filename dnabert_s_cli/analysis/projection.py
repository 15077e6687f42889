"""Vectors to a map: each row a point of the plane, like rows together.

Unit rows -> landmarks, all rows or a sample in which long ones come first -> their exact neighbours -> start at the
two principal components -> t-SNE (`layout`) -> the other rows next to the landmarks most like them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .blocks import block_threads, row_blocks
from .layout import affinities, lay_out
from .neighbours import nearest_neighbours

LANDMARKS = 10_000  # rows laid out themselves
_NEIGHBOURS = 24
_BESIDE = 5  # landmarks that place another row
_START_SPREAD = 1e-2
_NOISE = 0.05  # of the start, so that equal rows do not stay one point; and of rows placed next to landmarks
_BLOCK_ROWS = 1_024


def project_2d(
    unit: NDArray[np.float32],
    weights: NDArray[np.integer] | NDArray[np.floating],
    *,
    seed: int,
    threads: int = 0,
    on_step: Callable[[int], object] = lambda _: None,
) -> NDArray[np.float32]:
    """A map of the rows: (N, D) float32 unit rows -> (N, 2) float32, centred, the farthest coordinate 1.

    The same bytes for every number of threads. Beyond `LANDMARKS` rows, that many are laid out, drawn in
    proportion to their weight, and the others placed by their nearest five.

    Args:
        weights: (N,), positive; the length of each contig.
        on_step: called with 1 after each of `layout.n_steps()` steps.
    """
    if len(unit) == 0:
        return np.zeros((0, 2), dtype=np.float32)
    rng = np.random.default_rng(seed)
    landmarks = _landmarks(np.asarray(weights, dtype=np.float64), rng)
    with block_threads(1):  # BLAS on one thread: its sums depend on how many it has
        start = _principal_components(unit[landmarks])
    start += rng.normal(scale=_NOISE, size=start.shape)
    start *= _START_SPREAD
    if len(landmarks) > 2:
        graph = affinities(nearest_neighbours(unit[landmarks], _NEIGHBOURS, threads=threads))
        start = lay_out(graph, start, on_step=on_step)
    places = np.empty((len(unit), 2))
    places[landmarks] = start
    others = np.setdiff1d(np.arange(len(unit)), landmarks)
    if len(others):
        places[others] = _beside(unit[others], unit[landmarks], places=start, threads=threads)
        places[others] += rng.normal(scale=_NOISE, size=(len(others), 2))
    places -= (places.max(axis=0) + places.min(axis=0)) / 2
    scaled: NDArray[np.float32] = (places / max(np.abs(places).max(), 1e-12)).astype(np.float32)
    return scaled


def _landmarks(weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """At most `LANDMARKS` row numbers, ascending, drawn without replacement in proportion to the weights.

    Source: Efraimidis and Spirakis 2006: the rows of largest log(uniform) / weight.
    """
    if len(weights) <= LANDMARKS:
        return np.arange(len(weights))
    keys = np.log(rng.random(len(weights))) / np.maximum(weights, 1e-12)
    return np.sort(np.argsort(-keys, kind="stable")[:LANDMARKS])


def _principal_components(unit: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N, 2) coordinates on the two widest axes, each of deviation 1 and of a fixed sign."""
    centred = unit - unit.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = np.zeros((unit.shape[1], unit.shape[1]))
    for block in row_blocks(len(unit), _BLOCK_ROWS):
        spread += centred[block].T @ centred[block]
    axes = np.linalg.eigh(spread)[1][:, ::-1][:, :2]  # (D, 2)
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    places = np.zeros((len(unit), 2))
    places[:, : axes.shape[1]] = centred @ axes
    deviation = places.std(axis=0)
    return places / np.where(deviation > 1e-9, deviation, 1.0)


def _beside(
    others: NDArray[np.float32], landmarks: NDArray[np.float32], *, places: NDArray[np.float64], threads: int
) -> NDArray[np.float64]:
    """(M, 2) places of other rows: the mean of their nearest landmarks' places, the nearest weighing most."""
    n_beside = min(_BESIDE, len(landmarks))
    found = np.empty((len(others), 2))

    def place(block: slice) -> None:
        products = others[block] @ landmarks.T  # (B, L)
        nearest, cosines = _largest(products, n_beside)
        squared = np.maximum(2.0 - 2.0 * cosines, 1e-9)
        shares = (squared.min(axis=1, keepdims=True) / squared) ** 2
        shares /= shares.sum(axis=1, keepdims=True)
        found[block] = (places[nearest] * shares[:, :, None]).sum(axis=1)

    with block_threads(threads) as run:
        for _ in run(place, row_blocks(len(others), _BLOCK_ROWS)):
            pass
    return found


def _largest(products: NDArray[np.float32], n_kept: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Columns and values (B, K) of the largest of each row; overwrites them. Five maxima beat one partition."""
    rows = np.arange(len(products))
    columns = np.empty((len(products), n_kept), dtype=np.int64)
    values = np.empty((len(products), n_kept))
    for place in range(n_kept):
        columns[:, place] = products.argmax(axis=1)
        values[:, place] = products[rows, columns[:, place]]
        products[rows, columns[:, place]] = -np.inf
    return columns, values
