"""Several genomes of one community taken apart around seeds.

Points, weighted, and the places of the seeds -> k-means from the seeds -> principal components of the points -> a
mixture of Gaussians of one common covariance, which knows in what directions these genomes scatter. The same bytes for
every number of threads.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

_ROUNDS = 50
_SETTLED = 1e-4  # change of a membership below which nothing moves any more
_RIDGE = 0.1  # of the mean variance, added to that of each component
_LEAST = 1e-9


def seeded_means(
    points: NDArray[np.float64], weights: NDArray[np.float64], *, seeds: NDArray[np.int64]
) -> NDArray[np.int64]:
    """k-means from the seeds on: the cluster of each point, (N,) int64, numbered as the seeds.

    Args:
        points: (N, D).
        weights: (N,), none negative.
        seeds: (K,) rows of the points that the clusters start from.
    """
    with threadpool_limits(limits=1):
        labels = _nearest(points, points[seeds])
        for _ in range(_ROUNDS):
            member = np.eye(len(seeds))[labels] * weights[:, None]
            centres = (member.T @ points) / np.maximum(member.sum(axis=0), _LEAST)[:, None]
            again = _nearest(points, centres)
            if np.array_equal(again, labels):
                break
            labels = again
    return labels


def common_mixture(
    points: NDArray[np.float64], weights: NDArray[np.float64], *, labels: NDArray[np.int64], n_components: int
) -> NDArray[np.int64]:
    """The likeliest part of each point, (N,) int64, in a mixture of Gaussians of one covariance; started from labels.

    Source: expectation maximisation with a tied covariance (Dempster, Laird and Rubin 1977), each point counting as
    often as its weight.

    Args:
        n_components: principal components in which the mixture is fitted.
    """
    with threadpool_limits(limits=1):
        inner = _principal(points, weights, n_components=n_components)
        share = np.eye(int(labels.max()) + 1)[labels]
        for _ in range(_ROUNDS):
            again = _responsibilities(inner, weights, share=share)
            change = float(np.abs(again - share).max())
            share = again
            if change < _SETTLED:
                break
    parts: NDArray[np.int64] = share.argmax(axis=1)
    return parts


def _nearest(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    squared = (centres**2).sum(axis=1) - 2 * points @ centres.T  # but for what is the same for all centres
    nearest: NDArray[np.int64] = squared.argmin(axis=1)
    return nearest


def _principal(points: NDArray[np.float64], weights: NDArray[np.float64], *, n_components: int) -> NDArray[np.float64]:
    """The points on the directions in which they vary most. (N, D) -> (N, C)."""
    centred = points - np.average(points, axis=0, weights=weights)
    covariance = (centred * weights[:, None]).T @ centred
    directions = np.linalg.eigh(covariance)[1][:, ::-1]
    inner: NDArray[np.float64] = centred @ directions[:, :n_components]
    return inner


def _responsibilities(
    points: NDArray[np.float64], weights: NDArray[np.float64], *, share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """One round: parts from the shares of each point, and new shares from the parts. (N, K) -> (N, K)."""
    weighted = share * weights[:, None]
    sizes = np.maximum(weighted.sum(axis=0), _LEAST)
    means = (weighted.T @ points) / sizes[:, None]
    n_columns = points.shape[1]
    covariance = (points * weights[:, None]).T @ points - (means * sizes[:, None]).T @ means
    covariance /= max(float(weights.sum()), _LEAST)
    covariance += (_RIDGE * np.trace(covariance) / n_columns + _LEAST) * np.eye(n_columns)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    white, white_means = points @ whiten.T, means @ whiten.T
    logs = np.log(sizes / sizes.sum()) + white @ white_means.T - 0.5 * (white_means**2).sum(axis=1)
    logs -= logs.max(axis=1, keepdims=True)
    again: NDArray[np.float64] = np.exp(logs)
    again /= again.sum(axis=1, keepdims=True)
    return again
