"""What one way of asking a network scores, kept up while frames pass by."""

import numpy as np

from avsseg.evaluation.family_a import Bools, Floats, frame_iou
from avsseg.evaluation.metrics import ANY_MASK
from avsseg.evaluation.network import Soft
from avsseg.evaluation.report import Value
from avsseg.evaluation.running import RunningMean


class MaskScores:
    """IoU where something sounds, masked area where nothing does, and the loss against another.

    ``gap`` is the mean IoU of the reference on the same frames minus the own one: how much this
    way of asking costs.
    """

    def __init__(self) -> None:
        self._miou, self._sounding, self._gap = RunningMean(), RunningMean(), RunningMean()
        self._area, self._any = RunningMean(), RunningMean()
        self._silent_area, self._silent_any = RunningMean(), RunningMean()

    def add(self, soft: Soft, truth: Bools, reference: Soft) -> None:
        """Adds the labelled frames of one clip.

        Shapes:
            soft, truth, reference (N, H, W)
        """
        masks, sounding = soft > 0.5, truth.any(axis=(1, 2))
        iou, own = frame_iou(masks, truth), frame_iou(reference > 0.5, truth)
        area = masks.mean(axis=(1, 2))
        self._miou.add(iou)
        self._sounding.add(iou[sounding])
        self._gap.add((own - iou)[sounding])
        self._area.add(area)
        self._any.add(area > ANY_MASK)
        self._silent_area.add(area[~sounding])
        self._silent_any.add(area[~sounding] > ANY_MASK)

    def means(self) -> dict[str, Value]:
        """The scores by name; None where there was nothing to measure them on."""
        return {
            "miou": self._miou.mean(),
            "miou_sounding": self._sounding.mean(),
            "gap": self._gap.mean(),
            "area": self._area.mean(),
            "any": self._any.mean(),
            "silent_area": self._silent_area.mean(),
            "silent_any": self._silent_any.mean(),
            "frames": self._area.count,
        }


def object_iou(masks: Bools, truth: Bools) -> Floats:
    """Plain IoU of each frame; 1 where both are empty.

    Shapes:
        masks, truth (..., H, W) -> (...,)
    """
    union = np.count_nonzero(masks | truth, axis=(-2, -1))
    hits = np.count_nonzero(masks & truth, axis=(-2, -1))
    return np.where(union > 0, hits / np.maximum(union, 1), 1.0)
