"""A grey picture under a map of heat: where the network doubts, or how sure it is."""

import av

from avsseg.media.coverage import bands, ramp, translate
from avsseg.media.ink import Rgb, mix_ink, paint, paint_chroma, paint_luma
from avsseg.media.planes import copy_frame
from avsseg.media.upsample import Levels

_STOPS: tuple[tuple[float, float, Rgb], ...] = (
    (0.02, 0.20, (70, 10, 110)),
    (0.15, 0.45, (200, 30, 70)),
    (0.40, 0.70, (250, 140, 20)),
    (0.70, 1.00, (255, 250, 150)),
)
_DARKNESS = 0.45


def heat_frame(frame: av.VideoFrame, levels: Levels) -> av.VideoFrame:
    """A copy of an 8-bit 4:2:0 frame in dim grey, from violet to pale yellow where it is hot.

    Shapes:
        levels (H, W) uint8: heat in steps of 1/255
    """
    canvas = copy_frame(frame)
    black = mix_ink((0, 0, 0), canvas)
    for band in bands(canvas.height):
        part = levels[band]
        everywhere = translate(part, bytes([255]) * 256)
        paint_chroma(canvas, (128, 128), everywhere, top=band.start)
        dimmed = translate(part, bytes([round(255 * _DARKNESS)]) * 256)
        paint_luma(canvas, black[0], dimmed, top=band.start)
        for low, high, colour in _STOPS:
            coverage = translate(part, ramp(low, high, top=0.9))
            paint(canvas, mix_ink(colour, canvas), coverage, top=band.start)
    return canvas
