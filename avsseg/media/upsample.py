"""From masks on the network's grid to maps of the frame's own size."""

from typing import Protocol

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from avsseg.media.blend import Mask
from avsseg.media.planes import plane_view

Levels = NDArray[np.uint8]
_SMALLEST_SCALED = 4  # libswscale reads past the edges of pictures with a side below this


class Upsampler(Protocol):
    """Brings a mask to the size of the picture that it belongs to.

    An edge-aware one uses the luma to follow the object's outline.
    """

    def __call__(self, mask: Mask, luma: NDArray[np.uint8]) -> Levels:
        """Probabilities in steps of 1/255.

        Shapes:
            mask (h, w) float32 in [0, 1], luma (H, W) uint8 -> (H, W) uint8
        """
        ...


class BilinearUpsampler:
    """Plain bilinear interpolation between the centres of the grid's cells."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, mask: Mask, luma: NDArray[np.uint8]) -> Levels:
        """See ``Upsampler``; of the luma only the size is used.

        Shapes:
            mask (h, w) float32 in [0, 1], luma (H, W) uint8 -> (H, W) uint8
        """
        grid = np.rint(mask * 255).astype(np.uint8)
        if grid.min() == grid.max():
            return np.full(luma.shape, grid.flat[0], np.uint8)
        height, width = luma.shape
        if min(grid.shape) < _SMALLEST_SCALED:
            picture = Image.fromarray(grid).resize((width, height), Image.Resampling.BILINEAR)
            return np.asarray(picture)
        small = av.VideoFrame.from_ndarray(np.ascontiguousarray(grid), format="gray")
        large = self._reformatter.reformat(
            small, width=width, height=height, interpolation=Interpolation.BILINEAR, threads=1
        )
        return plane_view(large)
