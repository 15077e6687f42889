"""Long sequences to windows: the pieces of a sequence that a model sees at once.

A sequence no longer than a window stays whole. A longer one is cut into the smallest number of windows, all of
nearly the same length, so that no short tail weighs as much as a full window.
"""

from __future__ import annotations


def window_spans(length_bp: int, *, window_bp: int, overlap_bp: int) -> list[tuple[int, int]]:
    """Start and end of each window, in order; together they cover the sequence.

    Args:
        window_bp: longest window, in bases.
        overlap_bp: bases that neighbouring windows share; less than `window_bp`.
    """
    if not 0 <= overlap_bp < window_bp:
        raise ValueError(f"overlap_bp must be in [0, window_bp), got {overlap_bp} and {window_bp}")
    if length_bp <= window_bp:
        return [(0, length_bp)]
    n_windows = -(-(length_bp - overlap_bp) // (window_bp - overlap_bp))
    n_steps = length_bp - overlap_bp  # what the windows advance in all
    starts = [index * n_steps // n_windows for index in range(n_windows + 1)]
    return [(starts[index], starts[index + 1] + overlap_bp) for index in range(n_windows)]
