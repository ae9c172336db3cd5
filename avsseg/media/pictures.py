"""What becomes of a decoded picture: small RGB for the network, or full size for the viewer."""

from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.media.colour import to_rgb, to_yuv420p
from avsseg.media.hdr import SdrMapper
from avsseg.media.orientation import upright
from avsseg.media.probe import VideoInfo


class SmallPictures:
    """Makes upright SDR pictures of one size; a picture that stands still is made once.

    Shapes:
        frame -> (H, W, 3) uint8 RGB
    """

    def __init__(self, info: VideoInfo, size: tuple[int, int]) -> None:
        self._size, self._orientation = size, info.orientation
        self._sdr = SdrMapper() if info.colour.hdr else None
        self._last: tuple[Any, NDArray[np.uint8]] | None = None

    def __call__(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """The small picture of a frame."""
        if self._last is None or self._last[0] is not frame:
            sdr = frame if self._sdr is None else self._sdr(frame)
            self._last = frame, to_rgb(sdr, self._size, self._orientation)
        return self._last[1]


class FullPictures:
    """Makes upright SDR yuv420p frames of the film's own size."""

    def __init__(self, info: VideoInfo) -> None:
        self._orientation = info.orientation
        self._stored = info.size[::-1] if info.orientation.swaps_sides else info.size
        self._sdr = SdrMapper() if info.colour.hdr else None

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The full picture of a frame, its timestamps kept."""
        sdr = frame if self._sdr is None else self._sdr(frame)
        return upright(to_yuv420p(sdr, self._stored), self._orientation)
