"""Every score of binary masks in one pass; memory does not grow with frames or pixels."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from avsseg.evaluation.boundary import boundary_f
from avsseg.evaluation.calibration import Reliability
from avsseg.evaluation.family_a import Bools, Floats, f_score, frame_iou
from avsseg.evaluation.family_b import Confusion
from avsseg.evaluation.report import Report, Row, Value
from avsseg.evaluation.running import BatchMeans, MeanCurves, RunningMean

ANY_MASK = 0.01
"""A silent frame counts as wrongly masked above this share of its pixels."""

_PER_FRAME = ("f_half", "miou_sounding", "boundary_f", "silent_area", "silent_any")


class BinaryMetrics:
    """Scores of soft masks against binary truths, clip by clip.

    ``metric_batch`` is the number of clips in a test batch of AVSBench's, on which its F depends.
    """

    def __init__(self, *, metric_batch: int = 1) -> None:
        self._batches = BatchMeans(metric_batch)
        self._curves = MeanCurves()
        self._confusion = Confusion()
        self._reliability = Reliability()
        self._means = {name: RunningMean() for name in _PER_FRAME}
        self._rows: list[Row] = []

    def add(
        self, name: str, probabilities: ArrayLike, truths: ArrayLike, *, category: str = ""
    ) -> Row:
        """Scores the labelled frames of one clip and returns its row of the report.

        Shapes:
            probabilities (N, H, W) float32 in [0, 1], truths (N, H, W) bool

        Raises:
            ValueError: if the shapes differ or a value is not a probability (logits, NaN).
        """
        soft, true = np.asarray(probabilities, np.float32), np.asarray(truths, bool)
        _check(name, soft, true)
        iou, sounding = frame_iou(soft > 0.5, true), true.any(axis=(1, 2))
        self._confusion.add(soft > 0.5, true)
        self._reliability.add(soft, true)
        row: dict[str, Value] = {
            "name": name,
            "category": category,
            "miou": float(iou.mean()),
            "f": self._batches.add(iou, self._curves.add(soft[sounding], true[sounding])),
            **self._add_frames(soft > 0.5, true, iou),
            "frames": len(true),
            "silent_frames": int((~sounding).sum()),
        }
        self._rows.append(row)
        return row

    def report(self) -> Report:
        """The scores of all clips.

        Raises:
            ValueError: if no clip was added.
        """
        if not self._rows:
            raise ValueError("no clip was added, so there is nothing to report")
        miou, f = self._batches.means()
        frames = {name: running.mean() for name, running in self._means.items()}
        silent = {name: frames.pop(name) for name in ("silent_area", "silent_any")}
        means: dict[str, Value] = {
            "miou": miou,
            "f": f,
            "j_and_f": (miou + f) / 2,
            "f_global": self._curves.best_f(),
            **frames,
            **_dataset_scores(self._confusion),
            **silent,
            "calibration_error": self._reliability.error(),
            "videos": len(self._rows),
            "frames": self._means["f_half"].count + self._means["silent_area"].count,
            "silent_frames": self._means["silent_area"].count,
        }
        return Report(means=means, videos=tuple(self._rows), curves=self._curves.named())

    def reliability(self) -> tuple[Floats, Floats]:
        """Mean stated probability and observed frequency, for a reliability diagram."""
        return self._reliability.curve()

    def _add_frames(self, masks: Bools, true: Bools, iou: Floats) -> dict[str, float | None]:
        sounding = true.any(axis=(1, 2))
        heard, truth = masks[sounding], true[sounding]
        area = masks[~sounding].mean(axis=(1, 2))
        outlines = [boundary_f(m, t) for m, t in zip(heard, truth, strict=True)]
        values = (_f_of_masks(heard, truth), iou[sounding], outlines, area, area > ANY_MASK)
        pairs = zip(_PER_FRAME, values, strict=True)
        return {name: self._means[name].add(value) for name, value in pairs}


def _dataset_scores(confusion: Confusion) -> dict[str, float | None]:
    iou, f = confusion.iou(), confusion.f()
    return {
        "miou_dataset": float(np.nanmean(iou)),
        "iou_dataset": None if np.isnan(iou[1]) else float(iou[1]),
        "f_dataset": float(np.nanmean(f)),
        "f_dataset_object": None if np.isnan(f[1]) else float(f[1]),
    }


def _f_of_masks(masks: Bools, true: Bools) -> Floats:
    hits = np.count_nonzero(masks & true, axis=(1, 2))
    area, size = np.count_nonzero(masks, axis=(1, 2)), np.count_nonzero(true, axis=(1, 2))
    return f_score(hits / np.maximum(area, 1), hits / np.maximum(size, 1))


def _check(name: str, soft: NDArray[np.float32], true: Bools) -> None:
    if soft.shape != true.shape or soft.ndim != 3 or not soft.size:
        shapes = f"{soft.shape} and {true.shape}"
        raise ValueError(f"{name}: masks and truths are {shapes}, not both (N, H, W)")
    if not (soft.min() >= 0 and soft.max() <= 1):
        raise ValueError(f"{name}: masks hold values outside [0, 1]; pass probabilities")
