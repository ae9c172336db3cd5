"""A mask in a few numbers, for tables and annotations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsseg.media.coverage import level_of
from avsseg.media.upsample import Levels

PixelBox = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class MaskFigures:
    """What a mask amounts to.

    Attributes:
        pixels: how many it covers.
        area: the share of the picture that it covers, in [0, 1].
        box: (x0, y0, x1, y1) in pixels around it, x1 and y1 just outside; None if it is empty.
        score: mean probability of its pixels, in [0, 1]; 0 if it is empty.
    """

    pixels: int
    area: float
    box: PixelBox | None
    score: float


def binary_mask(levels: Levels, threshold: float = 0.5) -> NDArray[np.bool_]:
    """Where the probability is at least ``threshold``, to 1/255.

    Shapes:
        levels (H, W) uint8 -> (H, W) bool
    """
    mask: NDArray[np.bool_] = levels >= level_of(threshold)
    return mask


def measure_mask(levels: Levels, threshold: float = 0.5) -> MaskFigures:
    """The figures of the mask that ``binary_mask`` gives.

    Shapes:
        levels (H, W) uint8: probabilities in steps of 1/255
    """
    mask = binary_mask(levels, threshold)
    pixels = int(np.count_nonzero(mask))
    if not pixels:
        return MaskFigures(pixels=0, area=0.0, box=None, score=0.0)
    total = int(levels.sum(where=mask, dtype=np.int64))
    return MaskFigures(
        pixels=pixels, area=pixels / mask.size, box=box_of(mask), score=total / pixels / 255
    )


def box_of(mask: NDArray[np.bool_]) -> PixelBox:
    """(x0, y0, x1, y1) around the pixels of a mask that is not empty.

    Shapes:
        mask (H, W)
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
