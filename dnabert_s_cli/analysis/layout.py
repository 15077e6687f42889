"""A flat layout of a neighbour graph by t-SNE: like rows come to lie together, unlike ones apart.

Neighbours -> one symmetric matrix of affinities -> gradient descent on (N, 2) positions. Affinities pull along the
edges of the graph; every point pushes every other, which is summed on a grid by the fast Fourier transform, so that
one step takes time in proportion to N. All sums run in one fixed order on one thread: the bytes depend on the input.

Source: van der Maaten and Hinton 2008, JMLR 9:2579; the push on a grid is after Linderman et al. 2019, Nature Methods
16:243, here with one grid that moves with each point instead of boxes. Few points push each other one by one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import coo_matrix, csr_matrix, triu

from .neighbours import Neighbours

_PERPLEXITY = 12.0  # neighbours that count: of 24, as many as lie in the smallest bins
_EARLY_STEPS, _LATE_STEPS = 100, 200
_EARLY_PULL, _LATE_PULL = 12.0, 1.6  # exaggeration; a little of it at the end leaves gaps between clusters
_EARLY_MOMENTUM, _LATE_MOMENTUM = 0.5, 0.8
_GAIN_STEP, _GAIN_DECAY, _LEAST_GAIN = 0.2, 0.8, 0.01
_LONGEST_MOVE = 5.0  # of a point in one step
_SPACING = 0.5  # of the grid; the push changes over distances of about 1
_MOST_CELLS = 320  # along one side; a wider layout gets wider cells
_CELL_STEP = 32  # sides are multiples of it, so that kernels are reused
_BANDWIDTH_ROUNDS = 40
_FEW = 500  # points up to which all pairs are faster than a grid

Pair = tuple[NDArray[np.complex64], NDArray[np.complex64]]


def affinities(neighbours: Neighbours) -> csr_matrix:
    """Symmetric (N, N) affinities of sum 1: Gaussian in the distance of unit rows, each row at one perplexity."""
    n_rows, n_kept = neighbours.indices.shape
    squared = np.maximum(2.0 - 2.0 * neighbours.similarities.astype(np.float64), 0.0)  # (N, K)
    squared -= squared[:, :1]
    weights = _at_perplexity(squared, min(_PERPLEXITY, max(n_kept / 2, 1.0)))
    rows = np.repeat(np.arange(n_rows), n_kept)
    one_way = coo_matrix((weights.ravel(), (rows, neighbours.indices.ravel())), shape=(n_rows, n_rows)).tocsr()
    both = (one_way + one_way.T).tocsr()
    both.sort_indices()
    both.data /= both.data.sum()
    return both


def lay_out(pull: csr_matrix, start: NDArray[np.float64], *, on_step: Callable[[int], object]) -> NDArray[np.float64]:
    """Positions (N, 2) float64 after gradient descent from `start`, centred.

    Args:
        pull: affinities, symmetric, of sum 1.
        start: (N, 2), of a spread far below 1.
        on_step: called with 1 after each step.
    """
    n_rows = len(start)
    edges = csr_matrix(triu(pull, k=1))  # each edge once
    grid = _Grid()
    places, moves, gains = start.copy(), np.zeros_like(start), np.ones_like(start)
    for step in range(_EARLY_STEPS + _LATE_STEPS):
        early = step < _EARLY_STEPS
        pulled = _pulled(edges, places)
        pulled *= _EARLY_PULL if early else _LATE_PULL
        slope = pulled - (grid.pushed(places) if n_rows > _FEW else _pushed(places))
        agrees = (slope > 0) == (moves > 0)
        gains = np.maximum(np.where(agrees, gains * _GAIN_DECAY, gains + _GAIN_STEP), _LEAST_GAIN)
        rate = max(n_rows / (_EARLY_PULL if early else _LATE_PULL), 50.0)
        moves *= _EARLY_MOMENTUM if early else _LATE_MOMENTUM
        moves -= rate * gains * slope
        np.clip(moves, -_LONGEST_MOVE, _LONGEST_MOVE, out=moves)
        places += moves
        places -= places.mean(axis=0)
        on_step(1)
    return np.asarray(places, dtype=np.float64)


def n_steps() -> int:
    """How many steps `lay_out` takes."""
    return _EARLY_STEPS + _LATE_STEPS


def _at_perplexity(squared: NDArray[np.float64], perplexity: float) -> NDArray[np.float64]:
    """(N, K) weights exp(-b d2) of sum 1 in each row, b such that the row's entropy is log(perplexity)."""
    low, high = np.zeros(len(squared)), np.full(len(squared), np.inf)
    sharpness = np.ones(len(squared))
    for _ in range(_BANDWIDTH_ROUNDS):
        weights = np.exp(-squared * sharpness[:, None])
        sums = weights.sum(axis=1)
        entropy = np.log(sums) + sharpness * (squared * weights).sum(axis=1) / sums
        flat = entropy > np.log(perplexity)
        low, high = np.where(flat, sharpness, low), np.where(flat, high, sharpness)
        sharpness = np.where(np.isinf(high), sharpness * 4, (low + np.where(np.isinf(high), 0, high)) / 2)
        np.minimum(sharpness, 1e12, out=sharpness)
    scaled: NDArray[np.float64] = weights / sums[:, None]
    return scaled


def _pulled(edges: csr_matrix, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the edges of each row of weight times difference over 1 + squared distance. (N, 2).

    Args:
        edges: above the diagonal.
    """
    degrees = np.diff(edges.indptr)
    dx, dy = (np.repeat(one, degrees) - one[edges.indices] for one in np.ascontiguousarray(places.T))
    weights = edges.data / (1.0 + dx * dx + dy * dy)
    above = csr_matrix((weights, edges.indices, edges.indptr), shape=edges.shape)
    moments = np.column_stack([places, np.ones(len(places))])
    sums = above @ moments + above.T @ moments
    pulled: NDArray[np.float64] = places * sums[:, 2:] - sums[:, :2]
    return pulled


def _pushed(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over others of difference over (1 + d2)^2, divided by the sum of all 1 / (1 + d2). (N, 2)."""
    difference = places[:, None] - places[None]  # (N, N, 2)
    near = 1.0 / (1.0 + difference[:, :, 0] ** 2 + difference[:, :, 1] ** 2)
    push = np.einsum("ij,ijk->ik", near * near, difference)
    scaled: NDArray[np.float64] = push / max(float(near.sum()) - len(places), 1e-12)
    return scaled


class _Grid:
    """The push of all points on each, by convolution on a grid; kernels of sides seen before are kept."""

    def __init__(self) -> None:
        self._kernels: dict[tuple[int, float], Pair] = {}

    def pushed(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """What `_pushed` gives, nearly."""
        corner = places.min(axis=0)
        width = float((places.max(axis=0) - corner).max())
        spacing = max(_SPACING, width / (_MOST_CELLS - 4))
        side = -(-int(width / spacing + 4) // _CELL_STEP) * _CELL_STEP
        cells, shares, own = _spread((places - corner) / spacing + 1.0, side)
        charges = (np.ones(len(places)), places[:, 0], places[:, 1])
        near, far = self._kernel(side, spacing)
        fields = [_on_grid(cells, shares, charge=charge, side=side) for charge in charges]
        waves = [_wave(field) for field in fields]
        sums = [_at_points(wave * far, cells, shares=shares, side=side) for wave in waves]
        norm = float(_at_points(waves[0] * near, cells, shares=shares, side=side).sum()) - _with_itself(own, spacing)
        push = np.stack([places[:, 0] * sums[0] - sums[1], places[:, 1] * sums[0] - sums[2]], axis=1)
        least = len(places) * (len(places) - 1) / (1.0 + 2.0 * width * width)  # no pair lies farther apart
        return push / max(norm, least)

    def _kernel(self, side: int, spacing: float) -> Pair:
        """Transforms of 1 / (1 + d2) and of its square over a grid twice as wide, so that nothing wraps around."""
        key = (side, spacing)
        if key not in self._kernels:
            if spacing > _SPACING:
                self._kernels.clear()  # each is used once: memory must not grow
            steps = np.minimum(np.arange(2 * side), 2 * side - np.arange(2 * side)) * spacing
            near = 1.0 / (1.0 + steps[:, None] ** 2 + steps[None, :] ** 2)
            self._kernels[key] = (_transformed(near), _transformed(near * near))
        return self._kernels[key]


def _transformed(kernel: NDArray[np.float64]) -> NDArray[np.complex64]:
    """Of single precision, which is 1e-6 of what a point feels and takes half the time."""
    wave: NDArray[np.complex64] = fft.rfft2(kernel.astype(np.float32))
    return wave


def _spread(
    scaled: NDArray[np.float64], side: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The nine cells around each point, its share in each by Lagrange's quadratic, and the shares along each axis.

    Shapes: (9, N), (9, N), (3, N, 2).
    """
    middle = np.floor(scaled + 0.5)
    offset = scaled - middle  # -0.5 to 0.5
    shares = np.stack([offset * (offset - 1) / 2, 1 - offset**2, offset * (offset + 1) / 2])  # (3, N, 2)
    first = middle.astype(np.int64)
    pairs = [(row, column) for row in range(3) for column in range(3)]
    cells = [(first[:, 0] + row - 1) * side + first[:, 1] + column - 1 for row, column in pairs]
    return np.stack(cells), np.stack([shares[row, :, 0] * shares[column, :, 1] for row, column in pairs]), shares


def _with_itself(shares: NDArray[np.float64], spacing: float) -> float:
    """What the grid makes of 1 / (1 + d2) of each point with itself, summed; exactly it would be N."""
    steps = np.arange(3)
    kernel = 1.0 / (1.0 + (steps[:, None] ** 2 + steps[None, :] ** 2) * spacing**2)
    both_ways = np.array([1.0, 2.0, 2.0])
    kernel *= both_ways[:, None] * both_ways
    low, middle, high = shares  # (N, 2) each
    apart = np.stack([low * low + middle * middle + high * high, low * middle + middle * high, low * high])
    return float(np.einsum("an,ab,bn->", apart[:, :, 0], kernel, apart[:, :, 1], optimize=True))


def _on_grid(
    cells: NDArray[np.int64], shares: NDArray[np.float64], *, charge: NDArray[np.float64], side: int
) -> NDArray[np.float32]:
    field = np.bincount(cells.ravel(), (shares * charge).ravel(), side * side)
    return field.reshape(side, side).astype(np.float32)


def _wave(field: NDArray[np.float32]) -> NDArray[np.complex64]:
    """Fourier transform of a field in one corner of a grid twice as wide; rows of zeros are not transformed."""
    side = len(field)
    wave: NDArray[np.complex64] = fft.fft(fft.rfft(field, 2 * side, axis=1), 2 * side, axis=0, overwrite_x=True)
    return wave


def _at_points(
    wave: NDArray[np.complex64], cells: NDArray[np.int64], *, shares: NDArray[np.float64], side: int
) -> NDArray[np.float64]:
    rows = fft.ifft(wave, axis=0, overwrite_x=True)[:side]  # the others are not asked for
    field = fft.irfft(rows, 2 * side, axis=1)[:, :side]
    at_points: NDArray[np.float64] = (np.ascontiguousarray(field).ravel()[cells] * shares).sum(axis=0)
    return at_points
