"""Frames that show or carry a mask itself: black and white, soft grey, or as transparency."""

import av
import numpy as np

from avsseg.media.coverage import level_of, translate
from avsseg.media.planes import carry_labels, plane_view
from avsseg.media.upsample import Levels

_BLACK, _WHITE, _GREY = 16, 235, 128
_BT709, _LIMITED = 1, 1
_MATTE = np.rint(np.linspace(_BLACK, _WHITE, 256)).astype(np.uint8).tobytes()


def mask_frame(levels: Levels, like: av.VideoFrame, *, threshold: float = 0.5) -> av.VideoFrame:
    """A 4:2:0 frame, white where the mask is at least ``threshold``, with the time of ``like``.

    Shapes:
        levels (H, W) uint8
    """
    rises = level_of(threshold)
    return _grey(levels, like, bytes([_BLACK] * rises + [_WHITE] * (256 - rises)))


def matte_frame(levels: Levels, like: av.VideoFrame) -> av.VideoFrame:
    """A 4:2:0 frame, the whiter the more probable, with the time of ``like``.

    Shapes:
        levels (H, W) uint8
    """
    return _grey(levels, like, _MATTE)


def alpha_frame(frame: av.VideoFrame, levels: Levels) -> av.VideoFrame:
    """An 8-bit 4:2:0 frame with its mask as its (straight) transparency.

    Shapes:
        levels (H, W) uint8: 0 is transparent, 255 opaque
    """
    cut = av.VideoFrame(frame.width, frame.height, "yuva420p")
    for index in range(3):
        np.copyto(plane_view(cut, index), plane_view(frame, index))
    np.copyto(plane_view(cut, 3), levels)
    return carry_labels(frame, cut)


def _grey(levels: Levels, like: av.VideoFrame, table: bytes) -> av.VideoFrame:
    frame = carry_labels(like, av.VideoFrame(like.width, like.height, "yuv420p"))
    np.copyto(plane_view(frame, 0), translate(levels, table))
    for index in (1, 2):
        plane_view(frame, index)[:] = _GREY
    frame.colorspace = frame.color_primaries = frame.color_trc = _BT709
    frame.color_range = _LIMITED
    return frame
