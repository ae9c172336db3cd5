"""AVSBench's semantic scores, as released and with their slips mended."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avsseg.evaluation.family_a import Floats, f_score


class ClassScores:
    """Sums of per-frame IoU and F of each class; a class counts in a frame where it is met.

    One stray pixel of a wrong class therefore adds a frame of IoU 0 to that class.
    """

    def __init__(self, num_classes: int) -> None:
        self.iou_sum = np.zeros(num_classes)
        self.f_sum = np.zeros(num_classes)
        self.count = np.zeros(num_classes, np.int64)

    def add(self, predicted: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
        """Adds one frame and returns its IoU and F of every class, NaN where it is not met.

        Shapes:
            predicted, truth (H, W) class indices -> (K,), (K,)
        """
        iou, f = frame_class_scores(predicted, truth, num_classes=len(self.count))
        met = ~np.isnan(iou)
        self.iou_sum[met] += iou[met]
        self.f_sum[met] += f[met]
        self.count += met
        return iou, f

    def iou(self) -> Floats:
        """Mean IoU of each class over the frames it is met in, 0 for one never met (AVSBench).

        Shapes:
            -> (K,)
        """
        return self.iou_sum / np.maximum(self.count, 1)

    def f(self) -> Floats:
        """Mean F-score (beta squared 0.3) of each class, as :meth:`iou`.

        Shapes:
            -> (K,)
        """
        return self.f_sum / np.maximum(self.count, 1)


def frame_class_scores(
    predicted: ArrayLike, truth: ArrayLike, *, num_classes: int
) -> tuple[Floats, Floats]:
    """IoU and F-score of each class in one frame, NaN for a class in neither map.

    Shapes:
        predicted, truth (H, W) class indices below K -> (K,), (K,)
    """
    ours, theirs = np.asarray(predicted).ravel(), np.asarray(truth).ravel()
    area, true = _areas(ours, num_classes), _areas(theirs, num_classes)
    hits = _areas(ours[ours == theirs], num_classes)
    union = area + true - hits
    met = union > 0
    iou = np.where(met, hits / np.maximum(union, 1), np.nan)
    f = f_score(hits / np.maximum(area, 1), hits / np.maximum(true, 1))
    return iou, np.where(met, f, np.nan)


def _areas(labels: NDArray[np.integer], num_classes: int) -> Floats:
    return np.bincount(labels, minlength=num_classes).astype(np.float64)
