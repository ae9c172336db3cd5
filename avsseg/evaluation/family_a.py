"""Family A, the metrics of AVSBench: per-frame IoU and the F-score at the best threshold."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BETA_SQUARED = 0.3
"""Weight of recall against precision in every F-score of the field."""

NUM_THRESHOLDS = 255


def _linspace_float32(count: int) -> NDArray[np.float32]:
    # As torch.linspace(0, 1 - 1e-10, count) does: each half counts from its own end in float32.
    step = np.float64(np.float32(1) / np.float32(count - 1))
    index = np.arange(count)
    values = np.where(index < count // 2, step * index, 1 - step * (count - 1 - index))
    return values.astype(np.float32)


THRESHOLDS = _linspace_float32(NUM_THRESHOLDS)
"""The 255 thresholds of AVSBench; in float32 the last one is exactly 1."""


def frame_iou(masks: ArrayLike, truths: ArrayLike) -> Floats:
    """Intersection over union of each frame, by AVSBench's rule for empty truths.

    Where the truth is empty the background is scored instead: the share of pixels left empty.

    Shapes:
        masks, truths (N, H, W) bool -> (N,)
    """
    mask, truth = np.asarray(masks, bool), np.asarray(truths, bool)
    intersection, union = _count(mask & truth), _count(mask | truth)
    pixels = mask.shape[-2] * mask.shape[-1]
    empty = _count(truth) == 0
    intersection = np.where(empty, pixels - _count(mask), intersection)
    union = np.where(empty, pixels, union)
    return np.asarray(intersection / (union + 1e-7), np.float64)


def mean_iou(probabilities: ArrayLike, truths: ArrayLike) -> float:
    """M_J of one batch: the mean over its frames, masks being what exceeds one half.

    Shapes:
        probabilities (N, H, W) float32 in [0, 1], truths (N, H, W) bool
    """
    return float(frame_iou(np.asarray(probabilities) > 0.5, truths).mean())


def threshold_counts(values: ArrayLike) -> NDArray[np.int64]:
    """How many of the values reach each threshold; equals ``(values >= t).sum()`` for all 255.

    Shapes:
        values: any shape, float32 in [0, 1] -> (255,)
    """
    flat = np.asarray(values, np.float32).ravel()
    # The scaled value is off by at most one step: compare with the true threshold to mend it.
    step = (flat * (NUM_THRESHOLDS - 1)).astype(np.intp)
    step -= THRESHOLDS[step] > flat
    above = np.minimum(step + 1, NUM_THRESHOLDS - 1)
    step += (above > step) & (THRESHOLDS[above] <= flat)
    reached = np.bincount(step, minlength=NUM_THRESHOLDS)
    return reached[::-1].cumsum()[::-1]


def precision_recall(probabilities: ArrayLike, truth: ArrayLike) -> tuple[Floats, Floats]:
    """Precision and recall of one frame at each of the 255 thresholds.

    Shapes:
        probabilities (H, W) float32 in [0, 1], truth (H, W) bool -> (255,), (255,)
    """
    soft, true = np.asarray(probabilities, np.float32), np.asarray(truth, bool)
    hits = threshold_counts(soft[true])
    return hits / (threshold_counts(soft) + 1e-20), hits / (np.count_nonzero(true) + 1e-20)


def f_score(precision: ArrayLike, recall: ArrayLike) -> Floats:
    """Weighted harmonic mean of precision and recall (beta squared 0.3), 0 where both are 0."""
    p, r = np.asarray(precision, np.float64), np.asarray(recall, np.float64)
    below = BETA_SQUARED * p + r
    return np.divide((1 + BETA_SQUARED) * p * r, below, out=np.zeros_like(below), where=below > 0)


def f_measure(probabilities: ArrayLike, truths: ArrayLike, *, batch_frames: int) -> float:
    """M_F over consecutive batches: the best point of each batch's mean curve, then their mean.

    Frames with an empty truth are left out; a batch of nothing else counts as 0. The value
    depends on the batch size, which AVSBench takes from its test loader.

    Shapes:
        probabilities (N, H, W) float32 in [0, 1], truths (N, H, W) bool
    """
    soft, true = np.asarray(probabilities), np.asarray(truths, bool)
    starts = range(0, len(soft), batch_frames)
    batches = [(soft[s : s + batch_frames], true[s : s + batch_frames]) for s in starts]
    return float(np.mean([_best_f(*batch) for batch in batches]))


def _best_f(soft: NDArray[np.float32], true: Bools) -> float:
    curves = [f_score(*precision_recall(p, t)) for p, t in zip(soft, true, strict=True) if t.any()]
    return float(np.mean(curves, axis=0).max()) if curves else 0.0


def _count(masks: Bools) -> NDArray[np.int64]:
    return np.asarray(np.count_nonzero(masks, axis=(-2, -1)))
