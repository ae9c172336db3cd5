"""Family B: one confusion table over the whole dataset (CAVP, CPM, DDESeg and others).

Never to be compared with family A: the same weights score about 10 points more here.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avsseg.evaluation.family_a import BETA_SQUARED, Floats


class Confusion:
    """Pixel counts of truth against prediction, summed over every frame that was added."""

    def __init__(self, num_classes: int = 2) -> None:
        self.num_classes = num_classes
        self.table = np.zeros((num_classes, num_classes), np.int64)

    def add(self, predicted: ArrayLike, truth: ArrayLike) -> None:
        """Counts the pixels of some frames.

        Shapes:
            predicted, truth: any equal shape, bool or class indices below ``num_classes``
        """
        pairs = np.asarray(truth).astype(np.intp).ravel() * self.num_classes
        pairs += np.asarray(predicted).astype(np.intp).ravel()
        counts = np.bincount(pairs, minlength=self.num_classes**2)
        self.table += counts.reshape(self.num_classes, self.num_classes)

    def iou(self) -> Floats:
        """Sum of intersections over sum of unions of each class; NaN for a class never met.

        Shapes:
            -> (K,)
        """
        hits, predicted, true = self._sums()
        return _ratio(hits, predicted + true - hits)

    def f(self) -> Floats:
        """F-score (beta squared 0.3) of each class from its summed counts; NaN if never met.

        Shapes:
            -> (K,)
        """
        hits, predicted, true = self._sums()
        return _ratio((1 + BETA_SQUARED) * hits, BETA_SQUARED * true + predicted)

    def _sums(self) -> tuple[Floats, Floats, Floats]:
        table = self.table.astype(np.float64)
        return np.diag(table), table.sum(axis=0), table.sum(axis=1)


def _ratio(above: Floats, below: Floats) -> Floats:
    nothing: NDArray[np.float64] = np.full_like(below, np.nan)
    return np.divide(above, below, out=nothing, where=below > 0)
