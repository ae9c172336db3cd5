"""Means that are kept up while values pass by."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avsseg.evaluation.family_a import (
    NUM_THRESHOLDS,
    THRESHOLDS,
    Bools,
    Floats,
    f_score,
    precision_recall,
)


class RunningMean:
    """The mean of every value seen so far."""

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0.0

    def add(self, values: ArrayLike) -> float | None:
        """Adds some values and returns their own mean, None if there are none.

        Shapes:
            values (N,)
        """
        seen = np.asarray(values, np.float64)
        self.count += seen.size
        self._sum += float(seen.sum())
        return float(seen.mean()) if seen.size else None

    def mean(self) -> float | None:
        """The mean of all values, None before the first."""
        return self._sum / self.count if self.count else None


class BatchMeans:
    """AVSBench's means over batches: each batch counts alike, however short and however silent."""

    def __init__(self, metric_batch: int) -> None:
        self._size = metric_batch
        self._open: list[tuple[Floats, Floats]] = []
        self._miou, self._f = RunningMean(), RunningMean()

    def add(self, iou: Floats, curves: Floats) -> float:
        """Adds a clip and returns the F it has as a batch of its own.

        Shapes:
            iou (N,) of all frames, curves (M, 255) of those with a truth
        """
        self._open.append((iou, curves))
        if len(self._open) == self._size:
            self._close()
        return _best(curves)

    def means(self) -> tuple[float, float]:
        """M_J and M_F of all clips; closes the last batch, full or not."""
        if self._open:
            self._close()
        return self._miou.mean() or 0.0, self._f.mean() or 0.0

    def _close(self) -> None:
        iou, curves = (np.concatenate(parts) for parts in zip(*self._open, strict=True))
        self._miou.add([iou.mean()])
        self._f.add([_best(curves)])
        self._open = []


class MeanCurves:
    """Mean precision, recall and F at each threshold, over the frames with a truth."""

    def __init__(self) -> None:
        self._frames = 0
        self._sums = np.zeros((3, NUM_THRESHOLDS))

    def add(self, soft: NDArray[np.float32], true: Bools) -> Floats:
        """Adds frames and returns the F curve of each.

        Shapes:
            soft, true (N, H, W) -> (N, 255)
        """
        pairs = [precision_recall(p, t) for p, t in zip(soft, true, strict=True)]
        precision, recall = np.reshape(pairs, (-1, 2, NUM_THRESHOLDS)).swapaxes(0, 1)
        curves = f_score(precision, recall)
        self._sums += [precision.sum(axis=0), recall.sum(axis=0), curves.sum(axis=0)]
        self._frames += len(curves)
        return curves

    def best_f(self) -> float | None:
        """The best point of the mean F curve: one threshold for the whole set."""
        return float(self._sums[2].max() / self._frames) if self._frames else None

    def named(self) -> dict[str, tuple[float, ...]]:
        """The mean curves by name, for a precision-recall plot."""
        rows = (THRESHOLDS, *(self._sums / max(self._frames, 1)))
        names = ("threshold", "precision", "recall", "f")
        return {n: tuple(map(float, row)) for n, row in zip(names, rows, strict=True)}


def _best(curves: Floats) -> float:
    return float(curves.mean(axis=0).max()) if len(curves) else 0.0
