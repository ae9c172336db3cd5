"""Paint for 4:2:0 pictures: colours in a frame's own matrix and range, laid on by coverage."""

from functools import lru_cache

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from avsseg.media.colour import matrix_of, range_of
from avsseg.media.planes import Plane, plane_view

Rgb = tuple[int, int, int]
Ink = tuple[int, int, int]

# Weights of red and blue in the luma of each matrix.
_WEIGHTS = {
    Colorspace.ITU709: (0.2126, 0.0722),
    Colorspace.ITU601: (0.299, 0.114),
    Colorspace.FCC: (0.30, 0.11),
    Colorspace.SMPTE240M: (0.212, 0.087),
    Colorspace.BT2020: (0.2627, 0.0593),
}


def mix_ink(rgb: Rgb, frame: av.VideoFrame) -> Ink:
    """The Y, Cb and Cr by which ``frame``, in its own matrix and range, shows an RGB colour."""
    return _mixed(rgb, matrix_of(frame), range_of(frame))


@lru_cache(maxsize=64)
def _mixed(rgb: Rgb, matrix: Colorspace, values: ColorRange) -> Ink:
    red_weight, blue_weight = _WEIGHTS[matrix]
    red, green, blue = (part / 255 for part in rgb)
    luma = red_weight * red + (1 - red_weight - blue_weight) * green + blue_weight * blue
    blueness = (blue - luma) / (2 * (1 - blue_weight))
    redness = (red - luma) / (2 * (1 - red_weight))
    if values == ColorRange.JPEG:
        offset, luma_span, chroma_span = 0, 255, 255
    else:
        offset, luma_span, chroma_span = 16, 219, 224
    y = offset + luma_span * luma
    cb, cr = (128 + chroma_span * part for part in (blueness, redness))
    return _byte(y), _byte(cb), _byte(cr)


def paint(canvas: av.VideoFrame, ink: Ink, coverage: Plane, *, top: int = 0, left: int = 0) -> None:
    """Lays ``ink`` on a 4:2:0 canvas, as thickly as ``coverage`` says.

    Shapes:
        coverage (h, w) uint8, 0 leaves and 255 covers; its first pixel lies at (top, left),
        which must be even, and all of it on the canvas
    """
    paint_luma(canvas, ink[0], coverage, top=top, left=left)
    paint_chroma(canvas, ink[1:], coverage, top=top, left=left)


def paint_luma(
    canvas: av.VideoFrame, value: int, coverage: Plane, *, top: int = 0, left: int = 0
) -> None:
    """As ``paint``, for brightness only."""
    height, width = coverage.shape
    _blend(plane_view(canvas, 0)[top : top + height, left : left + width], value, coverage)


def paint_chroma(
    canvas: av.VideoFrame,
    values: tuple[int, int],
    coverage: Plane,
    *,
    top: int = 0,
    left: int = 0,
) -> None:
    """As ``paint``, for colour only."""
    half = halve(coverage)
    height, width = half.shape
    rows, columns = slice(top // 2, top // 2 + height), slice(left // 2, left // 2 + width)
    for index, value in enumerate(values, start=1):
        _blend(plane_view(canvas, index)[rows, columns], value, half)


def halve(plane: Plane) -> Plane:
    """The mean of each 2 x 2 block; an odd last row or column is averaged with itself.

    Shapes:
        (H, W) uint8 -> (ceil(H / 2), ceil(W / 2)) uint8
    """
    height, width = plane.shape
    if height % 2 or width % 2:
        plane = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    rows = plane[::2].astype(np.uint16) + plane[1::2]
    mean: Plane = ((rows[:, ::2] + rows[:, 1::2] + 2) >> 2).astype(np.uint8)
    return mean


def fade_to(canvas: av.VideoFrame, other: av.VideoFrame, coverage: Plane, *, top: int = 0) -> None:
    """Fades full rows of ``canvas``, from an even one on, towards another picture of its size.

    Shapes:
        coverage (h, W) uint8, 0 keeps the canvas and 255 takes the other
    """
    half = halve(coverage)
    for index, (thick, start) in enumerate(((coverage, top), (half, top // 2), (half, top // 2))):
        rows = slice(start, start + thick.shape[0])
        _blend(plane_view(canvas, index)[rows], plane_view(other, index)[rows], thick)


def _blend(plane: Plane, value: int | Plane, coverage: Plane) -> None:
    """Moves ``plane`` towards ``value`` by 128ths, which keeps every product within 16 bits."""
    weight = ((coverage >> 1) + (coverage >> 7)).astype(np.int16)
    step = np.subtract(value, plane, dtype=np.int16)
    step *= weight
    step += 64
    step >>= 7
    plane += step.astype(np.uint8)


def _byte(value: float) -> int:
    return min(255, max(0, round(value)))
