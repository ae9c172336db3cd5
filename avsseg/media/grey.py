"""Pictures in small and grey: enough to see where things have moved to."""

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.media.colour import resize_rgb, to_rgb

Grey = NDArray[np.uint8]

_SIZE = 64, 64


def grey_of(frame: av.VideoFrame) -> Grey:
    """The whole of an upright frame.

    Shapes:
        frame of any size -> (64, 64) uint8
    """
    return _mean(to_rgb(frame, _SIZE))


def grey_of_rgb(picture: NDArray[np.uint8]) -> Grey:
    """The whole of an RGB picture.

    Shapes:
        (H, W, 3) uint8 -> (64, 64) uint8
    """
    return _mean(resize_rgb(picture, _SIZE))


def _mean(rgb: NDArray[np.uint8]) -> Grey:
    grey: Grey = np.rint(rgb.mean(axis=-1, dtype=np.float32)).astype(np.uint8)
    return grey
