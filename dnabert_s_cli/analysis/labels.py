"""Rows of each label of a clustering."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def rows_by_label(labels: NDArray[np.int64], n_labels: int = 0) -> list[NDArray[np.int64]]:
    """Rows that have each label from 0, rising; those below 0 are left out.

    Args:
        labels: (N,).
        n_labels: length of the result at least; labels that no row has get an empty array.
    """
    order = np.argsort(labels, kind="stable")
    order = order[np.searchsorted(labels[order], 0) :]
    sizes = np.bincount(labels[order], minlength=n_labels)
    return np.split(order, np.cumsum(sizes)[:-1]) if len(sizes) else []
