"""The one place of colour: matrix, range and high dynamic range, and the one resizer."""

from dataclasses import dataclass

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from numpy.typing import NDArray

from avsseg.media.orientation import UPRIGHT, Orientation

# FFmpeg's numbers for the tags that are told apart here.
RGB, BT709, BT2020 = 0, 1, 9
PQ, HLG = 16, 18
FULL = 2
HD_LINES = 720

# Plain bilinear widens its kernel when it shrinks, so it does not alias; FAST_BILINEAR would.
RESIZER = int(
    Interpolation.BILINEAR
    | Interpolation.ACCURATE_RND
    | Interpolation.BITEXACT
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.FULL_CHR_H_INP
)
_MATRICES = {
    BT709: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    BT2020: Colorspace.BT2020,
    10: Colorspace.BT2020,
}


@dataclass(frozen=True, kw_only=True)
class ColourTags:
    """What a stream says of its colours, in FFmpeg's numbers (2: unspecified; range 0: so too)."""

    matrix: int
    range: int
    transfer: int
    primaries: int

    @property
    def hdr(self) -> str | None:
        """The high dynamic range transfer, "PQ" or "HLG", or None."""
        return {PQ: "PQ", HLG: "HLG"}.get(self.transfer)


def tags_of(frame: av.VideoFrame) -> ColourTags:
    """The colour tags of a frame."""
    return ColourTags(
        matrix=int(frame.colorspace),
        range=int(frame.color_range),
        transfer=int(frame.color_trc),
        primaries=int(frame.color_primaries),
    )


def matrix_of(frame: av.VideoFrame) -> Colorspace:
    """The YUV matrix of a frame: its tag, else BT.601 below 720 lines and BT.709 from there on.

    Lines are counted along the shorter side, so that turning a picture does not change it.
    """
    lines = min(frame.width, frame.height)
    untagged = Colorspace.ITU709 if lines >= HD_LINES else Colorspace.ITU601
    return _MATRICES.get(int(frame.colorspace), untagged)


def range_of(frame: av.VideoFrame) -> ColorRange:
    """The value range of a frame: its format or tag, else limited for YUV and full for RGB."""
    full = frame.format.name.startswith("yuvj") or frame.format.is_rgb
    if full or frame.format.name.startswith(("gray", "pal", "mono")):
        return ColorRange.JPEG
    return ColorRange.JPEG if frame.color_range == FULL else ColorRange.MPEG


def to_rgb(
    frame: av.VideoFrame, size: tuple[int, int], orientation: Orientation = UPRIGHT
) -> NDArray[np.uint8]:
    """An upright RGB picture of the given (width, height) from a decoded frame.

    Shapes:
        frame of any pixel format -> (H, W, 3) uint8 RGB, full range
    """
    width, height = reversed(size) if orientation.swaps_sides else size
    rgb = frame.reformat(
        width=width,
        height=height,
        format="rgb24",
        src_colorspace=matrix_of(frame),
        src_color_range=range_of(frame),
        dst_color_range=ColorRange.JPEG,
        interpolation=RESIZER,
        threads=1,
    )
    return np.ascontiguousarray(orientation.turn(rgb.to_ndarray()))


def resize_rgb(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture at another (width, height), by the resizer that films go through.

    Shapes:
        (H, W, 3) uint8 RGB -> (H', W', 3) uint8 RGB
    """
    width, height = size
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    resized = frame.reformat(width=width, height=height, interpolation=RESIZER, threads=1)
    return np.asarray(resized.to_ndarray(), np.uint8)


def to_yuv420p(frame: av.VideoFrame, size: tuple[int, int] | None = None) -> av.VideoFrame:
    """The frame as 8-bit yuv420p in its own matrix and range, timestamps and tags kept.

    RGB sources get a matrix by their number of lines, limited range, and the tags that say so.
    """
    is_rgb = bool(frame.format.is_rgb) or int(frame.colorspace) == RGB
    matrix, values = matrix_of(frame), range_of(frame)
    width, height = size or (frame.width, frame.height)
    return frame.reformat(
        width=width,
        height=height,
        format="yuv420p",
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=values,
        dst_color_range=ColorRange.MPEG if is_rgb else values,
        interpolation=RESIZER,
        threads=1,
    )
