"""How well the outline of a mask fits, in pixels rather than in area."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avsseg.evaluation.family_a import Bools


def boundary_f(mask: ArrayLike, truth: ArrayLike, *, tolerance: float = 0.02) -> float:
    """F1 of two outlines that may lie ``tolerance`` picture diagonals apart (Perazzi et al., 2016).

    Two empty outlines agree (1); an empty one against a real one does not (0).

    Shapes:
        mask, truth (H, W) bool
    """
    ours, theirs = outline(np.asarray(mask, bool)), outline(np.asarray(truth, bool))
    if not ours.any() or not theirs.any():
        return float(ours.any() == theirs.any())
    radius = math.ceil(tolerance * math.hypot(*ours.shape))
    precision = _share_within(ours, theirs, radius)
    recall = _share_within(theirs, ours, radius)
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def outline(mask: Bools) -> Bools:
    """The pixels of a mask that touch its outside by an edge; the picture's border is no outside.

    Shapes:
        (H, W) bool -> (H, W) bool
    """
    padded = np.pad(mask, 1, mode="edge")
    inside = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inside


def _share_within(points: Bools, targets: Bools, radius: int) -> float:
    """Share of the points that have a target within ``radius`` pixels (Euclidean)."""
    gap = np.pad(_vertical_gap(targets), ((0, 0), (radius, radius)), constant_values=radius + 1)
    rows, columns = np.nonzero(points)
    offsets = np.arange(-radius, radius + 1)
    squared = gap[rows[:, None], columns[:, None] + offsets + radius] ** 2 + offsets**2
    return float((squared.min(axis=1) <= radius**2).mean())


def _vertical_gap(targets: Bools) -> NDArray[np.int64]:
    """Rows from each pixel to the nearest target in its own column, capped at H + W."""
    height, width = targets.shape
    row = np.arange(height)[:, None]
    far = height + width
    above = np.maximum.accumulate(np.where(targets, row, -far), axis=0)
    below = np.minimum.accumulate(np.where(targets, row, far + height)[::-1], axis=0)[::-1]
    gap: NDArray[np.int64] = np.minimum(np.minimum(row - above, below - row), far)
    return gap
