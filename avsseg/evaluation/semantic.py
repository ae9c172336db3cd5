"""Every score of class maps (AVSS) in one pass."""

import numpy as np
from numpy.typing import ArrayLike

from avsseg.evaluation.avss import ClassScores
from avsseg.evaluation.family_b import Confusion
from avsseg.evaluation.report import Report, Row, Value


class SemanticMetrics:
    """Scores of class maps against class maps, clip by clip; class 0 is the background.

    The main scores leave padded frames out and drop class 0 for ``no_background``. The
    ``legacy`` ones are AVSBench's as released: padded frames count as perfect background, and
    "no background" drops the last class.
    """

    def __init__(self, num_classes: int = 71) -> None:
        self._fixed = ClassScores(num_classes)
        self._legacy = ClassScores(num_classes)
        self._confusion = Confusion(num_classes)
        self._rows: list[Row] = []
        self._frames = 0

    def add(
        self, name: str, predicted: ArrayLike, truths: ArrayLike, *, padding: int = 0, category: str
    ) -> Row:
        """Scores the real frames of one clip and returns its row of the report.

        ``padding`` is the number of frames that AVSBench adds to reach T = 10.

        Shapes:
            predicted, truths (N, H, W) class indices
        """
        ours, theirs = np.asarray(predicted), np.asarray(truths)
        scores = [self._fixed.add(p, t) for p, t in zip(ours, theirs, strict=True)]
        empty = np.zeros((padding, *theirs.shape[1:]), theirs.dtype)
        for p, t in zip([*ours, *empty], [*theirs, *empty], strict=True):
            self._legacy.add(p, t)
        self._confusion.add(ours, theirs)
        self._frames += len(theirs)
        row: dict[str, Value] = {
            "name": name,
            "category": category,
            "miou": float(np.mean([np.nanmean(iou) for iou, _ in scores])),
            "f": float(np.mean([np.nanmean(f) for _, f in scores])),
            "frames": len(theirs),
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
        iou, f = self._fixed.iou(), self._fixed.f()
        old_iou, old_f = self._legacy.iou(), self._legacy.f()
        means = {
            "miou": iou.mean(),
            "f": f.mean(),
            "j_and_f": (iou.mean() + f.mean()) / 2,
            "miou_no_background": iou[1:].mean(),
            "f_no_background": f[1:].mean(),
            "miou_legacy": old_iou.mean(),
            "f_legacy": old_f.mean(),
            "miou_legacy_no_last": old_iou[:-1].mean(),
            "f_legacy_no_last": old_f[:-1].mean(),
            "miou_dataset": np.nanmean(self._confusion.iou()),
            "f_dataset": np.nanmean(self._confusion.f()),
        }
        counts: dict[str, Value] = {"videos": len(self._rows), "frames": self._frames}
        curves = {"iou": tuple(map(float, iou)), "f": tuple(map(float, f))}
        floats = {name: float(value) for name, value in means.items()}
        return Report(means={**floats, **counts}, videos=tuple(self._rows), curves=curves)
